"""Leaving: what a DELETE makes of an order, and what it would make of it, depending on how far the order has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NoReturn

from peerhall.exchange.contract_terms import NO_TERMS, ContractTerms, Policy, decide_policy
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, ENDING, IN_PRODUCTION, Phase, phase_of, with_phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_member, refuse_too_early, refuse_unable

HARMLESS: Final = frozenset({"external_ref", "purchase_order", "contract_ref"})
"""Members that may change however near the end is."""

_WITHOUT_DATES: Final = frozenset({"network-feature-configs", "ports", "routing-functions"})
"""Kinds to which the standard gives no dates; theirs stand beside the document."""


_AT_ONCE: Final = frozenset({"network-feature-configs"})
"""Kinds that leave by themselves as soon as they are asked to; no day is waited for."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the end of something depends on, beside how far it has come."""

    today: date
    terms: ContractTerms = NO_TERMS
    lead: timedelta = timedelta(0)
    """The time it takes to disconnect what is in use."""
    latest: date | None = None
    """The day on which what it is a part of is disconnected."""


def quote(record: Record, wished: date | None, conditions: Conditions) -> Policy:
    """What a DELETE comes to now: at the earliest, or on the day wished for; what is leaving keeps its days.

    Refuses a day before the earliest, and one after the end of what it is a part of.
    """
    phase, today = phase_of(record), conditions.today
    stored = _find_stored(record)
    if phase in BEFORE_PRODUCTION:
        if wished is not None and wished < today:
            _refuse_too_early(wished, Policy(today, today))
        return Policy(today, today)
    if phase not in IN_PRODUCTION and (phase is not Phase.LEAVING or wished is None):
        return stored or Policy(today, today)
    earliest = today + conditions.lead if stored is None else min(today + conditions.lead, stored.decommission_at)
    if wished is not None and wished < earliest:
        _refuse_too_early(wished, _charge(record, earliest, conditions))
    day = wished or earliest
    if conditions.latest is not None and day > conditions.latest:
        refuse_member("decommission_at", f"is after {conditions.latest}, when what this is a part of is disconnected")
    return _charge(record, day, conditions)


def decide_cancellation(record: Record, wished: date | None, conditions: Conditions) -> Record:
    """The record after a DELETE: cancelled before production, leaving on a day, or archived when it was over.

    Refuses what `quote` refuses.
    """
    phase = phase_of(record)
    if phase in (Phase.GONE, Phase.CANCELLED):
        return _archive(record)
    policy = quote(record, wished, conditions)
    if phase in BEFORE_PRODUCTION:
        return _cancel(record)
    if phase in IN_PRODUCTION or (phase is Phase.LEAVING and wished is not None):
        return _leave(record, policy).with_meta(led=None)
    return record


def refuse_undo(record: Record, whole: Record | None, today: date) -> None:
    """Refuses to take back a cancellation that there is not, or whose day has come; or that of a part which could not
    stay, as `whole`, what it belongs to, leaves.
    """
    if phase_of(record) is Phase.REMOVING:
        refuse_unable("It is being taken out of the network already.")
    if phase_of(record) is not Phase.LEAVING:
        refuse_unable(f"It is {record.state}; only what is decommission_requested can be taken back.")
    if "led" in record.meta:
        refuse_unable("It leaves with what it is a part of; take that cancellation back.")
    if whole is not None and phase_of(whole) in ENDING:
        refuse_unable(f"What it is a part of is {whole.state}; take that cancellation back first.")
    day = find_last_day(record)
    if record.kind not in _AT_ONCE and (day is None or day <= today):
        refuse_unable(f"Its day, {day}, has come: it is being taken out of the network.")


def stay(record: Record) -> Record:
    """What was leaving, in production again; nothing is left of its end."""
    days = {name: None for name in ("decommission_at", "charged_until") if name in record.body}
    record = with_phase(record, Phase.LIVE).with_meta(decommission_at=None, charged_until=None, led=None)
    return record.with_body(state="production", **days)


def decide_following(record: Record, whole: Record, conditions: Conditions) -> Record:
    """A part after the whole was cancelled, given its last day, or archived: it ends with it, charged by its own terms.

    A part that was to leave earlier than the whole still does.
    """
    phase, leading = phase_of(record), phase_of(whole)
    if leading is Phase.ARCHIVED and phase in (Phase.GONE, Phase.CANCELLED):
        return _archive(record)
    if leading not in (Phase.CANCELLED, Phase.LEAVING):
        return record
    if phase in BEFORE_PRODUCTION:
        return _cancel(record).with_meta(led=True)
    leaving, ends = _find_stored(record), _find_stored(whole)
    on_its_own = leaving is not None and ends is not None and leaving.decommission_at <= ends.decommission_at
    if phase not in (*IN_PRODUCTION, Phase.LEAVING) or (on_its_own and "led" not in record.meta):
        return record
    if leading is Phase.CANCELLED or ends is None:
        # A port can be in use before its connection is: of a cancelled one it leaves at once, and for nothing.
        return _leave(record, Policy(conditions.today, conditions.today)).with_meta(led=True)
    return _leave(record, _charge(record, ends.decommission_at, conditions)).with_meta(led=True)


def refuse_change_of_ending(record: Record, changes: Mapping[str, Any]) -> None:
    """Refuses changes of what is leaving or gone, but for references."""
    ended = phase_of(record) not in (*BEFORE_PRODUCTION, *IN_PRODUCTION)
    if ended and changes.keys() - HARMLESS:
        refuse_unable(f"It is {record.state} and can no longer be changed, except for {', '.join(sorted(HARMLESS))}.")


def charge_from(record: Record, day: date) -> Record:
    """The record charged from its first day in production on, where it was not yet.

    Terms are counted from that day, also when `current_billing_start_date` moves on.
    """
    if record.body.get("current_billing_start_date") is not None:
        return record
    return record.with_body(current_billing_start_date=day.isoformat()).with_meta(charged_since=day.isoformat())


def find_last_day(record: Record) -> date | None:
    """When the record is to be, or was, disconnected."""
    day = record.body.get("decommission_at") or record.meta.get("decommission_at")
    return date.fromisoformat(day) if day else None


def is_due(record: Record, today: date) -> bool:
    """Whether the day of its disconnection has come."""
    day = find_last_day(record)
    return phase_of(record) in (Phase.LEAVING, Phase.REMOVING) and (day is None or day <= today)


def _charge(record: Record, day: date, conditions: Conditions) -> Policy:
    """Leaving on that day. What was never charged is not charged for leaving, and notice once given stands."""
    start = record.meta.get("charged_since") or record.body.get("current_billing_start_date")
    if start is None:
        return Policy(day, day)
    try:
        policy = decide_policy(conditions.terms, date.fromisoformat(start), conditions.today, day)
    except OverflowError:
        refuse_member("decommission_at", "is too late: no term of the contract ends after it")
    stored = _find_stored(record)
    if stored is not None and day <= stored.charged_until:
        return Policy(day, min(policy.charged_until, stored.charged_until))
    return policy


def _find_stored(record: Record) -> Policy | None:
    """What was decided about its end, if anything was."""
    day = find_last_day(record)
    if day is None:
        return None
    until = record.body.get("charged_until") or record.meta.get("charged_until")
    return Policy(day, date.fromisoformat(until) if until else day)


def _refuse_too_early(wished: date, earliest: Policy) -> NoReturn:
    first, until = earliest.decommission_at.isoformat(), earliest.charged_until.isoformat()
    refuse_too_early(f"{wished} is too early; the earliest day is {first}, charged until {until}.", first, until)


def _cancel(record: Record) -> Record:
    return with_phase(record, Phase.CANCELLED).with_body(state="cancelled")


def _leave(record: Record, policy: Policy) -> Record:
    days = {
        "decommission_at": policy.decommission_at.isoformat(),
        "charged_until": policy.charged_until.isoformat(),
    }
    leaving = with_phase(record, Phase.LEAVING).with_body(state="decommission_requested")
    return leaving.with_meta(**days) if record.kind in _WITHOUT_DATES else leaving.with_body(**days)


def _archive(record: Record) -> Record:
    return with_phase(record, Phase.ARCHIVED).with_body(state="archived", status=[])
