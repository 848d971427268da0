"""The course of a port: configured with its connection, and gone with it."""

from peerhall.exchange.cancellation import is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase
from peerhall.exchange.records import Record
from peerhall.orderdesk.order import Order


def circumstances(order: Order, record: Record, _: Phase) -> Circumstances:
    return Circumstances(due=is_due(record, order.rules.today(order.now)))


def network(_: Order, record: Record) -> Network:
    return Network.of(record)


def entered(_: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.LIVE:
        record = record.with_body(operational_state="up")
    if phase in (Phase.GONE, Phase.REMOVING):
        record = record.with_body(operational_state="down")
    return record


def followers(order: Order, record: Record) -> list[Record]:
    connection = order.get("connections", record.body["connection"])
    return [connection, *order.users(record.id, "port", "port-reservations")]
