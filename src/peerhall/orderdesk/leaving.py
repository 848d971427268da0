"""What leaving comes to for anything that has a cancellation policy: its terms, its day, and what it is a part of."""

from datetime import date, timedelta
from typing import Final

from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import calendar_date
from peerhall.exchange.cancellation import Conditions, decide_cancellation, decide_following, find_last_day, quote
from peerhall.exchange.contract_terms import NO_TERMS, ContractTerms, Policy
from peerhall.exchange.lifecycle import Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Reason, Refusal, Refused, refuse_unknown
from peerhall.orderdesk.order import Order

WHOLE: Final[dict[str, tuple[str, str] | None]] = {
    "connections": None,
    "network-service-configs": ("network_service", "network-services"),
    "network-services": None,
    "port-reservations": ("connection", "connections"),
    "routing-functions": None,
}
"""The kinds that have a cancellation policy, and for parts the member and kind of the whole they end with."""


def read_policy(order: Order, kind: str, document: str, wished: str | None) -> Policy:
    """What a DELETE would come to, for those who see the object in full.

    Refuses a day that is none or cannot be had, with the earliest that can.
    """
    record = order.find_usable(kind, [document]).get(document)
    if record is None:
        refuse_unknown()
    conditions = find_conditions(order, record)
    if wished is None:
        return quote(record, None, conditions)
    try:
        return quote(record, date.fromisoformat(calendar_date(wished)), conditions)
    except ValueError as error:
        reason = str(error)
    except Refused as refused:
        reason = refused.refusal.faults[0].reason if refused.refusal.faults else refused.refusal.detail
    earliest = quote(record, None, conditions)
    raise Refused(
        Refusal(
            Reason.INVALID,
            "Please correct: decommission_at.",
            (Fault("decommission_at", reason),),
            earliest=(earliest.decommission_at.isoformat(), earliest.charged_until.isoformat()),
        )
    )


def end(order: Order, record: Record, wished: str | None) -> Record:
    """The record after a DELETE, saved; its parts and the network are up to the caller."""
    day = None if wished is None else date.fromisoformat(wished)
    return order.save(decide_cancellation(record, day, find_conditions(order, record)))


def end_with(order: Order, record: Record, whole: Record) -> Record:
    """A part after the end of the whole was decided; not saved yet."""
    return decide_following(record, whole, find_conditions(order, record))


def find_conditions(order: Order, record: Record) -> Conditions:
    """What the end of a record depends on. Kinds without a policy of their own leave when asked to."""
    today = order.rules.today(order.now)
    if record.kind not in WHOLE:
        return Conditions(today)
    named = WHOLE[record.kind]
    whole = order.get(named[1], record.body[named[0]]) if named else None
    latest = find_last_day(whole) if whole and phase_of(whole) is Phase.LEAVING else None
    # Ports are had under the terms of the connection they belong to.
    contract = whole if whole and record.kind == "port-reservations" else record
    offering = contract.body.get("product_offering")
    terms = ContractTerms.of(order.get("product-offerings", offering).body) if offering else NO_TERMS
    return Conditions(today, terms, timedelta(days=order.rules.disconnection_days), latest)
