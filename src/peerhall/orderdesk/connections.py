"""Connections at the counter, with the ports reserved for them."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.allocation import choose_ports
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.catalogue import check_offering
from peerhall.exchange.lifecycle import Phase, with_change
from peerhall.exchange.ordering.connections import (
    allocation_limit,
    check_bundle,
    check_bundling,
    check_demarcs,
    check_other_offering,
    check_quantity,
    fill_in_timeout,
    name_connection,
)
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_unable
from peerhall.orderdesk import leaving, port_reservations, ports, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import OWNERS, check_parties, check_role_assignments

_ETHERTYPES = ("0x8100", "0x88a8", "0x9100")
_NETWORK_MEMBERS = ("mode", "lacp_timeout")


def create(order: Order, body: Body) -> Record:
    body = {"role_assignments": [], "subscriber_side_demarcs": [], **fill_in_owners(order.caller, body, *OWNERS)}
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    check_role_assignments(order, faults, body["role_assignments"])
    offering = order.find("product-offerings", body["product_offering"])
    offering = check_offering(faults, offering, "connection", "connection", order.now)
    check_bundle(faults, body)
    check_quantity(faults, body["port_quantity"], offering.body if offering else {})
    check_demarcs(faults, body, offering.body if offering else {})
    faults.refuse_if_any()
    assert offering is not None

    groups, taken = ports.list_free(order, offering.body)
    check_bundling(faults, body["port_quantity"], groups)
    faults.refuse_if_any()
    chosen = choose_ports(groups, taken, body["port_quantity"])
    if not chosen:
        refuse_unable(
            f"There are not {body['port_quantity']} free ports of {offering.body['physical_port_speed']} Mbit/s on one "
            "device there; please ask the exchange."
        )
    connection = _draw_up(order, body, offering, order.get("devices", chosen[0][0].device))
    demarcs = body.pop("subscriber_side_demarcs")
    reservations = [
        port_reservations.draw_up(order, connection, port, demarcs[index] if index < len(demarcs) else None, body)
        for index, port in enumerate(chosen)
    ]
    connection = connection.with_body(port_reservations=[each.id for each in reservations])
    order.add(connection, *reservations)
    for reservation, port in zip(reservations, chosen, strict=True):
        ports.claim(order, reservation, port)
    if offering.body.get("cross_connect_initiator") == "subscriber":
        for reservation in reservations:
            connection = ports.allocate(order, reservation, connection)
    for reservation in reservations:
        settling.describe(order, order.latest(reservation))
    order.settle_later(connection)
    return settling.describe(order, connection)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("connections", document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    changed = record.with_body(**fill_in_timeout(record.body, {**record.body, **changes}))
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    check_role_assignments(order, faults, changes.get("role_assignments", ()))
    check_bundle(faults, changed.body)
    if "product_offering" in changes:
        offering = order.find("product-offerings", changes["product_offering"])
        if offering := check_offering(faults, offering, "connection", "connection", order.now):
            current = order.get("product-offerings", record.body["product_offering"])
            check_other_offering(faults, record.body, current.body, offering.body)
            check_quantity(faults, record.body["port_quantity"], offering.body)
    faults.refuse_if_any()
    rebuilt = [member for member in _NETWORK_MEMBERS if record.body.get(member) != changed.body.get(member)]
    changed = with_change(record, changed, rebuilt)
    order.save(changed)
    ports.follow_connection(order, changed, rebuilt=bool(rebuilt))
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Ends a connection with its reservations and ports; configs on it are warned, not ended."""
    record = order.get_changeable("connections", document)
    ended = leaving.end(order, record, wished)
    port_reservations.follow_connection(order, ended)
    order.settle_later(ended, *order.users(document, "connection", "network-service-configs"))
    return settling.describe(order, ended)


def _draw_up(order: Order, body: Body, offering: Record, device: Record) -> Record:
    document = order.new_id()
    pop = order.get("pops", device.body["pop"])
    network = order.get("metro-area-networks", pop.body["metro_area_network"])
    speed = offering.body["physical_port_speed"]
    members = {
        "id": document,
        "state": "requested",
        "status": [],
        "name": name_connection(pop.body["name"], speed, document),
        "ports": [],
        "port_reservations": [],
        "pop": pop.id,
        "metro_area": network.body["metro_area"],
        "metro_area_network": network.id,
        "speed": speed * body["port_quantity"],
        "capacity_allocated": 0,
        "capacity_allocation_limit": allocation_limit(
            speed * body["port_quantity"], order.rules.capacity_limit_percent
        ),
        "vlan_types": ["port", "dot1q", "qinq"],
        "outer_vlan_ethertypes": list(_ETHERTYPES),
        "subscriber_side_demarcs": list(body["subscriber_side_demarcs"]),
    }
    asked = fill_in_timeout({}, {name: value for name, value in body.items() if name != "connecting_party"})
    initiator = offering.body.get("cross_connect_initiator")
    return Record(
        document,
        "connections",
        {**blank("Connection"), **asked, **members},
        {"phase": Phase.RESERVING.value, "cross_connect_initiator": initiator},
    )
