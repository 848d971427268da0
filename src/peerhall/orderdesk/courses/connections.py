"""The course of a connection: it lives through its ports."""

from peerhall.exchange.cancellation import charge_from, is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase, list_pending, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import contact_role_required, decommission_scheduled, loa_required
from peerhall.orderdesk import loas
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import list_roles


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    offering = order.get("product-offerings", record.body["product_offering"])
    roles = list_roles(order, record.body["role_assignments"])
    wanted = offering.body.get("required_contact_roles") or []
    leaving = phase in (Phase.LEAVING, Phase.REMOVING)
    missing = [contact_role_required(role) for role in wanted if role not in roles]
    if phase is Phase.RESERVING and loas.is_waited_for(order, record, offering):
        missing.append(loa_required("connections", record.id))
    return Circumstances(
        missing=missing,
        due=is_due(record, order.rules.today(order.now)),
        remarks=[decommission_scheduled(record.body["decommission_at"], record.body["charged_until"])]
        if leaving
        else list_pending(record, phase),
    )


def network(order: Order, record: Record) -> Network:
    """In place with its only port, or with one of a bundle; while changing, with all that are in use."""
    bundle = order.users(record.id, "connection", "ports")
    ready = [port for port in bundle if phase_of(port) is Phase.LIVE and Network.of(port).configured]
    if phase_of(record) is Phase.CHANGING:
        configured = all(port in ready for port in bundle if phase_of(port) is Phase.LIVE)
    else:
        configured = bool(ready) and (record.body["mode"] != "standalone" or len(ready) == len(bundle))
    return Network(
        present=any(phase_of(port) not in (Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED) for port in bundle),
        configured=configured,
        ticket=next((ticket for port in bundle if (ticket := Network.of(port).ticket)), None),
        fault=next((fault for port in bundle if (fault := Network.of(port).fault)), None),
        reference=next((reference for port in bundle if (reference := Network.of(port).reference)), None),
    )


def entered(order: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.BUILDING:
        record = loas.allocate_authorised(order, record)
        order.settle_later(*order.users(record.id, "connection", "ports"))
    if phase is Phase.LIVE:
        record = charge_from(record, order.rules.today(order.now))
    return record


def followers(order: Order, record: Record) -> list[Record]:
    return order.users(record.id, "connection", "network-service-configs")
