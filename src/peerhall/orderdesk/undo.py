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
    for kind in ("port-reservations", "ports"):
        _stay_with(order, record, order.users(document, "connection", kind, CHANGE_LOCK))
    order.settle_later(back, *order.users(document, "connection", "network-service-configs"))
    return settling.describe(order, back)


def undo_config(order: Order, document: str) -> Record:
    """Has a network service config stay, with the feature configs that were to leave with it."""
    record = order.get_changeable("network-service-configs", document)
    refuse_undo(record, order.rules.today(order.now))
    back = order.save(stay(record))
    _stay_with(order, record, order.users(document, "network_service_config", "network-feature-configs", CHANGE_LOCK))
    attachments.account_for(order, record, back)
    order.settle_later(back)
    return settling.describe(order, order.latest(back))


def _stay_with(order: Order, whole: Record, parts: Iterable[Record]) -> None:
    for part in parts:
        day = part.body.get("decommission_at") or part.meta.get("decommission_at")
        if phase_of(part) is Phase.LEAVING and day == whole.body["decommission_at"]:
            settling.describe(order, order.save(stay(part)))
            order.settle_later(part)
