"""Routing functions at the counter: a router on a device of the metro area network of their offering."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.catalogue import check_capacity, check_move, check_offering
from peerhall.exchange.claims import ROUTER, Claim
from peerhall.exchange.lifecycle import (
    IN_PRODUCTION,
    Phase,
    phase_of,
    with_change,
    with_outdated,
)
from peerhall.exchange.ordering.layer3 import check_asn
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.ordering.routing_functions import NETWORK_MEMBERS, check_bound, check_other_offering
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_unable
from peerhall.orderdesk import leaving, legs, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import OWNERS, check_parties
from peerhall.store import claims


def create(order: Order, body: Body) -> Record:
    body = fill_in_owners(order.caller, body, *OWNERS)
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    offering = _find_offering(order, faults, body["product_offering"])
    check_asn(faults, "asn", body["asn"])
    if offering is not None:
        check_capacity(faults, body.get("capacity"), offering.body)
    faults.refuse_if_any()
    assert offering is not None

    document = order.new_id()
    members = {"id": document, "state": "requested", "status": []}
    device = _choose_device(order, offering)
    record = Record(
        document,
        "routing-functions",
        {**blank("RoutingFunction"), **body, **members},
        {"phase": Phase.RESERVING.value, "device": device},
    )
    order.add(record)
    order.take([Claim(ROUTER, device, document)], record)
    order.settle_later(record)
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("routing-functions", document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    changed = record.with_body(**changes)
    current = order.get("product-offerings", record.body["product_offering"])
    offering: Record | None = current
    if "product_offering" in changes:
        offering = _find_offering(order, faults, changes["product_offering"])
        if offering is not None:
            check_other_offering(faults, current.body, offering.body)
    if "asn" in changes:
        check_asn(faults, "asn", changes["asn"])
    if offering is not None and changes.keys() & {"product_offering", "capacity"}:
        check_capacity(faults, changed.body.get("capacity"), offering.body)
        if phase_of(record) in IN_PRODUCTION:
            was, wished = (
                each.body.get("capacity") or at.body.get("bandwidth_max")
                for each, at in ((record, current), (changed, offering))
            )
            check_move(faults, was, wished, current.body)
    check_bound(faults, changed.body.get("capacity"), legs.list_rated(order, record))
    faults.refuse_if_any()
    touched = [member for member in NETWORK_MEMBERS if member in changes]
    if touched:
        changed = with_change(record, with_outdated(changed), touched)
    order.save(changed)
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Ends a routing function; configs on it are warned, not ended, and it stays until they are gone."""
    record = order.get_changeable("routing-functions", document)
    ended = leaving.end(order, record, wished)
    order.settle_later(ended, *legs.list_legs(order, ended))
    return settling.describe(order, settling.release_if_absent(order, ended))


def _find_offering(order: Order, faults: Faults, named: str) -> Record | None:
    offering = order.find("product-offerings", named)
    return check_offering(faults, offering, "routing_function", "routing_function", order.now)


def _choose_device(order: Order, offering: Record) -> str:
    """The device of the offering's metro area network that has the fewest routers, the oldest of those."""
    network = offering.body.get("handover_metro_area_network")
    pops = order.users(network, "metro_area_network", "pops") if network else []
    devices = [device.id for pop in pops for device in order.users(pop.id, "pop", "devices")]
    if not devices:
        refuse_unable("The exchange has no device there that a routing function could run on; please ask the exchange.")
    routers = [device for device, _ in claims.list_holders(order.connection, ROUTER, devices)]
    return min(devices, key=routers.count)
