"""Taking back a cancellation while its day has not come: what was to leave stays, under the terms it had."""

from collections.abc import Iterable

from peerhall.exchange.cancellation import refuse_undo, stay
from peerhall.exchange.lifecycle import Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.orderdesk import attachments, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def undo_connection(order: Order, document: str) -> Record:
    """Has a connection stay, with the reservations and ports that were to leave with it."""
    record = order.get_changeable("connections", document)
    refuse_undo(record, order.rules.today(order.now))
    back = order.save(stay(record))
    reservations = _stay_with(order, order.users(document, "connection", "port-reservations", CHANGE_LOCK))
    ports = {each.body["port"] for each in reservations}
    _stay_with(order, (each for each in order.users(document, "connection", "ports", CHANGE_LOCK) if each.id in ports))
    order.settle_later(back, *order.users(document, "connection", "network-service-configs"))
    return settling.describe(order, back)


def undo_config(order: Order, document: str) -> Record:
    """Has a network service config stay, with the feature configs that were to leave with it."""
    record = order.get_changeable("network-service-configs", document)
    refuse_undo(record, order.rules.today(order.now))
    back = order.save(stay(record))
    _stay_with(order, order.users(document, "network_service_config", "network-feature-configs", CHANGE_LOCK))
    attachments.account_for(order, record, back)
    order.settle_later(back)
    return settling.describe(order, order.latest(back))


def _stay_with(order: Order, parts: Iterable[Record]) -> list[Record]:
    """Has those parts stay that were led away by the whole; what was to leave by itself still does."""
    led = [part for part in parts if phase_of(part) is Phase.LEAVING and "led" in part.meta]
    for part in led:
        settling.describe(order, order.save(stay(part)))
        order.settle_later(part)
    return led
