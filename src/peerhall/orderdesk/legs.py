"""Configs on a routing function instead of a connection: its legs, in subnets that do not overlap."""

from ipaddress import ip_network

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, WANTED_IN_NETWORK, Network, phase_of
from peerhall.exchange.ordering.attachments import check_layer3
from peerhall.exchange.ordering.layer3 import Subnet, check_l3_config, find_overlap, list_known_fields, list_subnets
from peerhall.exchange.ordering.routing_functions import check_function, check_place, check_share
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.orderdesk.attachments import rated
from peerhall.orderdesk.order import Order

_OF_OFFERING = ("product_offering", "l3_config", "routing_function")
"""Members that an offering demands, allows and forbids; it may do so otherwise since they were ordered."""


def find_function(order: Order, config: Record) -> Record | None:
    """The routing function a stored config is on; None where it has a connection."""
    named = config.body.get("routing_function")
    return order.get("routing-functions", named) if named else None


def check(
    order: Order, faults: Faults, body: Body, service: Record, offering: Record | None, current: Record | None
) -> Record | None:
    """The routing function a config is on; None where it has none or the caller may not use it."""
    named = body.get("routing_function")
    lan = _subnets_of(service)
    asked = current is None or any(body.get(member) != current.body.get(member) for member in _OF_OFFERING)
    if offering is not None and asked:
        known = list_known_fields(body.get("l3_config") or {}, lan) if named is not None else ()
        check_layer3(faults, body, offering.body, known)
    if named is None:
        return None
    if body.get("l3_config") is not None:
        check_l3_config(faults, body["l3_config"], lan)
    kept = current is not None and named == current.body.get("routing_function")
    function = order.get("routing-functions", named) if kept else None
    if function is None:
        function = order.find_usable("routing-functions", [named]).get(named)
    in_use = current is not None and phase_of(current) in IN_PRODUCTION
    check_function(faults, function, taken_up=not kept, in_use=in_use)
    if function is not None:
        _check_share(faults, body, service, function)
        if offering is not None:
            at = order.get("product-offerings", function.body["product_offering"])
            check_place(faults, offering.body, at.body)
    return function


def check_fit(order: Order, config: Record, service: Record, function: Record | None) -> None:
    """Refuses a config too fast for its routing function, or with a subnet that another one on it has.

    The function is locked.
    """
    if function is None:
        return
    faults = Faults()
    _check_share(faults, config.body, service, function)
    faults.refuse_if_any()
    others = {
        other.id: list_subnets(
            other.body.get("l3_config"), _subnets_of(order.get("network-services", other.body["network_service"]))
        )
        for other in list_legs(order, function)
        if other.id != config.id
    }
    found = find_overlap(list_subnets(config.body.get("l3_config"), _subnets_of(service)), others)
    if found is not None:
        member, subnet, other = found
        refuse_member(member, f"{subnet} overlaps with a subnet of the network service config {other} on it")


def list_legs(order: Order, function: Record) -> list[Record]:
    """The configs that are, or are to be, on a routing function."""
    return [
        config
        for config in order.users(function.id, "routing_function", "network-service-configs")
        if config.state in LIVE_STATES or phase_of(config) in WANTED_IN_NETWORK or Network.of(config).present
    ]


def list_rated(order: Order, function: Record) -> list[Record]:
    """The same, with the capacity each of them has."""
    legs = list_legs(order, function)
    return [rated(each, order.get("network-services", each.body["network_service"])) for each in legs]


def list_built(order: Order, function: Record) -> list[Record]:
    """The configs that keep a routing function in the network: those that are in it, or about to be."""
    return [
        config
        for config in list_legs(order, function)
        if phase_of(config) in WANTED_IN_NETWORK or Network.of(config).present
    ]


def _check_share(faults: Faults, body: Body, service: Record, function: Record) -> None:
    if service.type == "cloud_vc":
        check_share(faults, service.body.get("capacity"), function.body, "routing_function")
    else:
        check_share(faults, body.get("capacity"), function.body)


def _subnets_of(service: Record) -> list[Subnet]:
    """The subnets of a peering LAN, none of any other service."""
    if service.type != "exchange_lan":
        return []
    return [ip_network(subnet) for family in ("v4", "v6") if (subnet := service.body.get(f"subnet_{family}"))]
