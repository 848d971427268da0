"""What a config attaches to: the connection it goes over, as far as it has room."""

from datetime import date

from peerhall.contract.validation import Body
from peerhall.exchange.cancellation import find_last_day
from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, phase_of
from peerhall.exchange.ordering.attachments import check_attachment, check_connection, check_speed, check_vlan_config
from peerhall.exchange.ordering.connections import allocation_limit
from peerhall.exchange.ordering.network_service_configs import usable_capacity
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.orderdesk import asns
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def check(order: Order, faults: Faults, body: Body, current: Record | None) -> Record | None:
    """The connection a config goes over; None where it has none or the caller may not use it."""
    check_attachment(faults, body)
    connection = _find_connection(order, faults, body, current)
    if connection is not None:
        check_speed(faults, body.get("capacity"), connection)
        if body.get("vlan_config"):
            check_vlan_config(faults, body["vlan_config"], connection.body)
    return connection


def check_room(order: Order, config: Record, connection: Record | None) -> None:
    """Refuses a config that takes more of its connection than may be allocated. The connection is locked."""
    limit = None if connection is None else connection.body.get("capacity_allocation_limit")
    if connection is None or limit is None:
        return
    left = max(limit - _sum(order, connection, besides=config.id), 0)
    if _count(order, config, connection) > left:
        refuse_member("capacity", f"the connection has {left} Mbit/s left; order what fits, or another connection")


def fit(order: Order, before: Record, after: Record, service: Record) -> Record:
    """A config changed by others, with no more of its connection than is left for it, though not less than it had.

    What was asked for is remembered. `service` is as it will be.
    """
    named = after.body.get("connection")
    connection = order.get("connections", named, CHANGE_LOCK) if named else None
    limit = None if connection is None else connection.body.get("capacity_allocation_limit")
    if connection is None or limit is None:
        return after.with_meta(cut=None)
    room = max(limit - _sum(order, connection, besides=after.id), _count(order, before, connection))
    if _count(order, after, connection, service) <= room:
        return after.with_meta(cut=None)
    return after.with_body(capacity=room).with_meta(cut={"asked": after.body.get("capacity")})


def account_for(order: Order, *configs: Record) -> None:
    """Brings up to date what connections and accounts show of these configs, now that they are stored."""
    for connection in {each.body["connection"] for each in configs if each.body.get("connection")}:
        sum_up(order, connection)
    for account in {each.consuming_account for each in configs}:
        asns.show(order, str(account))


def _find_connection(order: Order, faults: Faults, body: Body, current: Record | None) -> Record | None:
    named = body.get("connection")
    if named is None:
        return None
    if current is not None and named == current.body.get("connection"):
        return order.get("connections", named)
    connection = order.find_usable("connections", [named]).get(named)
    check_connection(faults, connection, in_use=current is not None and phase_of(current) in IN_PRODUCTION)
    return connection


def sum_up(order: Order, connection: str) -> None:
    """Has a connection tell how much of it is allocated, and can be."""
    record = order.get("connections", connection, CHANGE_LOCK)
    limited = _limited(order, record, record.body.get("speed"))
    summed = limited.with_body(capacity_allocated=_sum(order, limited))
    if summed != record:
        order.save(summed)


def rated(config: Record, service: Record) -> Record:
    """The config with the capacity it has; on a cloud that is what its service has, as it has no such member."""
    return config.with_body(capacity=service.body.get("capacity")) if config.type == "cloud_vc" else config


def list_beyond(order: Order, connection: Record, speed: int, day: date) -> list[Record]:
    """The configs that could not all be delivered if the connection had this speed (Mbit/s) only from a day on."""
    slower = _limited(order, connection, speed)
    configs = [each for each in _list_configs(order, connection) if _is_there(each, day)]
    limit = slower.body["capacity_allocation_limit"]
    if limit is not None and sum(_count(order, each, slower) for each in configs) > limit:
        return configs
    services = {each.id: order.get("network-services", each.body["network_service"]) for each in configs}
    return [each for each in configs if (rated(each, services[each.id]).body.get("capacity") or 0) > speed]


def _is_there(config: Record, day: date) -> bool:
    last = find_last_day(config) if config.state == "decommission_requested" else None
    return config.state in LIVE_STATES or (last is not None and last > day)


def _limited(order: Order, connection: Record, speed: int | None) -> Record:
    limit = allocation_limit(speed, order.rules.capacity_limit_percent)
    return connection.with_body(speed=speed, capacity_allocation_limit=limit)


def _list_configs(order: Order, connection: Record) -> list[Record]:
    return order.users(connection.id, "connection", "network-service-configs")


def _sum(order: Order, connection: Record, besides: str = "") -> int:
    return sum(
        _count(order, config, connection)
        for config in _list_configs(order, connection)
        if config.id != besides and (config.state in LIVE_STATES or config.state == "decommission_requested")
    )


def _count(order: Order, config: Record, connection: Record, service: Record | None = None) -> int:
    if config.body.get("capacity") and config.type != "cloud_vc":
        # Spares most orders two reads for each config on the connection.
        return usable_capacity(config.body, None, connection.body)
    # Configs on a circuit or group may go by the offering of their service.
    service = service or order.get("network-services", config.body["network_service"])
    named = config.body.get("product_offering") or service.body.get("product_offering")
    return usable_capacity(
        rated(config, service).body, order.get("product-offerings", named).body if named else None, connection.body
    )
