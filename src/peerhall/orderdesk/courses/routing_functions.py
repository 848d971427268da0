"""The course of a routing function: built as a router, and taken out again after the last config on it."""

from peerhall.exchange.cancellation import is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase, list_pending
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import decommission_scheduled, routing_function_in_use
from peerhall.orderdesk import legs
from peerhall.orderdesk.order import Order


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    if phase not in (Phase.LEAVING, Phase.REMOVING):
        return Circumstances(remarks=list_pending(record, phase))
    remarks = [decommission_scheduled(record.meta["decommission_at"], record.meta.get("charged_until"))]
    due = is_due(record, order.rules.today(order.now))
    built = [config.id for config in legs.list_built(order, record)] if due else []
    if built:
        remarks.append(routing_function_in_use(built))
    return Circumstances(due=due and not built, remarks=remarks)


def network(_: Order, record: Record) -> Network:
    return Network.of(record)


def entered(order: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.LIVE and "charged_since" not in record.meta:
        return record.with_meta(charged_since=order.rules.today(order.now).isoformat())
    return record


def followers(order: Order, record: Record) -> list[Record]:
    return order.users(record.id, "routing_function", "network-service-configs")
