"""What clients asked for and what they were told: the one side that the database is compared with."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Sent:
    """One order, however often it was sent."""

    sort: str
    """What the report calls it."""
    path: str
    requests: list[str] = field(default_factory=list)
    """The id of each request that was sent for it."""
    status: int = 0
    """Of the answer that settled it; 0 while there is none."""
    document: str = ""
    """What it made or changed."""
    refused: str = ""
    """Why it was refused, in a few words."""
    busy: int = 0
    """How often it was told to try again later."""
    cut: int = 0
    """How often the client hung up before it was answered."""

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201, 202)

    @property
    def makes(self) -> str:
        """The kind of thing it makes; empty when it changes or ends one."""
        return self.path[1:] if self.path.count("/") == 1 else ""


class Ledger:
    """Everything that all clients sent, and how long each answer took."""

    def __init__(self) -> None:
        self.orders: list[Sent] = []
        self.seconds: dict[str, list[float]] = {}
        """By sort, of orders and reads."""
        self.reads = 0
        self.wrong: list[str] = []
        """Answers that nobody should ever get."""
        self._requests = 0

    def open(self, sort: str, path: str) -> Sent:
        order = Sent(sort, path)
        self.orders.append(order)
        return order

    def next_request(self) -> str:
        """An id for a request, by which the journal knows it."""
        self._requests += 1
        return f"bench-{self._requests}"

    def time(self, sort: str, seconds: float) -> None:
        self.seconds.setdefault(sort, []).append(seconds)

    def start_timing_anew(self) -> None:
        """What was asked before is still to be there, but is not measured."""
        self.seconds.clear()
        self.reads = 0

    @property
    def accepted(self) -> int:
        return sum(order.accepted for order in self.orders)

    def refusals(self) -> Counter[str]:
        return Counter(order.refused for order in self.orders if order.refused)

    def unanswered(self) -> Iterator[Sent]:
        return (order for order in self.orders if not order.status)
