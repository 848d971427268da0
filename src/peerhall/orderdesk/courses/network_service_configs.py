"""The course of a config on a peering LAN: reserved, configured, tested, in production, and out again."""

from peerhall.exchange.lifecycle import LIVE_STATES, Circumstances, Network, Phase
from peerhall.exchange.ordering.macs import is_valid_now, next_validity
from peerhall.exchange.ordering.network_service_configs import list_holding, list_missing, list_remarks
from peerhall.exchange.records import Record
from peerhall.orderdesk import asns, exchange_lans
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import list_roles
from peerhall.store import documents


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    service = order.get("network-services", record.body["network_service"])
    named = record.body.get("connection")
    connection = order.get("connections", named) if named else None
    unverified = asns.list_unverified(order, record)
    sessions = order.users(record.id, "network_service_config", "network-feature-configs")
    macs = documents.find_many(order.connection, record.body.get("macs") or ())
    missing = list_missing(
        record,
        service,
        connection,
        roles=list_roles(order, record.body["role_assignments"]),
        features=order.users(service.id, "network_service", "network-features"),
        configured_features={each.body["network_feature"] for each in sessions if each.state in LIVE_STATES},
        valid_macs={mac.id for mac in macs.values() if is_valid_now(mac.body, order.now)},
        unverified_asns=unverified,
    )
    addresses = documents.find_many(order.connection, record.body.get("ips") or ())
    leaving = phase in (Phase.LEAVING, Phase.REMOVING)
    return Circumstances(
        missing=missing,
        holding=list_holding(record, service, unverified, phase),
        tested=True,
        changes_at=next_validity((mac.body for mac in macs.values()), order.now) if phase is Phase.RESERVING else None,
        due=leaving and record.body["decommission_at"] <= order.rules.today(order.now).isoformat(),
        remarks=list_remarks(record, connection, [each.body["address"] for each in addresses.values()], phase),
    )


def network(_: Order, record: Record) -> Network:
    return Network.of(record)


def entered(order: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.LIVE and record.body.get("current_billing_start_date") is None:
        record = record.with_body(current_billing_start_date=order.rules.today(order.now).isoformat())
    if phase is Phase.GONE:
        order.save(record.with_body(state="decommissioned"))
        exchange_lans.account_for(order, record)
    return record


def followers(order: Order, record: Record) -> list[Record]:
    return order.users(record.id, "network_service_config", "network-feature-configs")
