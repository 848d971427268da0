"""Network service configs at the counter; of the five types, those that can be ordered have an entry in TYPES."""

from typing import Any, Final

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import decide_cancellation, refuse_change_of_ending
from peerhall.exchange.lifecycle import Network, Phase, outdated, with_change, with_network
from peerhall.exchange.ordering.network_service_configs import NETWORK_MEMBERS
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.orderdesk import asns, exchange_lans, network_feature_configs, settling, vlans
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import OWNERS, check_parties, check_role_assignments

TYPES: Final = ("exchange_lan",)
"""The types that can be ordered."""


def create(order: Order, body: Body) -> Record:
    if body["type"] not in TYPES:
        refuse_member("type", f"this exchange takes orders for {', '.join(TYPES)}")
    defaults: Body = {"role_assignments": [], "macs": []}
    body = {**defaults, **fill_in_owners(order.caller, body, *OWNERS)}
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    check_role_assignments(order, faults, body["role_assignments"])
    surroundings = exchange_lans.check(order, faults, body)
    faults.refuse_if_any()

    document = order.new_id()
    members = {"id": document, "state": "requested", "status": [], "ips": [], "network_feature_configs": []}
    record = Record(
        document,
        "network-service-configs",
        {**blank("NetworkServiceConfig", body["type"]), **body, **members},
        {"phase": Phase.RESERVING.value},
    )
    record = vlans.take(order, record, surroundings.connection)
    record = exchange_lans.take(order, record, surroundings)
    order.add(record)
    asns.ask_for(order, record)
    exchange_lans.account_for(order, record)
    order.settle_later(record)
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("network-service-configs", document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    check_role_assignments(order, faults, changes.get("role_assignments", ()))
    changed = vlans.keep(record, record.with_body(**changes))
    surroundings = exchange_lans.check(order, faults, changed.body, current=record)
    faults.refuse_if_any()
    if changed.body.get("connection") is None:
        changed = changed.without("vlan_config")
    if _moved(record, changed):
        order.release(record, ["vlan"])
        changed = vlans.take(order, changed, surroundings.connection)
    changed = exchange_lans.move(order, record, changed, surroundings)
    changed = _follow_up(record, changed)
    order.save(changed)
    asns.ask_for(order, changed)
    exchange_lans.account_for(order, record, changed)
    if changed.body["connection"] != record.body["connection"]:
        order.reconcile_later(*settling.devices_of(order, record))
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Ends a config with its feature configs; what it holds is given back once it is out of the network."""
    record = order.get_changeable("network-service-configs", document)
    named = record.body.get("product_offering")
    offering = order.get("product-offerings", named).body if named else None
    ended = decide_cancellation(record, wished, order.rules.today(order.now), offering)
    order.save(ended)
    for session in order.users(document, "network_service_config", "network-feature-configs", CHANGE_LOCK):
        network_feature_configs.follow(order, session, ended)
    exchange_lans.account_for(order, record, ended)
    order.settle_later(ended)
    return settling.describe(order, settling.release_if_absent(order, ended))


def _moved(before: Record, after: Record) -> bool:
    return any(before.body.get(member) != after.body.get(member) for member in ("connection", "vlan_config"))


def _follow_up(before: Record, after: Record) -> Record:
    """What a change means: the network has to take it, and a new ASN may have to be verified."""
    touched = [member for member in NETWORK_MEMBERS if before.body.get(member) != after.body.get(member)]
    if touched:
        after = with_network(after, outdated(Network.of(after)))
    if set(after.body.get("asns") or ()) - set(before.body.get("asns") or ()):
        touched.append("asns")
    return with_change(before, after, touched)
