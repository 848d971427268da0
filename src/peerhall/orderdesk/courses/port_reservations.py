"""The course of a port reservation: that of its port."""

from datetime import timedelta

from peerhall.exchange.cancellation import charge_from, is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import Note, awaiting_cross_connect, decommission_scheduled, loa_required
from peerhall.orderdesk import loas, ports
from peerhall.orderdesk.order import Order


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    remarks: list[Note] = []
    missing: list[Note] = []
    changes_at = None
    if record.body["port"] is None:
        # Only the connection gives a reservation its port; it does not get further by itself.
        waits = phase is Phase.RESERVING and loas.waits_for_one(order, record)
        missing.append(loa_required("port-reservations", record.id) if waits else awaiting_cross_connect(None))
    if phase is Phase.BUILDING:
        demarc, issued = record.body["exchange_side_demarc"], record.meta.get("loa_issued_on")
        letter = loas.find_validity(order, record) if issued else None
        remarks.append(awaiting_cross_connect(demarc, letter.expires.isoformat() if letter else None))
        if letter is not None:
            changes_at = order.rules.midnight(letter.expires + timedelta(days=1))
    if phase in (Phase.LEAVING, Phase.REMOVING):
        remarks.append(decommission_scheduled(record.body["decommission_at"], record.body["charged_until"]))
    due = is_due(record, order.rules.today(order.now))
    return Circumstances(missing=missing, due=due, remarks=remarks, changes_at=changes_at)


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
