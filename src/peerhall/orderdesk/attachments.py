"""What a config attaches to: the connection it goes over, as far as it has room."""

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.ordering.attachments import check_attachment, check_connection, check_speed, check_vlan_config
from peerhall.exchange.ordering.network_service_configs import usable_capacity
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
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


def account_for(order: Order, *configs: Record) -> None:
    """Brings up to date what connections and accounts show of these configs, now that they are stored."""
    for connection in {each.body["connection"] for each in configs if each.body.get("connection")}:
        _sum_up(order, connection)
    for account in {each.consuming_account for each in configs}:
        asns.show(order, str(account))


def _find_connection(order: Order, faults: Faults, body: Body, current: Record | None) -> Record | None:
    named = body.get("connection")
    if named is None:
        if body.get("routing_function") is not None:
            faults.add("routing_function", "there is no such routing function")
        return None
    if current is not None and named == current.body.get("connection"):
        return order.get("connections", named)
    connection = order.find_usable("connections", [named]).get(named)
    check_connection(faults, connection)
    return connection


def _sum_up(order: Order, connection: str) -> None:
    record = order.get("connections", connection, CHANGE_LOCK)
    total = 0
    for config in order.users(connection, "connection", "network-service-configs"):
        if config.state in LIVE_STATES or config.state == "decommission_requested":
            named = config.body.get("product_offering")
            offering = order.get("product-offerings", named).body if named else None
            total += usable_capacity(config.body, offering)
    if total != record.body.get("capacity_allocated"):
        order.save(record.with_body(capacity_allocated=total))
