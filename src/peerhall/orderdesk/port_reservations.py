"""Port reservations at the counter."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.allocation import choose_ports
from peerhall.exchange.cancellation import find_last_day, refuse_change_of_ending
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, ENDING, Phase, phase_of
from peerhall.exchange.ordering.connections import check_demarc, check_further_port
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_denied, refuse_member, refuse_unable, refuse_unknown
from peerhall.orderdesk import attachments, leaving, loas, ports, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def create(order: Order, body: Body) -> Record:
    """One more port for a connection, on the device where its others are."""
    connection = order.find_usable("connections", [body["connection"]], CHANGE_LOCK).get(body["connection"])
    if connection is None:
        refuse_member("connection", "there is no such connection")
    if not order.caller.acts_for(connection.managing_account):
        refuse_denied("Only the managing account of the connection, or one above it, may order ports for it.")
    siblings = [each for each in ports.list_reservations(order, connection.id) if not each.meta.get("released")]
    faults = Faults()
    if phase_of(connection) in ENDING or not siblings:
        faults.add("connection", f"is {connection.state} and takes no further ports")
        faults.refuse_if_any()
    offering = order.get("product-offerings", connection.body["product_offering"]).body
    device = order.get("devices", siblings[0].meta["reserved"]["device"])
    check_further_port(faults, connection.body["mode"], len(siblings), offering, device.body)
    check_demarc(faults, body.get("subscriber_side_demarc"), offering)
    faults.refuse_if_any()
    groups, taken = ports.list_free(order, offering)
    chosen = choose_ports([group for group in groups if group.device == device.id], taken, 1)
    if not chosen:
        refuse_unable(
            f"There is no free port of {offering['physical_port_speed']} Mbit/s on {device.body['name']}, where the "
            "connection is; please ask the exchange."
        )
    record = draw_up(order, connection, chosen[0], body.get("subscriber_side_demarc"), body)
    record = record.with_body(**{name: value for name, value in body.items() if name != "id"})
    if phase_of(connection) not in BEFORE_PRODUCTION:
        record = record.with_meta(added=True)
    order.add(record)
    ports.claim(order, record, chosen[0])
    if offering.get("cross_connect_initiator") == "subscriber":
        ports.allocate(order, record, connection)
    elif phase_of(connection) is not Phase.RESERVING:
        loas.allocate_authorised(order, connection)
    record = order.latest(record)
    if record.body["port"] is not None:
        order.settle_later(order.get("ports", record.body["port"]))
    ports.count_bundle(order, record)
    order.settle_later(record, connection)
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("port-reservations", document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    return order.save(record.with_body(**changes))


def lock(order: Order, document: str) -> tuple[Record, Record]:
    """A reservation the caller may change, and its connection: that first, as everybody does who changes both.

    Refuses what the caller cannot see, and what others manage.
    """
    seen = order.find_seen("port-reservations", document) or refuse_unknown()
    connection = order.get("connections", seen.body["connection"], CHANGE_LOCK)
    return order.get_changeable("port-reservations", document), connection


def draw_up(order: Order, connection: Record, port: ports.Chosen, demarc: str | None, body: Body) -> Record:
    """A reservation for a connection; its port is reserved, but not shown before it is allocated."""
    group, name = port
    document = order.new_id()
    members: Body = {
        "id": document,
        "state": "requested",
        "status": [],
        "subscriber_side_demarc": demarc,
        "connecting_party": body.get("connecting_party"),
        "connection": connection.id,
    }
    reserved = {"device": group.device, "port": name, "media_type": group.media_type, "speed": group.speed}
    return Record(
        document,
        "port-reservations",
        {**blank("PortReservation"), **members},
        {
            "phase": Phase.RESERVING.value,
            "managing_account": connection.managing_account,
            "consuming_account": connection.consuming_account,
            "reserved": reserved,
        },
    )


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Takes a port out of its connection, under the connection's terms. Refuses the last, and one still needed."""
    record, connection = lock(order, document)
    ended = leaving.end(order, record, wished)
    if phase_of(record) not in ENDING or (phase_of(record) is Phase.LEAVING and wished is not None):
        _refuse_if_needed(order, ended, connection)
    if ended != record:
        _end_port(order, ended)
        order.settle_later(ended, connection)
    return settling.describe(order, settling.release_if_absent(order, ended))


def follow_connection(order: Order, connection: Record) -> None:
    """Reservations and their ports go with their connection; those that were to leave earlier still do."""
    for reservation in order.users(connection.id, "connection", "port-reservations", CHANGE_LOCK):
        ended = leaving.end_with(order, reservation, connection)
        if ended != reservation:
            order.save(ended)
            order.settle_later(ended)
        _end_port(order, ended)


def _end_port(order: Order, reservation: Record) -> None:
    port = order.find("ports", reservation.body["port"], CHANGE_LOCK) if reservation.body["port"] else None
    if port is not None:
        order.save(leaving.end_with(order, port, reservation))
        order.settle_later(port)


def _refuse_if_needed(order: Order, record: Record, connection: Record) -> None:
    others = [each for each in ports.list_reservations(order, connection.id) if each.id != record.id and _stays(each)]
    started = phase_of(connection) not in BEFORE_PRODUCTION
    if not [each for each in others if not started or phase_of(each) not in BEFORE_PRODUCTION]:
        refuse_unable(
            "A connection keeps a port that is in use; cancel the connection instead, and its ports go with it.",
            [Conflict(connection.kind, connection.id, "port_reservations", record.kind, record.id)],
        )
    _refuse_if_too_slow(order, connection, others, find_last_day(record) or date.min)


def refuse_if_ports_leave(order: Order, config: Record) -> None:
    """Refuses to have a config stay that could not be delivered when a port has left its connection. That is locked."""
    if config.body.get("connection") is None:
        return
    connection = order.get("connections", config.body["connection"])
    reservations = ports.list_reservations(order, connection.id)
    staying = [each for each in reservations if _stays(each)]
    for each in reservations:
        if phase_of(each) is Phase.LEAVING and not _stays(each):
            _refuse_if_too_slow(order, connection, staying, find_last_day(each) or date.min)


def _refuse_if_too_slow(order: Order, connection: Record, left: Iterable[Record], day: date) -> None:
    """Refuses where the configs that are there after that day need more than these reservations."""
    speed = sum(each.meta["reserved"]["speed"] for each in left if ports.is_counted(each))
    conflicts = [
        Conflict(config.kind, config.id, "capacity", connection.kind, connection.id)
        for config in attachments.list_beyond(order, connection, speed, day)
    ]
    if conflicts:
        refuse_unable(
            f"With the {speed} Mbit/s that are left when ports have gone, what is listed in conflicts could not be "
            "delivered; lower its capacity first, or keep the ports.",
            order.only_seen(conflicts),
        )


def _stays(reservation: Record) -> bool:
    """Whether a port is there as long as its connection."""
    phase = phase_of(reservation)
    return phase not in ENDING or (phase is Phase.LEAVING and bool(reservation.meta.get("led")))
