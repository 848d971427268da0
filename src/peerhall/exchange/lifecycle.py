"""How an order moves from `requested` to `archived`, and what holds it where it is.

Inside, an object is in one of ten phases that only move forward along MOVES, but for
a cancellation that is taken back. Outside, the standard's state is derived
from the phase and from what is in the way: `operator` when only the exchange can help, `error` when the network has
refused. When the obstacle is gone the state is derived again, so nothing needs to remember where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Self

from peerhall.exchange.records import Record
from peerhall.exchange.statuses import (
    Note,
    change_in_progress,
    manual_step,
    provisioning_delayed,
    provisioning_failed,
    test_failed,
)


class Phase(Enum):
    """Where an order is, as we see it."""

    RESERVING = "reserving"
    """Something is still missing."""
    BUILDING = "building"
    """All is reserved; the network is being configured."""
    TESTING = "testing"
    LIVE = "live"
    CHANGING = "changing"
    """Usable, with a change on its way into the network."""
    LEAVING = "leaving"
    """Usable until its day of disconnection."""
    REMOVING = "removing"
    """Its day has come; it is being taken out of the network."""
    GONE = "gone"
    CANCELLED = "cancelled"
    """Withdrawn before it was live; what is in the network is being taken out."""
    ARCHIVED = "archived"


MOVES: Final[dict[Phase, frozenset[Phase]]] = {
    Phase.RESERVING: frozenset({Phase.BUILDING, Phase.CANCELLED}),
    Phase.BUILDING: frozenset({Phase.TESTING, Phase.LIVE, Phase.CANCELLED}),
    Phase.TESTING: frozenset({Phase.LIVE, Phase.CANCELLED}),
    Phase.LIVE: frozenset({Phase.CHANGING, Phase.LEAVING}),
    Phase.CHANGING: frozenset({Phase.LIVE, Phase.CHANGING, Phase.LEAVING}),
    Phase.LEAVING: frozenset({Phase.REMOVING, Phase.LIVE}),
    Phase.REMOVING: frozenset({Phase.GONE}),
    Phase.GONE: frozenset({Phase.ARCHIVED}),
    Phase.CANCELLED: frozenset({Phase.ARCHIVED}),
    Phase.ARCHIVED: frozenset(),
}

_STATE: Final[dict[Phase, str]] = {
    Phase.RESERVING: "requested",
    Phase.BUILDING: "allocated",
    Phase.TESTING: "testing",
    Phase.LIVE: "production",
    Phase.CHANGING: "production_change_pending",
    Phase.LEAVING: "decommission_requested",
    Phase.REMOVING: "decommission_requested",
    Phase.GONE: "decommissioned",
    Phase.CANCELLED: "cancelled",
    Phase.ARCHIVED: "archived",
}

_SECRETS: Final = frozenset({"password", "l3_config", "cloud_config", "consuming_account"})
"""Members whose values are told to nobody but in the object itself: secrets, and accounts unknown to each other."""

BEFORE_PRODUCTION: Final = frozenset({Phase.RESERVING, Phase.BUILDING, Phase.TESTING})
IN_PRODUCTION: Final = frozenset({Phase.LIVE, Phase.CHANGING})
ENDING: Final = frozenset({Phase.LEAVING, Phase.REMOVING, Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED})
WANTED_IN_NETWORK: Final = frozenset({Phase.BUILDING, Phase.TESTING, Phase.LIVE, Phase.CHANGING, Phase.LEAVING})
LIVE_STATES: Final = frozenset(
    {
        "requested",
        "allocated",
        "testing",
        "production",
        "production_change_pending",
        "error",
        "operator",
        "scheduled",
    }
)
"""States of objects that are, or are to be, in use: neither leaving nor gone."""
USABLE_STATES: Final = frozenset({"production", "production_change_pending"})
CLOSED_STATES: Final = frozenset({"decommissioned", "archived"})
"""States of accounts in whose name nothing can be done any more."""


OURS: Final = "network"
"""The side of an object that is in the exchange's own network."""
PROVIDERS: Final = "provider"
"""The side of a cloud, or of a config on it, that is at the cloud provider."""


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of an object's part in the network; kept with the object, so that it survives a restart."""

    present: bool = False
    """Something of it is, or may be, in the network."""
    configured: bool = False
    """It is in the network as it should be."""
    tested: bool = False
    ticket: str | None = None
    """The task of the person who is at work on it."""
    fault: str | None = None
    """`transient`, `refused` or `broken`: how the last step failed."""
    reference: str | None = None
    """Where the exchange finds more about the fault."""
    findings: str | None = None
    """What a test found."""
    called: str | None = None
    """What it is called there, where that is not ours to say: the provider's reference of a circuit."""

    @classmethod
    def of(cls, record: Record, side: str = OURS) -> Self:
        return cls(**record.meta.get(side, {}))

    def joined(self, other: Self) -> Self:
        """What is known of both sides together: as good as the worse of them."""
        worse = self if self.fault is not None else other
        return replace(
            self,
            present=self.present or other.present,
            configured=self.configured and other.configured,
            ticket=self.ticket or other.ticket,
            fault=worse.fault,
            reference=worse.reference,
        )

    def describe(self) -> dict[str, Any] | None:
        """What is kept of it: only what is not the default."""
        default = Network()
        members = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in members.items() if value != getattr(default, name)} or None

    def notes(self) -> list[Note]:
        found = []
        if self.ticket is not None:
            found.append(manual_step(self.ticket))
        if self.findings is not None:
            found.append(test_failed(self.findings))
        if self.fault == "transient":
            found.append(provisioning_delayed(self.reference or ""))
        elif self.fault is not None:
            found.append(provisioning_failed(self.reference or ""))
        return found


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an order depends on at this moment."""

    missing: Sequence[Note] = ()
    """What keeps it from being reserved."""
    holding: Sequence[Note] = ()
    """What keeps it, configured, from being tested or used, or a change of it from being done."""
    tested: bool = False
    """Whether it goes through a test before production."""
    due: bool = False
    """Whether its day of disconnection has come."""
    remarks: Sequence[Note] = ()
    """What else there is to tell at present."""
    changes_at: datetime | None = None
    """When something of this changes by itself, which is a reason to look again."""


def phase_of(record: Record) -> Phase:
    """Where the object is; one that came from outside is where its state says."""
    stored = record.meta.get("phase")
    if stored is not None:
        return Phase(stored)
    return next((phase for phase, state in _STATE.items() if state == record.state), Phase.LIVE)


def decide_phase(phase: Phase, network: Network, circumstances: Circumstances) -> Phase:
    """Where the object is to be now: the furthest place that nothing keeps it from."""
    match phase:
        case Phase.RESERVING if not circumstances.missing:
            return Phase.BUILDING
        case Phase.BUILDING if network.configured and not circumstances.holding:
            return Phase.TESTING if circumstances.tested else Phase.LIVE
        case Phase.TESTING if network.tested:
            return Phase.LIVE
        case Phase.CHANGING if network.configured and not circumstances.holding:
            return Phase.LIVE
        case Phase.LEAVING if circumstances.due:
            return Phase.REMOVING
        case Phase.REMOVING if not network.present:
            return Phase.GONE
    return phase


def decide_state(phase: Phase, network: Network, circumstances: Circumstances) -> str:
    """The standard's word for where the object is."""
    if phase in BEFORE_PRODUCTION:
        if network.fault in ("refused", "broken"):
            return "error"
        if network.ticket is not None:
            return "operator"
    if phase is Phase.RESERVING and circumstances.missing and all(note.for_operator for note in circumstances.missing):
        return "operator"
    return _STATE[phase]


def decide_notes(phase: Phase, network: Network, circumstances: Circumstances) -> list[Note]:
    """What there is to tell about the object where it is now."""
    notes: list[Note] = []
    if phase is Phase.RESERVING:
        notes += circumstances.missing
    if phase is Phase.CHANGING or (phase is Phase.BUILDING and network.configured):
        notes += circumstances.holding
    if phase not in (Phase.GONE, Phase.ARCHIVED):
        notes += network.notes()
    return [*notes, *circumstances.remarks]


def with_phase(record: Record, phase: Phase) -> Record:
    """The record moved to a phase; a move that is not in MOVES is a mistake of ours, not of a client."""
    before = phase_of(record)
    if phase is not before and phase not in MOVES[before]:
        raise AssertionError(f"{record.kind} {record.id} cannot move from {before.value} to {phase.value}")
    if phase is not Phase.CHANGING:
        record = record.with_meta(changing=None)
    if before in WANTED_IN_NETWORK and phase not in WANTED_IN_NETWORK:
        # What the network does not take can be taken out all the same.
        record = with_another_try(record)
    return record.with_meta(phase=phase.value)


def with_change(before: Record, after: Record, members: Sequence[str]) -> Record:
    """The changed record: in production, the change of these members is pending until the network has taken it."""
    if not members or phase_of(before) not in IN_PRODUCTION:
        return after
    pending: dict[str, Any] = dict(before.meta.get("changing", {}))
    for member in members:
        first = pending.get(member, [before.body.get(member)])[0]
        pending[member] = [None, None] if member in _SECRETS else [first, after.body.get(member)]
    changing = with_phase(after, Phase.CHANGING).with_meta(changing=pending, change_refused=None)
    return changing.with_body(state="production_change_pending")


def list_pending(record: Record, phase: Phase) -> list[Note]:
    """A note for each member whose change is pending."""
    pending = record.meta.get("changing", {}) if phase is Phase.CHANGING else {}
    return [change_in_progress(member, *values) for member, values in pending.items()]


def with_network(record: Record, network: Network, side: str = OURS) -> Record:
    """The record with what is now known of its part in the network, on this side."""
    return record.with_meta(**{side: network.describe()})


def with_another_try(record: Record) -> Record:
    """The record without what is in its way in the network, so that the reconciler acts on it again."""
    for side in (OURS, PROVIDERS):
        known = Network.of(record, side)
        record = with_network(record, replace(known, fault=None, reference=None, findings=None, ticket=None), side)
    return record


def with_outdated(record: Record) -> Record:
    """The record after it was changed: what was known of it in the network is not about it as it is now."""
    for side in (OURS, PROVIDERS):
        record = with_network(record, outdated(Network.of(record, side)), side)
    return record


def outdated(network: Network) -> Network:
    """What is known of an object's part in the network once the object was changed."""
    return replace(network, configured=False, tested=False, ticket=None, fault=None, reference=None, findings=None)
