"""The closed list of reasons for which an order is turned down; how HTTP words them is decided in `api.problems`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn

from peerhall.contract.validation import MOST_FAULTS, Fault


class Reason(Enum):
    """Why something is refused."""

    INVALID = "invalid"
    """Members of the request are wrong; `faults` names them."""
    UNFULFILLABLE = "unfulfillable"
    """The request is well-formed, but the exchange cannot do it."""
    DENIED = "denied"
    """The caller may see the object, but not do this to it."""
    UNKNOWN = "unknown"
    """There is no such object, as far as the caller may know."""
    IN_USE = "in_use"
    """Others depend on the object; `conflicts` names them."""
    TOO_EARLY = "too_early"
    """The wished day of disconnection cannot be had; `earliest` tells which can."""
    KEY_REUSED = "key_reused"
    """The idempotency key was used for another request, or its request is still being worked on."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An object in the way: the one that uses, the member it does so through, and the one that is used."""

    resource_type: str
    resource_id: str
    resource_property: str | None
    remote_resource_type: str
    remote_resource_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, a sentence that the client may read, and what it is about."""

    reason: Reason
    detail: str
    faults: tuple[Fault, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    earliest: tuple[str, str] | None = None
    """First possible decommission_at, and the charged_until that goes with it."""

    def describe(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "reason": self.reason.value,
            "detail": self.detail,
            **({"properties": [fault._asdict() for fault in self.faults]} if self.faults else {}),
        }


class Refused(Exception):
    """Ends an order; nothing of it is kept but the line in the journal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


@dataclass(slots=True)
class Faults:
    """Collects what is wrong with a request, so that all of it is told at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, name: str, reason: str) -> None:
        self.found.append(Fault(name, reason))

    def refuse_if_any(self) -> None:
        if self.found:
            raise Refused(invalid(*self.found))


def invalid(*faults: Fault) -> Refusal:
    """Tells everything that is wrong with a request, up to the first hundred mistakes."""
    told = faults[:MOST_FAULTS]
    names = ", ".join(dict.fromkeys(fault.name for fault in told if fault.name))
    detail = f"Please correct: {names}." if names else "; ".join(fault.reason for fault in told)
    if len(faults) > MOST_FAULTS:
        detail += f" There is more of this; these are the first {MOST_FAULTS}."
    return Refusal(Reason.INVALID, detail, told)


def refuse_member(name: str, reason: str) -> NoReturn:
    """Refuses for one member's sake."""
    raise Refused(invalid(Fault(name, reason)))


def refuse_unable(detail: str, conflicts: Sequence[Conflict] = ()) -> NoReturn:
    raise Refused(Refusal(Reason.UNFULFILLABLE, detail, conflicts=tuple(conflicts)))


def refuse_denied(detail: str) -> NoReturn:
    raise Refused(Refusal(Reason.DENIED, detail))


def refuse_unknown(detail: str = "There is no such object.") -> NoReturn:
    raise Refused(Refusal(Reason.UNKNOWN, detail))


def refuse_in_use(detail: str, conflicts: Sequence[Conflict]) -> NoReturn:
    raise Refused(Refusal(Reason.IN_USE, detail, conflicts=tuple(conflicts)))


def refuse_too_early(detail: str, decommission_at: str, charged_until: str) -> NoReturn:
    raise Refused(Refusal(Reason.TOO_EARLY, detail, earliest=(decommission_at, charged_until)))
