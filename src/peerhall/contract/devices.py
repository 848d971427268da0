"""Devices: the exchange's switches and what their ports can do."""

from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from peerhall.contract.marks import Maybe, ReadOnly, Schema
from peerhall.contract.vocabulary import FacilityId, Id, Integer, PopId, Text, Text20


class DeviceCapability(Schema):
    """Ports of one speed (Mbit/s) and medium; availability counts the free ones."""

    media_type: ReadOnly[Maybe[Text20]] = None
    speed: ReadOnly[Maybe[Integer]] = None
    max_lag: ReadOnly[Maybe[Annotated[int, Ge(0), Le(32767)]]] = None
    availability: ReadOnly[Maybe[Annotated[int, Ge(0), Le(2147483647)]]] = None


class Device(Schema):
    """A switch in a point of presence."""

    id: Id
    name: Annotated[Text, MaxLen(180)]
    pop: PopId
    capabilities: Maybe[list[DeviceCapability]] = None
    facility: ReadOnly[Maybe[FacilityId]] = None
