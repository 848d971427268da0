"""Letters of authorisation: who writes them, where one is waited for, and how long one of the exchange's is good."""

from dataclasses import dataclass
from datetime import date, timedelta

from peerhall.exchange.records import Record


@dataclass(frozen=True, slots=True)
class Validity:
    """The first and the last day of a letter."""

    issued: date
    expires: date


def decide_validity(first_issued: date, today: date, days: int) -> Validity:
    """The days of the letter that is good today: one that has run out is issued anew the day after."""
    age = max((today - first_issued).days, 0)
    issued = first_issued + timedelta(days=age // (days + 1) * (days + 1))
    return Validity(issued, issued + timedelta(days=days))


def is_issued_by_exchange(connection: Record, offering: Record) -> bool:
    """Whether the subscriber orders the cross-connect, and so needs a letter from the exchange."""
    initiator = connection.meta.get("cross_connect_initiator") or offering.body.get("cross_connect_initiator")
    return initiator != "exchange"


def is_demanded(connection: Record, offering: Record) -> bool:
    """Whether the exchange waits for the subscriber's letter before it connects anything."""
    return bool(offering.meta.get("loa_required")) and not is_issued_by_exchange(connection, offering)
