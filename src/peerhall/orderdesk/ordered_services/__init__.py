"""What is special about each type of network service that members order: a module per sort.

`network_services` does what all of them have in common. What is special about configs on them is in `services`.
"""

from typing import Final, Protocol

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.ordered_services import circuits, clouds, groups


class OrderedType(Protocol):
    """What such a module has."""

    def check(self, order: Order, faults: Faults, body: Body, offering: Record | None, current: Record | None) -> None:
        """Whether everything beside parties and offering is in order; `current` is locked.

        `offering` is None when it is no good, which was told already.
        """

    def draw_up(self, order: Order, service: Record, offering: Record) -> Record:
        """A new service with what it has, and holds, beside what was asked for."""

    def move(self, order: Order, before: Record, after: Record, offering: Record) -> Record:
        """A changed service, whose configs follow it. `offering` is the one it now has."""

    def list_missing(self, order: Order, service: Record) -> list[Note]:
        """What keeps a service from being reserved."""

    def list_holding(self, order: Order, service: Record, phase: Phase) -> list[Note]:
        """What keeps a reserved one from being in production, or a changed one from being as it should."""

    def list_remarks(self, order: Order, service: Record, phase: Phase) -> list[Note]:
        """What else there is to tell about a service."""


ORDERED: Final[dict[str, OrderedType]] = {
    "p2p_vc": circuits,
    "p2mp_vc": groups,
    "mp2mp_vc": groups,
    "cloud_vc": clouds,
}
"""The types that members can order."""
