"""Points of presence: a metro area network's rooms in a facility."""

from peerhall.contract.marks import Schema, Sensitive
from peerhall.contract.vocabulary import (
    AvailabilityZoneId,
    DeviceId,
    FacilityId,
    Id,
    MetroAreaNetworkId,
    Text40,
)


class PointOfPresence(Schema):
    """Where members' cables meet the exchange's devices."""

    id: Id
    name: Text40
    facility: FacilityId
    metro_area_network: MetroAreaNetworkId
    devices: list[DeviceId]
    availability_zone: Sensitive[AvailabilityZoneId | None] = None
