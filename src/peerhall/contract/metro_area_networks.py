"""Metro area networks: one provider's switching platform in one metro area."""

from typing import Annotated

from annotated_types import MaxLen

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Id, MetroAreaId, PopId, Text, Text128


class MetroAreaNetwork(Schema):
    """The platform whose ports reach each other within a town."""

    id: Id
    name: Annotated[Text, MaxLen(32)]
    metro_area: MetroAreaId
    service_provider: Text128
    pops: list[PopId]
