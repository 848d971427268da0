"""Letters of authorisation at the counter: which ports wait for one, and the one that is good now.

One on a connection covers all its port reservations; one on a reservation that alone.
"""

from datetime import date

from peerhall.exchange.lifecycle import Phase, phase_of
from peerhall.exchange.ordering.loas import Validity, decide_validity, is_demanded
from peerhall.exchange.records import Record
from peerhall.orderdesk import ports
from peerhall.orderdesk.order import Order
from peerhall.store import loas


def is_waited_for(order: Order, connection: Record, offering: Record) -> bool:
    """Whether a connection cannot begin for want of a letter: one of its ports with a letter is enough to begin."""
    return is_demanded(connection, offering) and not _list_authorised(order, connection)


def waits_for_one(order: Order, reservation: Record) -> bool:
    """Whether this reservation gets no port for want of a letter."""
    connection = order.get("connections", reservation.body["connection"])
    offering = order.get("product-offerings", connection.body["product_offering"])
    if not is_demanded(connection, offering):
        return False
    return not loas.list_present(order.connection, [connection.id, reservation.id])


def allocate_authorised(order: Order, connection: Record) -> Record:
    """Gives every reservation its port that waits for nothing else; returns the connection, which has them now too.

    The connection is locked.
    """
    offering = order.get("product-offerings", connection.body["product_offering"])
    if is_demanded(connection, offering):
        authorised = _list_authorised(order, connection)
    else:
        authorised = _list_waiting(order, connection)
    for reservation in authorised:
        connection = ports.allocate(order, reservation, connection)
    return connection


def find_validity(order: Order, reservation: Record) -> Validity:
    """The days of the exchange's letter for a reservation that has its port.

    Those that came from outside are taken to have had theirs since they are billed.
    """
    today = order.rules.today(order.now)
    first = reservation.meta.get("loa_issued_on") or reservation.body.get("current_billing_start_date")
    return decide_validity(date.fromisoformat(first) if first else today, today, order.rules.loa_valid_days)


def _list_authorised(order: Order, connection: Record) -> list[Record]:
    waiting = _list_waiting(order, connection)
    present = loas.list_present(order.connection, [connection.id, *(each.id for each in waiting)])
    return [each for each in waiting if not present.isdisjoint((connection.id, each.id))]


def _list_waiting(order: Order, connection: Record) -> list[Record]:
    return [
        each
        for each in order.users(connection.id, "connection", "port-reservations")
        if each.body["port"] is None and phase_of(each) is Phase.RESERVING
    ]
