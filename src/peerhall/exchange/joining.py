"""Who may join a group (p2mp_vc, mp2mp_vc), and with how much capacity: its owner's rules, an account at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

GROUPS: Final = frozenset({"p2mp_vc", "mp2mp_vc"})
"""The types of service that accounts join by rule."""


class Standing(Enum):
    """How an account stands to a group."""

    OWNER = "owner"
    """It manages or uses the service itself; no rule is about it."""
    ALLOWED = "allowed"
    """A rule lets it in."""
    OPEN = "open"
    """The group is public, and no rule is about it."""
    DENIED = "denied"
    """A rule keeps it out."""
    UNINVITED = "uninvited"
    """The group is private, and no rule lets it in."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an account may join, and between which capacities (Mbit/s; None is no limit)."""

    standing: Standing
    capacity_min: int | None = None
    capacity_max: int | None = None

    @property
    def granted(self) -> bool:
        return self.standing in (Standing.OWNER, Standing.ALLOWED, Standing.OPEN)


def list_owners(service: Record) -> set[str | None]:
    """The accounts that need no rule to join."""
    return {service.managing_account, service.consuming_account}


def decide_joining(service: Record, account: str | None, rules: Sequence[Record]) -> Admission:
    """How an account may join: its owner always, else a deny rule wins, then an allow rule, then being public.

    `rules` are all of the service. A rule is about the account it names, not about those below it.
    """
    if account in list_owners(service):
        return Admission(Standing.OWNER)
    about = {rule.type: rule for rule in rules if rule.consuming_account == account}
    if "deny" in about:
        return Admission(Standing.DENIED)
    if "allow" in about:
        limits = about["allow"].body
        return Admission(Standing.ALLOWED, limits.get("capacity_min"), limits.get("capacity_max"))
    return Admission(Standing.OPEN if service.body.get("public") else Standing.UNINVITED)


def check_limits(faults: Faults, rule: Record) -> None:
    """Whether there is a capacity that an allow rule lets an account join with."""
    least, most = rule.body.get("capacity_min"), rule.body.get("capacity_max")
    if least is not None and most is not None and least > most:
        faults.add("capacity_min", f"is more than the capacity_max of {most} Mbit/s")


def check_joining_capacity(faults: Faults, capacity: int | None, admission: Admission) -> None:
    """Whether an account asks for the least it has to join with; null is as much as there may be."""
    least = admission.capacity_min
    if least is not None and capacity is not None and capacity < least:
        faults.add("capacity", f"must be at least {least} Mbit/s by the joining rule for the account")


def limit_capacity(before: Record | None, after: Record, admission: Admission, possible: int | None) -> Record:
    """The config with no more capacity than its joining rule lets it have, remembering what was asked for.

    `possible` (Mbit/s) is the most that offering and connection let it have; None where that is unlimited.
    Where the account could not join any more, the capacity stays as it is.
    """
    if not admission.granted:
        return after
    asked = after.body.get("capacity")
    if before is not None and asked == before.body.get("capacity"):
        asked = (before.meta.get("limited") or before.meta.get("cut") or {"asked": asked})["asked"]
    if asked is not None and possible is not None:
        asked = min(asked, possible)
    most = admission.capacity_max
    wanted = asked if asked is not None else possible
    if most is None or (wanted is not None and wanted <= most):
        return after.with_body(capacity=asked).with_meta(limited=None)
    return after.with_body(capacity=most).with_meta(limited={"asked": asked, "capacity_max": most})
