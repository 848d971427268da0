"""Leaving: what a DELETE makes of an order, depending on how far it has come."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from peerhall.exchange.catalogue import has_contract_terms
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, IN_PRODUCTION, Phase, phase_of, with_phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_too_early, refuse_unable

HARMLESS: Final = frozenset({"external_ref", "purchase_order", "contract_ref"})
"""Members that may change however near the end is."""


def decide_cancellation(record: Record, wished: str | None, today: date, offering: Mapping[str, Any] | None) -> Record:
    """The record after a DELETE: cancelled before production, leaving on a day, or archived when it was over.

    Without contract terms the day is the wished one, by default today, and nothing is charged beyond it. Refuses a day
    that is past and, for now, anything in production under contract terms.
    """
    phase = phase_of(record)
    if phase in BEFORE_PRODUCTION:
        return with_phase(record, Phase.CANCELLED).with_body(state="cancelled")
    if phase in IN_PRODUCTION or phase is Phase.LEAVING:
        if offering is not None and has_contract_terms(dict(offering)):
            refuse_unable("This product has contract terms; please ask the exchange to cancel it for you.")
        day = _choose_day(record if phase is Phase.LEAVING else None, wished, today)
        return with_phase(record, Phase.LEAVING).with_body(
            state="decommission_requested", decommission_at=day, charged_until=day
        )
    if phase in (Phase.GONE, Phase.CANCELLED):
        return with_phase(record, Phase.ARCHIVED).with_body(state="archived", status=[])
    return record


def refuse_change_of_ending(record: Record, changes: Mapping[str, Any]) -> None:
    """Refuses changes of what is leaving or gone, but for references."""
    ended = phase_of(record) not in (*BEFORE_PRODUCTION, *IN_PRODUCTION)
    if ended and changes.keys() - HARMLESS:
        refuse_unable(f"It is {record.state} and can no longer be changed, except for {', '.join(sorted(HARMLESS))}.")


def _choose_day(leaving: Record | None, wished: str | None, today: date) -> str:
    if wished is None:
        # Feature configs, to which the standard gives no dates, have theirs in meta.
        return str({**leaving.meta, **leaving.body}["decommission_at"]) if leaving is not None else today.isoformat()
    if wished < today.isoformat():
        refuse_too_early(
            f"{wished} is past; the earliest day is {today.isoformat()}.", today.isoformat(), today.isoformat()
        )
    return wished
