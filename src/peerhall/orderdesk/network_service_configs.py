"""Network service configs at the counter: what all types have in common; `services` has what is special about each."""

from dataclasses import dataclass
from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.catalogue import check_capacity, check_move, check_same_terms
from peerhall.exchange.lifecycle import (
    IN_PRODUCTION,
    Phase,
    phase_of,
    with_change,
    with_outdated,
)
from peerhall.exchange.ordering.clouds import keep_in_step
from peerhall.exchange.ordering.network_service_configs import NETWORK_MEMBERS, check_asns
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.orderdesk import asns, attachments, config_macs, leaving, legs, network_feature_configs, settling, vlans
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.config_macs import Macs
from peerhall.orderdesk.courses.network_service_configs import list_concerned
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import OWNERS, check_parties, check_role_assignments
from peerhall.orderdesk.services import TYPES
from peerhall.store import documents


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a config refers to; connection and routing function are locked, and the service as far as it has to be."""

    service: Record
    connection: Record | None
    function: Record | None
    macs: Macs


def create(order: Order, body: Body) -> Record:
    if body["type"] not in TYPES:
        refuse_member("type", f"this exchange takes orders for {', '.join(TYPES)}")
    if body["type"] == "cloud_vc":
        body = keep_in_step(body)
    body = {"role_assignments": [], "macs": [], "ips": [], **fill_in_owners(order.caller, body, *OWNERS)}
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    check_role_assignments(order, faults, body["role_assignments"])
    surroundings = _survey(order, faults, body, None)
    faults.refuse_if_any()

    document = order.new_id()
    members = {"id": document, "state": "requested", "status": [], "network_feature_configs": []}
    record = Record(
        document,
        "network-service-configs",
        {**blank("NetworkServiceConfig", body["type"]), **body, **members},
        {"phase": Phase.RESERVING.value},
    )
    record = vlans.take(order, record, surroundings.connection)
    config_macs.take(order, record, surroundings.service, surroundings.macs.values())
    record = TYPES[record.type].take(order, record, surroundings.service)
    attachments.check_room(order, record, surroundings.connection)
    legs.check_fit(order, record, surroundings.service, surroundings.function)
    order.add(record)
    asns.ask_for(order, record)
    attachments.account_for(order, record)
    order.settle_later(record, *list_concerned(order, record))
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("network-service-configs", document)
    if record.type == "cloud_vc" and isinstance(body, dict):
        body = keep_in_step(body, record.body, replaced=operation.method == "PUT")
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    check_role_assignments(order, faults, changes.get("role_assignments", ()))
    changed = vlans.keep(record, record.with_body(**changes))
    if changed.body.get("connection") is None and "vlan_config" not in changes:
        changed = changed.without("vlan_config")
    surroundings = _survey(order, faults, changed.body, record)
    faults.refuse_if_any()
    if _differ(record, changed, "connection", "vlan_config"):
        changed = vlans.move(order, record, changed, surroundings.connection)
    config_macs.move(order, record, changed, surroundings.service, surroundings.macs)
    changed = TYPES[record.type].move(order, record, changed)
    if _differ(record, changed, "connection", "product_offering", "capacity"):
        attachments.check_room(order, changed, surroundings.connection)
    if _differ(record, changed, "routing_function", "l3_config", "capacity"):
        legs.check_fit(order, changed, surroundings.service, surroundings.function)
    changed = _follow_up(order, record, changed)
    order.save(changed)
    asns.ask_for(order, changed)
    attachments.account_for(order, record, changed)
    if _differ(record, changed, "connection", "routing_function"):
        order.reconcile_later(*settling.devices_of(order, record))
        _tell_function(order, record)
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Ends a config with its feature configs; what it holds is given back once it is out of the network."""
    record = order.get_changeable("network-service-configs", document)
    return _follow_end(order, record, leaving.end(order, record, wished))


def follow(order: Order, config: Record, service: Record) -> Record:
    """A config goes with its service, charged by its own terms."""
    return _follow_end(order, config, order.save(leaving.end_with(order, config, service)))


def hand_back(order: Order, config: Record) -> Record:
    """A config in production goes back to the accounts it was handed on from."""
    changed = config.with_body(**config.meta["former_owners"]).with_meta(former_owners=None)
    changed = TYPES[config.type].move(order, config, changed)
    changed = order.save(_follow_up(order, config, changed))
    asns.ask_for(order, changed)
    attachments.account_for(order, config, changed)
    order.settle_later(changed)
    return changed


def _follow_end(order: Order, record: Record, ended: Record) -> Record:
    if waiting := asns.remember(order, record):
        ended = order.save(ended.with_meta(waiting_asns=waiting))
    for session in order.users(ended.id, "network_service_config", "network-feature-configs", CHANGE_LOCK):
        network_feature_configs.follow(order, session, ended)
    attachments.account_for(order, record, ended)
    order.settle_later(ended, *list_concerned(order, ended))
    return settling.describe(order, settling.release_if_absent(order, ended))


def _survey(order: Order, faults: Faults, body: Body, current: Record | None) -> _Surroundings:
    """Whether everything the config names is there for the caller and fits together."""
    kind = TYPES[body["type"]]
    service = kind.find_service(order, faults, body, current)
    connection = attachments.check(order, faults, body, current)
    offering = kind.find_offering(order, faults, body, service, current)
    if offering is not None and _changes(current, body, "product_offering", "capacity"):
        check_capacity(faults, body.get("capacity"), offering.body)
        if current is not None and phase_of(current) in IN_PRODUCTION:
            _check_move(order, faults, current, body, service, offering)
    if current is not None and body.get("product_offering") != current.body.get("product_offering"):
        own = [order.find("product-offerings", each.get("product_offering") or "") for each in (current.body, body)]
        check_same_terms(faults, *(each.body if each else {} for each in own))
    if body.get("availability_zone") and order.find("availability-zones", body["availability_zone"]) is None:
        faults.add("availability_zone", "there is no such availability zone")
    if body.get("asns") and (current is None or body["asns"] != current.body.get("asns")):
        check_asns(faults, body["asns"])
    kind.check(order, faults, body, service, offering, connection, current)
    function = legs.check(order, faults, body, service, offering, current)
    macs = config_macs.check(order, faults, body, current)
    named = {each.id for each in (connection, function) if each is not None}
    if service.type == "cloud_vc" or (service.type == "exchange_lan" and current is None):
        # The others are locked as they are found; on a LAN only new configs are given addresses.
        named.add(service.id)
    locked = documents.find_many(order.connection, named, CHANGE_LOCK)
    return _Surroundings(
        locked.get(service.id, service),
        locked[connection.id] if connection else None,
        locked[function.id] if function else None,
        macs,
    )


def _check_move(order: Order, faults: Faults, current: Record, body: Body, service: Record, offering: Record) -> None:
    """Whether a config in production may have that capacity; a null one is what its offering lets through."""
    before = TYPES[current.type].find_offering(order, Faults(), current.body, service, current)
    assert before is not None
    was, wished = (
        attachments.rated(config, service).body.get("capacity") or at.body.get("bandwidth_max")
        for config, at in ((current, before), (current.with_body(**body), offering))
    )
    moves = Faults()
    check_move(moves, was, wished, before.body)
    for fault in moves.found:
        if before.id == offering.id:
            faults.add("capacity", fault.reason)
        else:
            faults.add("product_offering", f"the bandwidth {fault.reason}")


def _tell_function(order: Order, config: Record) -> None:
    """Has the routing function a config was on see whether anything still keeps it."""
    function = legs.find_function(order, config)
    if function is not None:
        order.settle_later(function)


def _changes(current: Record | None, body: Body, *members: str) -> bool:
    """Whether any of these members is asked for anew: what an offering allows may have changed since it was ordered."""
    return current is None or any(body.get(member) != current.body.get(member) for member in members)


def _differ(before: Record, after: Record, *members: str) -> bool:
    return any(before.body.get(member) != after.body.get(member) for member in members)


def _follow_up(order: Order, before: Record, after: Record) -> Record:
    """What a change means: the network has to take it, and an ASN new to the config or its account to be verified."""
    touched = [member for member in NETWORK_MEMBERS if before.body.get(member) != after.body.get(member)]
    if touched:
        after = with_outdated(after)
    if "capacity" in touched or "connection" in touched:
        after = after.with_meta(cut=None)
    if "macs" in touched:
        after = after.with_meta(expired_macs=None)
    if set(after.body.get("asns") or ()) - set(before.body.get("asns") or ()):
        touched.append("asns")
    handed_on = phase_of(before) in IN_PRODUCTION and _differ(before, after, "consuming_account")
    if handed_on and asns.list_unknown(order, after):
        former = before.meta.get("former_owners") or {member: before.body[member] for member in OWNERS}
        after = after.with_meta(former_owners=former)
        touched.append("consuming_account")
    return with_change(before, after, touched)
