"""The letter of authorisation that is good now: the subscriber's as it was uploaded, or what the exchange's says."""

from typing import Final

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, IN_PRODUCTION, phase_of
from peerhall.exchange.ordering.loas import is_issued_by_exchange
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unknown
from peerhall.orderdesk import loas
from peerhall.orderdesk.letters import Letter, LetterPort, Party
from peerhall.orderdesk.order import Order
from peerhall.store import loas as stored
from peerhall.store.loas import StoredFile

_LONGEST: Final = 200
"""Characters of a text of a client's that a letter has room for."""


def find_for_connection(order: Order, document: str) -> StoredFile | Letter:
    """The letter for all ports of a connection. Refuses what the caller does not see, and when there is none."""
    connection = _find(order, "connections", document)
    if not _is_issued_by_exchange(order, connection):
        return stored.find(order.connection, connection.id) or refuse_unknown(
            "No letter has been uploaded for the connection; its port reservations may have one each."
        )
    reservations = order.users(connection.id, "connection", "port-reservations")
    return _write(order, connection, connection, reservations)


def find_for_reservation(order: Order, document: str) -> StoredFile | Letter:
    """The letter for one port: its own, or the one that covers all of its connection."""
    reservation = _find(order, "port-reservations", document)
    connection = order.get("connections", reservation.body["connection"])
    if not _is_issued_by_exchange(order, connection):
        return stored.find(order.connection, reservation.id, connection.id) or refuse_unknown(
            "No letter has been uploaded for this port, nor for its connection."
        )
    return _write(order, reservation, connection, [reservation])


def _find(order: Order, kind: str, document: str) -> Record:
    found = order.find_usable(kind, [document]).get(document)
    return found or refuse_unknown()


def _is_issued_by_exchange(order: Order, connection: Record) -> bool:
    return is_issued_by_exchange(connection, order.get("product-offerings", connection.body["product_offering"]))


def _write(order: Order, subject: Record, connection: Record, reservations: list[Record]) -> Letter:
    """The exchange's letter for those of the reservations that have their port and keep it."""
    covered = [
        each for each in reservations if each.body["port"] and phase_of(each) in (*BEFORE_PRODUCTION, *IN_PRODUCTION)
    ]
    if not covered:
        refuse_unknown("There is no letter: no port is allocated, or it is on its way out.")
    validities = [loas.find_validity(order, each) for each in covered]
    exchange = order.get("accounts", order.rules.account)
    subscriber = order.get("accounts", str(connection.consuming_account))
    return Letter(
        subject=subject.id,
        connection=connection.id,
        connection_name=connection.body["name"],
        exchange=_party(exchange),
        subscriber=_party(subscriber),
        issued=max(each.issued for each in validities),
        expires=min(each.expires for each in validities),
        ports=tuple(_port(order, each) for each in covered),
    )


def _party(account: Record) -> Party:
    address: Body = account.body.get("address") or {}
    box = address.get("post_office_box_number")
    lines = (
        address.get("street_address"),
        f"PO box {box}" if box else None,
        " ".join(filter(None, (address.get("postal_code"), address.get("locality")))),
        address.get("region"),
        address.get("country"),
    )
    name, legal_name = account.body["name"], account.body.get("legal_name")
    return Party(legal_name or name, name, tuple(line for line in lines if line))


def _port(order: Order, reservation: Record) -> LetterPort:
    port = order.get("ports", reservation.body["port"])
    device = order.get("devices", port.body["device"])
    pop = order.get("pops", port.body["pop"])
    facility = order.get("facilities", pop.body["facility"])
    members = ("street_address", "postal_code", "address_locality", "address_country")
    return LetterPort(
        reservation=reservation.id,
        port=port.id,
        facility=facility.body["name"],
        operator=facility.body["organisation_name"],
        address=", ".join(str(facility.body[member]) for member in members if facility.body.get(member)),
        pop=pop.body["name"],
        device=device.body["name"],
        name=port.body["name"],
        media_type=port.body["media_type"],
        speed=port.body["speed"],
        exchange_side_demarc=reservation.body["exchange_side_demarc"] or "",
        subscriber_side_demarc=_abridge(reservation.body.get("subscriber_side_demarc")),
        connecting_party=_abridge(reservation.body.get("connecting_party")),
        cross_connect_id=_abridge(reservation.body.get("cross_connect_id")),
    )


def _abridge(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
