"""Port reservations at the counter."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, IN_PRODUCTION, Phase, phase_of, with_phase
from peerhall.exchange.records import Record
from peerhall.orderdesk import ports
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import Order


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("port-reservations", document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    return order.save(record.with_body(**changes))


def draw_up(order: Order, connection: Record, port: ports.Chosen, demarc: str | None, body: Body) -> Record:
    """One reservation of a new connection; its port is reserved, but not shown before it is allocated."""
    group, name = port
    document = order.new_id()
    members: Body = {
        "id": document,
        "state": "requested",
        "status": [],
        "subscriber_side_demarc": demarc,
        "connecting_party": body.get("connecting_party"),
        "connection": connection.id,
    }
    reserved = {"device": group.device, "port": name, "media_type": group.media_type, "speed": group.speed}
    return Record(
        document,
        "port-reservations",
        {**blank("PortReservation"), **members},
        {
            "phase": Phase.RESERVING.value,
            "managing_account": connection.managing_account,
            "consuming_account": connection.consuming_account,
            "reserved": reserved,
        },
    )


def follow(record: Record, connection: Record, today: str) -> Record:
    """A reservation or port after its connection was cancelled or given its last day."""
    before, after = phase_of(record), phase_of(connection)
    if after is Phase.ARCHIVED and before in (Phase.GONE, Phase.CANCELLED):
        return _end(record, Phase.ARCHIVED, "archived")
    if after in (Phase.CANCELLED, Phase.LEAVING) and before in BEFORE_PRODUCTION:
        return _end(record, Phase.CANCELLED, "cancelled")
    if after in (Phase.CANCELLED, Phase.LEAVING) and before in (*IN_PRODUCTION, Phase.LEAVING):
        # A port can be in use before its connection is: of a cancelled one it leaves at once.
        days = {member: connection.body[member] or today for member in ("decommission_at", "charged_until")}
        shown = days if record.kind == "port-reservations" else {}
        return _end(record, Phase.LEAVING, "decommission_requested").with_body(**shown).with_meta(**days)
    return record


def _end(record: Record, phase: Phase, state: str) -> Record:
    return with_phase(record, phase).with_body(state=state)
