"""Configs on a circuit: exactly one a side, and neither is in production before the other."""

from peerhall.contract.validation import Body
from peerhall.exchange.catalogue import check_offering
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, ENDING, LIVE_STATES, Network, Phase
from peerhall.exchange.ordering.circuits import (
    A_SIDE,
    check_end,
    find_side,
    is_there,
    list_sides,
    other_side,
    side_of,
    side_owner,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.exchange.statuses import Note, awaiting_peer_side, circuit_side, peer_side_not_ready
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.ordered_services import circuits

TESTED = False

_DECIDING = ("consuming_account", "managing_account")
"""Members that decide on which side a config is."""


def find_service(order: Order, _: Faults, body: Body, current: Record | None) -> Record:
    """The circuit, locked, so that only one at a time takes a side of it."""
    if current is not None:
        return order.get("network-services", current.body["network_service"], CHANGE_LOCK)
    service = order.find_seen("network-services", body["network_service"], CHANGE_LOCK)
    if service is None or service.type != "p2p_vc":
        refuse_member("network_service", "there is no such circuit")
    if service.state not in LIVE_STATES:
        refuse_member("network_service", f"is {service.state} and takes no new configs")
    return service


def find_offering(order: Order, faults: Faults, body: Body, service: Record, current: Record | None) -> Record | None:
    """The config's own offering, else that of the circuit."""
    named = body.get("product_offering")
    if named is None or named == service.body["product_offering"]:
        return order.get("product-offerings", service.body["product_offering"])
    if current is not None and named == current.body.get("product_offering"):
        return order.get("product-offerings", named)
    if named not in service.body.get("nsc_product_offerings", ()):
        faults.add("product_offering", "is not among nsc_product_offerings of the network service")
        return None
    offering = order.find("product-offerings", named)
    return check_offering(faults, offering, "p2p_vc", "network_service_config", order.now)


def check(
    order: Order,
    faults: Faults,
    body: Body,
    service: Record,
    _: Record | None,
    connection: Record | None,
    current: Record | None,
) -> None:
    sides = list_sides(service, body.get("consuming_account"), body.get("managing_account"))
    side: str | None
    if current is not None and all(body[member] == current.body[member] for member in _DECIDING):
        # Whose the circuit is may have changed meanwhile.
        side = side_of(current, service)
    elif not sides:
        faults.add("consuming_account", "is on neither side of the circuit")
        return
    elif current is None:
        side = _find_free_side(order, faults, service, sides)
    else:
        side = side_of(current, service)
        if side not in sides:
            faults.add("consuming_account", f"is not on the {side.upper()}-side of the circuit")
    if side is not None and connection is not None:
        # Either offering would do: those for configs on a circuit are for the same places.
        check_end(faults, side, order.get("product-offerings", service.body["product_offering"]).body, connection)


def take(order: Order, config: Record, service: Record) -> Record:
    configs = circuits.list_configs(order, service)
    sides = list_sides(service, config.consuming_account, config.managing_account)
    side = next(each for each in sides if find_side(configs, service, each) is None)
    return config.with_meta(side=side)


def move(order: Order, before: Record, after: Record) -> Record:
    service = order.get("network-services", after.body["network_service"], CHANGE_LOCK)
    if side_of(after, service) == A_SIDE and after.body.get("capacity") != before.body.get("capacity"):
        accepted = circuits.accept_if_fulfilled(order, service, after)
        if accepted != service:
            order.settle_later(order.save(accepted))
    return after


def list_missing(order: Order, config: Record, service: Record) -> list[Note]:
    side = other_side(side_of(config, service))
    return [] if is_there(_find_peer(order, config, service)) else [awaiting_peer_side(side, side_owner(service, side))]


def list_holding(order: Order, config: Record, service: Record) -> list[Note]:
    peer = _find_peer(order, config, service)
    if is_there(peer):
        assert peer is not None
        return [] if Network.of(peer).configured else [peer_side_not_ready(other_side(side_of(config, service)))]
    return list_missing(order, config, service)


def list_remarks(order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
    if phase in ENDING:
        return []
    notes = [] if phase in BEFORE_PRODUCTION else list_missing(order, config, service)
    return [*notes, circuit_side(side_of(config, service))]


def list_followers(order: Order, config: Record) -> list[Record]:
    """The other side waits for this one."""
    peer = _find_peer(order, config, order.get("network-services", config.body["network_service"]))
    return [] if peer is None else [peer]


def _find_peer(order: Order, config: Record, service: Record) -> Record | None:
    others = [each for each in circuits.list_configs(order, service) if each.id != config.id]
    return find_side(others, service, other_side(side_of(config, service)))


def _find_free_side(order: Order, faults: Faults, service: Record, sides: tuple[str, ...]) -> str | None:
    configs = circuits.list_configs(order, service)
    holders = {side: find_side(configs, service, side) for side in sides}
    free = next((side for side, holder in holders.items() if holder is None), None)
    if free is None:
        for side, holder in holders.items():
            assert holder is not None
            known = order.caller.acts_for(holder.managing_account) or order.caller.acts_for(holder.consuming_account)
            which = f": {holder.id}, which is {holder.state}" if known else ""
            faults.add("network_service", f"the {side.upper()}-side of the circuit has its config already{which}")
    return free
