"""Metro areas: the towns an exchange serves."""

from typing import Annotated

from annotated_types import MaxLen

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import FacilityId, Id, MetroAreaNetworkId, Text


class MetroArea(Schema):
    """A town, by its UN/LOCODE and IATA code."""

    id: Id
    un_locode: Annotated[Text, MaxLen(6)]
    iata_code: Annotated[Text, MaxLen(3)]
    display_name: Annotated[Text, MaxLen(64)]
    facilities: list[FacilityId]
    metro_area_networks: list[MetroAreaNetworkId]
