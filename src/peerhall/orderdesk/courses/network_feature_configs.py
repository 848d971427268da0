"""The course of a session with a route server: it follows its network service config."""

from peerhall.exchange.cancellation import is_due
from peerhall.exchange.lifecycle import Circumstances, Network, Phase, list_pending
from peerhall.exchange.ordering.network_feature_configs import list_missing, list_remarks
from peerhall.exchange.records import Record
from peerhall.orderdesk import asns
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import list_roles


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    feature = order.get("network-features", record.body["network_feature"])
    config = order.get("network-service-configs", record.body["network_service_config"])
    return Circumstances(
        missing=list_missing(
            record,
            config,
            feature,
            roles=list_roles(order, record.body["role_assignments"]),
            unverified_asns=asns.list_unverified(order, config),
        ),
        due=is_due(record, order.rules.today(order.now)),
        remarks=[*list_pending(record, phase), *list_remarks(record, phase)],
    )


def network(_: Order, record: Record) -> Network:
    return Network.of(record)


def entered(_: Order, record: Record, __: Phase) -> Record:
    return record


def followers(order: Order, record: Record) -> list[Record]:
    return [order.get("network-service-configs", record.body["network_service_config"])]
