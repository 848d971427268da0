"""The course of a network service that members order: it has no device of its own, it lives through its configs."""

from dataclasses import replace

from peerhall.exchange.cancellation import charge_from, is_due
from peerhall.exchange.lifecycle import PROVIDERS, Circumstances, Network, Phase, list_pending
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import Note, circuit_decommission_scheduled, decommission_scheduled
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.ordered_services import ORDERED


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    kind = ORDERED[record.type]
    leaving = phase in (Phase.LEAVING, Phase.REMOVING)
    return Circumstances(
        missing=kind.list_missing(order, record),
        holding=kind.list_holding(order, record, phase),
        due=is_due(record, order.rules.today(order.now)),
        remarks=[
            *list_pending(record, phase),
            *([_decommission_scheduled(record)] if leaving else ()),
            *kind.list_remarks(order, record, phase),
        ],
    )


def network(order: Order, record: Record) -> Network:
    """In the network as long as any config on it is; whether that is as it should be, `circumstances` tells.

    A cloud has its circuit at the provider beside.
    """
    at_provider = Network.of(record, PROVIDERS) if record.type == "cloud_vc" else Network(configured=True)
    present = at_provider.present or order.is_used(record.id, "network_service", "network-service-configs")
    return replace(at_provider, present=present)


def entered(order: Order, record: Record, phase: Phase) -> Record:
    return charge_from(record, order.rules.today(order.now)) if phase is Phase.LIVE else record


def followers(order: Order, record: Record) -> list[Record]:
    """Handovers wait for the circuit."""
    return order.users(record.id, "network_service", "network-service-configs") if record.type == "cloud_vc" else []


def _decommission_scheduled(record: Record) -> Note:
    if record.type == "p2p_vc":
        return circuit_decommission_scheduled(record.body["decommission_at"])
    return decommission_scheduled(record.body["decommission_at"], record.body["charged_until"])
