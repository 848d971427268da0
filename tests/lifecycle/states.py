"""States move along the standard's table only; the change feed tells each move, to those whom it concerns."""

from typing import Any

from tests.lifecycle.exchange import PLAYERS
from tests.lifecycle.picture import Picture
from tests.lifecycle.stage import OPERATOR, Stage

STATEFUL = (
    "accounts",
    "connections",
    "network-feature-configs",
    "network-service-configs",
    "network-services",
    "port-reservations",
    "ports",
    "routing-functions",
)

_BEFORE = {"requested", "allocated", "testing", "error", "operator"}

MOVES: dict[str | None, set[str]] = {
    None: {"requested", "operator", "allocated"},
    "requested": {"allocated", "testing", "production", "error", "operator", "cancelled"},
    "allocated": {"testing", "production", "error", "operator", "cancelled"},
    "testing": {"production", "error", "operator", "allocated", "cancelled"},
    "error": {"requested", "allocated", "testing", "production", "operator", "cancelled"},
    "operator": {"requested", "allocated", "testing", "production", "error", "cancelled"},
    "production": {"production_change_pending", "decommission_requested"},
    "production_change_pending": {"production", "decommission_requested"},
    "decommission_requested": {"decommissioned", "production"},
    "decommissioned": {"archived"},
    "cancelled": {"archived"},
    "archived": set(),
}
"""Where an order may go from where it is, as one transaction leaves it. Back into production: only by undo."""

ACCOUNT_MOVES: dict[str | None, set[str]] = {
    None: {"requested", "production"},
    "requested": {"production", "decommissioned"},
    "production": {"requested", "decommissioned"},
    "decommissioned": {"archived"},
    "archived": set(),
}

Event = dict[str, Any]


class Follower:
    """Reads the change feed as the operator, who is told everything, and checks each change."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cursor = ""
        self.events: list[Event] = []
        self._last: dict[str, tuple[int, str]] = {}
        """Serial and state of the last event of each object."""

    def check(self, picture: Picture, *, undone: bool) -> None:
        """That all is told that has happened since, and could happen; `undone`: a cancellation was taken back."""
        for event in self._poll():
            self._check_event(event, undone=undone)
        for kind in STATEFUL:
            for document in picture.of(kind):
                told = self._last.get(document.id, (0, None))[1]
                assert told == document.state, f"{kind} {document.id} is {document.state}, the feed says {told}"

    def check_players(self, picture: Picture) -> None:
        """That each account was told exactly what concerns it, in the same order."""
        for account in PLAYERS:
            told = read_events(self._stage, account)[0]
            due = [
                each
                for each in self.events
                if (document := picture.documents.get(each["resource_id"])) is not None
                and (
                    picture.owns(account, document)
                    or (document.kind == "network-services" and document["type"] == "exchange_lan")
                    or document["joining_member_account"] in picture.tree(account)
                )
            ]
            assert told == due, f"{account} was told {_besides(told, due)} too much, and {_besides(due, told)} not"

    def _poll(self) -> list[Event]:
        found, self._cursor = read_events(self._stage, OPERATOR, self._cursor)
        self.events += found
        return found

    def _check_event(self, event: Event, *, undone: bool) -> None:
        document, kind = event["resource_id"], event["resource_type"]
        serial, state = self._last.get(document, (0, None))
        assert event["serial"] == serial + 1, f"event {event['serial']} of {kind} {document} follows {serial}"
        assert event["previous_state"] == state, f"{kind} {document} was {state}, not {event['previous_state']}"
        new = event["state"]
        moves = ACCOUNT_MOVES if kind == "accounts" else MOVES
        back = state == "decommission_requested" and new == "production"
        imported = state is None and document in ("lan", "exchange", "member", "rival", "reseller", "customer")
        assert new == state or imported or new in moves[state], f"{kind} {document} went from {state} to {new}"
        assert undone or not back, f"{kind} {document} is back in production, and nobody took anything back"
        self._last[document] = event["serial"], new


def _besides(these: list[Event], those: list[Event]) -> list[Event]:
    return [each for each in these if each not in those]


def read_events(stage: Stage, who: str, cursor: str = "") -> tuple[list[Event], str]:
    """All events after a cursor that somebody may see now, and the cursor to go on from."""
    events: list[Event] = []
    while True:
        after = f"&after={cursor}" if cursor else ""
        answer = stage.read(who, f"{stage.site.origin}/api/ext/change-feed/v1/events?wait=0{after}")
        if not answer["events"]:
            return events, cursor
        events += answer["events"]
        cursor = answer["cursor"]
