"""A subscriber's letter of authorisation comes in: it is kept, and the ports that waited for it go on."""

from typing import Final

from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, IN_PRODUCTION, Phase, phase_of
from peerhall.exchange.ordering.loas import is_issued_by_exchange
from peerhall.exchange.ordering.uploads import NotALetter, sniff_media_type, tidy_file_name
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_member
from peerhall.orderdesk import loas, port_reservations, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import loas as stored
from peerhall.store.loas import StoredFile

_WHOLE_BODY: Final = ""
"""Names no member: what is wrong is the document as such."""


def upload_for_connection(order: Order, document: str, content: bytes, file_name: str | None) -> Record:
    """Takes the letter that covers all ports of a connection."""
    connection = order.get_changeable("connections", document)
    return _take(order, connection, connection, content, file_name)


def upload_for_reservation(order: Order, document: str, content: bytes, file_name: str | None) -> Record:
    """Takes the letter for one port."""
    reservation, connection = port_reservations.lock(order, document)
    return _take(order, reservation, connection, content, file_name)


def _take(order: Order, record: Record, connection: Record, content: bytes, file_name: str | None) -> Record:
    offering = order.get("product-offerings", connection.body["product_offering"])
    if is_issued_by_exchange(connection, offering):
        refuse_member(
            _WHOLE_BODY,
            "With this offering you order the cross-connect, and the exchange issues the letter: download it.",
        )
    if phase_of(record) not in (*BEFORE_PRODUCTION, *IN_PRODUCTION):
        refuse_member(_WHOLE_BODY, f"It is {record.state}; nothing will be connected to it any more.")
    try:
        media_type = sniff_media_type(content)
    except NotALetter as error:
        refuse_member(_WHOLE_BODY, str(error))
    name = tidy_file_name(file_name, media_type, f"loa-{record.id}")
    stored.keep(order.connection, record.id, StoredFile(media_type, name, content), order.now)
    _go_on(order, connection)
    return order.latest(record)


def _go_on(order: Order, connection: Record) -> None:
    """Gives ports to those reservations that waited for nothing but the letter, once their connection has begun."""
    reservations = order.users(connection.id, "connection", "port-reservations", CHANGE_LOCK)
    if phase_of(connection) is not Phase.RESERVING:
        connection = loas.allocate_authorised(order, connection)
        order.settle_later(*order.users(connection.id, "connection", "ports"))
    for reservation in map(order.latest, reservations):
        if phase_of(reservation) in BEFORE_PRODUCTION:
            settling.describe(order, reservation)
    order.settle_later(settling.describe(order, connection))
