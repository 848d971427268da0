"""The course of a port reservation: that of its port."""

from peerhall.exchange.lifecycle import Circumstances, Network, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import Note, awaiting_cross_connect, decommission_scheduled
from peerhall.orderdesk.order import Order


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    leaving = phase in (Phase.LEAVING, Phase.REMOVING)
    remarks: list[Note] = []
    if phase is Phase.BUILDING:
        remarks.append(awaiting_cross_connect(record.body["exchange_side_demarc"]))
    if leaving:
        remarks.append(decommission_scheduled(record.body["decommission_at"], record.body["charged_until"]))
    due = leaving and record.body["decommission_at"] <= order.rules.today(order.now).isoformat()
    # Only the connection gives a reservation its port; it does not get further by itself.
    return Circumstances(
        missing=[awaiting_cross_connect(None)] if record.body["port"] is None else (), due=due, remarks=remarks
    )


def network(order: Order, record: Record) -> Network:
    port = order.find("ports", record.body["port"]) if record.body["port"] else None
    if port is None:
        return Network()
    phase = phase_of(port)
    known = Network.of(port)
    return Network(
        present=phase not in (Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED) or known.present,
        configured=phase is Phase.LIVE,
        ticket=known.ticket,
        fault=known.fault,
        reference=known.reference,
    )


def entered(order: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.LIVE and record.body.get("current_billing_start_date") is None:
        return record.with_body(current_billing_start_date=order.rules.today(order.now).isoformat())
    return record


def followers(_: Order, __: Record) -> list[Record]:
    return []
