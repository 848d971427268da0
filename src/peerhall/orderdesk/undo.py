"""Taking back a cancellation while its day has not come: what was to leave stays, under the terms it had."""

from collections.abc import Iterable

from peerhall.exchange.cancellation import refuse_undo, stay
from peerhall.exchange.lifecycle import LIVE_STATES, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unable
from peerhall.orderdesk import asns, attachments, legs, network_feature_configs, port_reservations, settling
from peerhall.orderdesk.courses.network_service_configs import list_concerned
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def undo_connection(order: Order, document: str) -> Record:
    """Has a connection stay, with the reservations and ports that were to leave with it."""
    back = _take_back(order, order.get_changeable("connections", document))
    reservations = _stay_with(order, order.users(document, "connection", "port-reservations", CHANGE_LOCK))
    _stay_with_ports(order, back, reservations)
    order.settle_later(back, *order.users(document, "connection", "network-service-configs"))
    return settling.describe(order, back)


def undo_reservation(order: Order, document: str) -> Record:
    """Has a connection keep a port that was to be taken out of it."""
    record, connection = port_reservations.lock(order, document)
    back = _take_back(order, record, connection)
    _stay_with_ports(order, connection, [back])
    order.settle_later(back, connection)
    return settling.describe(order, back)


def undo_service(order: Order, document: str) -> Record:
    """Has a network service stay, with the configs that were to leave with it, whoever ordered them."""
    back = _take_back(order, order.get_changeable("network-services", document))
    for config in _stay_with(order, order.users(document, "network_service", "network-service-configs", CHANGE_LOCK)):
        _follow_config(order, config)
    order.settle_later(back)
    return settling.describe(order, back)


def undo_config(order: Order, document: str) -> Record:
    """Has a network service config stay, with the feature configs that were to leave with it."""
    record = order.get_changeable("network-service-configs", document)
    service = order.get("network-services", record.body["network_service"])
    back = _take_back(order, record, service)
    _follow_config(order, back)
    return settling.describe(order, order.latest(back))


def undo_session(order: Order, document: str) -> Record:
    """Has a network feature config stay that was cancelled by itself."""
    record, config = network_feature_configs.lock(order, document)
    back = _take_back(order, record, config)
    _refuse_if_replaced(order, back)
    asns.show(order, str(back.consuming_account))
    order.settle_later(back, config)
    return settling.describe(order, back)


def undo_function(order: Order, document: str) -> Record:
    """Has a routing function stay; the configs on it were not to leave with it."""
    back = _take_back(order, order.get_changeable("routing-functions", document))
    order.settle_later(back, *legs.list_legs(order, back))
    return settling.describe(order, back)


def _refuse_if_replaced(order: Order, session: Record) -> None:
    for other in order.users(session.body["network_service_config"], "network_service_config", session.kind):
        same = all(other.body[member] == session.body[member] for member in ("network_feature", "ip"))
        if same and other.id != session.id and other.state in LIVE_STATES:
            refuse_unable(f"{other.id} has taken its place.")


def _take_back(order: Order, record: Record, whole: Record | None = None) -> Record:
    refuse_undo(record, whole, order.rules.today(order.now))
    return order.save(stay(record))


def _stay_with(order: Order, parts: Iterable[Record]) -> list[Record]:
    """Has those parts stay that were led away by the whole; what was to leave by itself still does."""
    led = [part for part in parts if phase_of(part) is Phase.LEAVING and "led" in part.meta]
    for part in led:
        order.settle_later(settling.describe(order, order.save(stay(part))))
    return led


def _stay_with_ports(order: Order, connection: Record, reservations: Iterable[Record]) -> None:
    kept = {each.body["port"] for each in reservations}
    ports = order.users(connection.id, "connection", "ports", CHANGE_LOCK)
    _stay_with(order, (port for port in ports if port.id in kept))


def _follow_config(order: Order, config: Record) -> None:
    """What follows when a config stays: its sessions do, and others who had been told that it leaves look again."""
    config = order.save(asns.go_on_waiting(order.latest(config)))
    asns.ask_for(order, config)
    _stay_with(order, order.users(config.id, "network_service_config", "network-feature-configs", CHANGE_LOCK))
    attachments.account_for(order, config)
    port_reservations.refuse_if_ports_leave(order, config)
    order.settle_later(config, *list_concerned(order, config))
