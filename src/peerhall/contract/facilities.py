"""Facilities: the data centres an exchange is present in."""

from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Id, MetroAreaId, PopId, Text, Text2, Text80


class Facility(Schema):
    """A building with an address; latitude and longitude in degrees (WGS 84)."""

    id: Id
    name: Text80
    metro_area: MetroAreaId
    address_country: Text2
    address_locality: Text80
    address_region: Text80
    postal_code: Annotated[Text, MaxLen(18)]
    street_address: Text80
    peeringdb_facility_id: Annotated[int, Ge(0), Le(2147483647)] | None = None
    organisation_name: Text80
    pops: list[PopId]
    latitude: float | None = None
    longitude: float | None = None
