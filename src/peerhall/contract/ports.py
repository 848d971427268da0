"""Ports: what the exchange has plugged a subscriber into; only the exchange makes them."""

from peerhall.contract.marks import ReadOnly
from peerhall.contract.members import Invoiced, Observed, Staffed
from peerhall.contract.vocabulary import ConnectionId, DeviceId, Id, Natural, PopId, Text, Text20, Text80


class Port(Observed, Invoiced, Staffed):
    """A port of a device; speed in Mbit/s, operational_state is that of the link."""

    id: Id
    name: ReadOnly[Text80 | None] = ""
    media_type: Text20
    speed: ReadOnly[Natural | None] = None
    operational_state: Text | None = None
    device: DeviceId
    pop: PopId
    connection: ConnectionId | None = None
