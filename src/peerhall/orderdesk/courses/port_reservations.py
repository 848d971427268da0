"""The course of a port reservation: that of its port."""

from peerhall.exchange.cancellation import charge_from, is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import Note, awaiting_cross_connect, decommission_scheduled
from peerhall.orderdesk import ports
from peerhall.orderdesk.order import Order


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    remarks: list[Note] = []
    if phase is Phase.BUILDING:
        remarks.append(awaiting_cross_connect(record.body["exchange_side_demarc"]))
    if phase in (Phase.LEAVING, Phase.REMOVING):
        remarks.append(decommission_scheduled(record.body["decommission_at"], record.body["charged_until"]))
    # Only the connection gives a reservation its port; it does not get further by itself.
    return Circumstances(
        missing=[awaiting_cross_connect(None)] if record.body["port"] is None else (),
        due=is_due(record, order.rules.today(order.now)),
        remarks=remarks,
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
    if phase is Phase.LIVE:
        record = charge_from(record, order.rules.today(order.now))
        if record.meta.get("added"):
            ports.count_bundle(order, record)
    return record


def followers(_: Order, __: Record) -> list[Record]:
    return []
