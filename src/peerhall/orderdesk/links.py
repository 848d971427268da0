"""The links of ports, as the network sees them: that one is down is told, and changes no order."""

from peerhall.exchange.lifecycle import IN_PRODUCTION, phase_of
from peerhall.exchange.records import Record
from peerhall.orderdesk import settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def find_port(order: Order, port: str) -> Record | None:
    """A port in production, locked; another has no link to speak of."""
    record = order.find("ports", port, CHANGE_LOCK)
    return record if record is not None and phase_of(record) in IN_PRODUCTION else None


def show_link(order: Order, port: Record, *, up: bool) -> Record:
    """Has a port in production, and its status, show that its link is up or down."""
    return settling.describe(order, port.with_body(operational_state="up" if up else "down"), port)
