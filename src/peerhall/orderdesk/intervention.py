"""What the operator does to orders: turns one down, or has another try."""

from peerhall.exchange.lifecycle import (
    BEFORE_PRODUCTION,
    CLOSED_STATES,
    IN_PRODUCTION,
    phase_of,
    with_another_try,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unable
from peerhall.orderdesk import (
    asns,
    connections,
    network_feature_configs,
    network_service_configs,
    network_services,
    routing_functions,
    settling,
)
from peerhall.orderdesk.order import CHANGE_LOCK, RELY_LOCK, Order
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from peerhall.store.documents import Lock

ORDERED_KINDS = (
    "connections",
    "network-services",
    "network-service-configs",
    "network-feature-configs",
    "routing-functions",
)
"""What members order and the operator sees as orders; of the services it is clouds, which are built themselves."""


def find_order(connection: SyncConnection, document: str, lock: Lock = "") -> Record | None:
    """The order that a document is, or for a port, on which tasks are done too, the connection it was ordered with.

    The config of a session is locked with it, and first, as everybody does who changes both.
    """
    found = documents.find_many(connection, [document]).get(document)
    if lock and found is not None and found.kind == "network-feature-configs":
        documents.find_many(connection, [found.body["network_service_config"]], lock)
    target = found.body["connection"] if found is not None and found.kind == "ports" else document
    record = documents.find_many(connection, [target], lock).get(target)
    return record if record is not None and is_order(record) else None


def is_order(record: Record) -> bool:
    """Whether the operator sees it as an order."""
    return record.kind in ORDERED_KINDS and (record.kind != "network-services" or record.type == "cloud_vc")


def refuse(order: Order, record: Record, reason: str) -> Record:
    """Turns an order down that is not in production yet; the member reads why. Refuses anything further."""
    if phase_of(record) not in BEFORE_PRODUCTION:
        refuse_unable(f"It is {record.state}; only orders that are not in production yet can be refused.")
    order.save(record.with_meta(refused=reason))
    match record.kind:
        case "connections":
            ended = connections.cancel(order, record.id, None)
        case "network-services":
            ended = network_services.cancel(order, record.id, None)
        case "network-service-configs":
            ended = network_service_configs.cancel(order, record.id, None)
        case "network-feature-configs":
            ended = network_feature_configs.cancel(order, record.id)
        case "routing-functions":
            ended = routing_functions.cancel(order, record.id, None)
        case _:
            raise AssertionError(f"{record.kind} are not orders")
    return settling.describe(order, ended)


def turn_down_asn(order: Order, config: Record, asn: int, reason: str) -> None:
    """Turns down an order for an ASN that is not theirs; a config in production goes on without it.

    Sessions ordered for the ASN are turned down with it. A config that had it when it was handed on goes back.
    """
    if phase_of(config) in BEFORE_PRODUCTION:
        refuse(order, config, reason)
    if phase_of(config) not in IN_PRODUCTION:
        return
    if asns.was_handed_on(config) and asn in asns.list_earlier(config) and _has_open_owner(order, config):
        order.save(network_service_configs.hand_back(order, config).with_meta(change_refused=reason))
        return
    for session in order.users(config.id, "network_service_config", "network-feature-configs", CHANGE_LOCK):
        if session.body["asn"] == asn and phase_of(session) in BEFORE_PRODUCTION:
            refuse(order, session, reason)
    config = order.get(config.kind, config.id, CHANGE_LOCK)
    kept = [each for each in config.body["asns"] if each != asn]
    order.save(config.with_body(asns=kept).with_meta(change_refused=reason))
    asns.show(order, str(config.consuming_account))
    order.settle_later(config)


def _has_open_owner(order: Order, config: Record) -> bool:
    """Whether the account that a config was handed on from could have it back."""
    former = order.find("accounts", config.meta["former_owners"]["consuming_account"], RELY_LOCK)
    return former is not None and former.state not in CLOSED_STATES


def retry(order: Order, record: Record) -> Record:
    """Forgets why an order is stuck, so that the reconciler tries it again."""
    for each in (record, *order.users(record.id, "connection", "ports", CHANGE_LOCK)):
        if each.kind in settling.IN_THE_NETWORK:
            each = order.save(with_another_try(each))
            order.reconcile_later(*settling.devices_of(order, each))
        order.settle_later(each, *settling.COURSES[each.kind].followers(order, each))
    return settling.describe(order, order.get(record.kind, record.id))
