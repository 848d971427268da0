"""Ports: which are free, whose they are, and how they follow their connection. Only the exchange makes them."""

from peerhall.contract.validation import Body, blank
from peerhall.exchange.allocation import PortGroup
from peerhall.exchange.claims import PORT, Claim
from peerhall.exchange.lifecycle import Phase, with_outdated, with_phase
from peerhall.exchange.records import Record
from peerhall.orderdesk import attachments
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import OWNERS
from peerhall.store import documents

Chosen = tuple[PortGroup, str]
"""A group of ports and the name of one of them."""

_FOLLOWED = (*OWNERS, "role_assignments", "external_ref", "purchase_order", "contract_ref")


def list_free(order: Order, offering: Body) -> tuple[list[PortGroup], set[tuple[str, str]]]:
    """The ports an offering can be served from, and which of them are taken; their devices are locked until the end.

    A connection offering names a PoP or leaves the choice within its metro area network to the exchange.
    """
    pops = [
        pop
        for pop in order.users(offering["handover_metro_area_network"], "metro_area_network", "pops")
        if offering.get("handover_pop") in (None, pop.id)
    ]
    found = [device.id for pop in pops for device in order.users(pop.id, "pop", "devices")]
    devices = documents.find_many(order.connection, found, CHANGE_LOCK)
    groups = [
        PortGroup(device.id, group["media_type"], group["speed"], tuple(group["names"]), _max_lag(device, group))
        for device in devices.values()
        for group in device.meta.get("ports", ())
        if group["speed"] == offering.get("physical_port_speed")
    ]
    taken = order.connection.execute(
        "select scope, value from claim where kind = %s and scope = any(%s) and released_at is null",
        (PORT, list(devices)),
    )
    return groups, {(row[0], row[1]) for row in taken}


def _max_lag(device: Record, group: Body) -> int | None:
    """The most ports of this speed and medium that the device says it bundles."""
    kinds = (group["media_type"], group["speed"])
    return next(
        (each.get("max_lag") for each in device.body["capabilities"] if (each["media_type"], each["speed"]) == kinds),
        None,
    )


def claim(order: Order, reservation: Record, port: Chosen) -> None:
    """Reserves a port that was chosen under the lock of its device."""
    group, name = port
    refused = order.take([Claim(PORT, group.device, name)], reservation)
    assert not refused, f"port {name} of {group.device} was free a moment ago"
    count_free(order, group.device)


def count_free(order: Order, device: str) -> None:
    """Has a device tell how many ports of each speed and medium are free."""
    record = order.get("devices", device, CHANGE_LOCK)
    rows = order.connection.execute(
        "select value from claim where kind = %s and scope = %s and released_at is null", (PORT, device)
    )
    taken = {row[0] for row in rows}
    free = {
        (group["media_type"], group["speed"]): sum(name not in taken for name in group["names"])
        for group in record.meta.get("ports", ())
    }
    capabilities = [
        {**each, "availability": free.get((each["media_type"], each["speed"]), each["availability"])}
        for each in record.body["capabilities"]
    ]
    if capabilities != record.body["capabilities"]:
        order.save(record.with_body(capabilities=capabilities))


def allocate(order: Order, reservation: Record, connection: Record) -> Record:
    """Gives a reservation its port; returns the connection, which has the port now too."""
    reserved = reservation.meta["reserved"]
    device = order.get("devices", reserved["device"])
    pop = order.get("pops", device.body["pop"])
    facility = order.get("facilities", pop.body["facility"])
    document = order.new_id()
    members = {
        "id": document,
        "state": "allocated",
        "status": [],
        **{member: connection.body[member] for member in _FOLLOWED},
        "name": reserved["port"],
        "media_type": reserved["media_type"],
        "speed": reserved["speed"],
        "operational_state": "down",
        "device": device.id,
        "pop": pop.id,
        "connection": connection.id,
    }
    order.add(Record(document, "ports", {**blank("Port"), **members}, {"phase": Phase.BUILDING.value}))
    demarc = " / ".join((facility.body["name"], pop.body["name"], device.body["name"], reserved["port"]))
    allocated = with_phase(reservation, Phase.BUILDING)
    if connection.meta.get("cross_connect_initiator") == "subscriber":
        allocated = allocated.with_meta(loa_issued_on=order.rules.today(order.now).isoformat())
    order.save(allocated.with_body(state="allocated", port=document, exchange_side_demarc=demarc))
    order.settle_later(allocated)
    return order.save(connection.with_body(ports=[*connection.body["ports"], document]))


def list_reservations(order: Order, connection: str) -> list[Record]:
    """All reservations there are or were for a connection, oldest first."""
    return order.users(connection, "connection", "port-reservations")


def is_counted(reservation: Record) -> bool:
    """Whether its port is part of the speed of its connection: one that was added is once it has been in use.

    One that was withdrawn before that never is, though it may have to be taken out of the network still.
    """
    return not reservation.meta.get("added") or "charged_since" in reservation.meta


def _is_shown(reservation: Record) -> bool:
    """Whether a connection has a reservation among its own: while there is one, and for good if both ended together."""
    return not reservation.meta.get("released") or ("led" in reservation.meta and is_counted(reservation))


def count_bundle(order: Order, changed: Record) -> None:
    """Has a connection tell which ports it has now that one of its reservations, as given, was added or has ended.

    A port that was added counts for the speed once it is in use, one that leaves until it is out of the network.
    """
    connection = order.get("connections", changed.body["connection"], CHANGE_LOCK)
    known = {each.id: each for each in list_reservations(order, connection.id)}
    kept = [each for each in {**known, changed.id: changed}.values() if _is_shown(each)]
    at_work = [each for each in kept if is_counted(each)]
    counted = connection.with_body(
        port_reservations=[each.id for each in kept],
        ports=[each.body["port"] for each in kept if each.body["port"]],
        port_quantity=len(kept),
        speed=sum(each.meta["reserved"]["speed"] for each in at_work),
    ).with_meta(bundled=len(at_work))
    if counted != connection:
        order.save(counted)
        attachments.sum_up(order, connection.id)


def follow_connection(order: Order, connection: Record, *, rebuilt: bool) -> None:
    """Has ports and reservations show the accounts and references of their connection, and share in its rebuilding."""
    for port in order.users(connection.id, "connection", "ports", CHANGE_LOCK):
        followed = port.with_body(**{member: connection.body[member] for member in _FOLLOWED})
        if rebuilt:
            followed = with_outdated(followed)
            order.settle_later(port)
        order.save(followed)
    for reservation in order.users(connection.id, "connection", "port-reservations", CHANGE_LOCK):
        owners = {member: connection.body[member] for member in ("managing_account", "consuming_account")}
        order.save(reservation.with_meta(**owners))
