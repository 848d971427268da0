"""Network feature configs at the counter: sessions with route servers."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import Conditions, decide_cancellation, refuse_change_of_ending
from peerhall.exchange.lifecycle import (
    LIVE_STATES,
    Phase,
    with_change,
    with_outdated,
)
from peerhall.exchange.ordering.network_feature_configs import (
    NETWORK_MEMBERS,
    check_address,
    check_asn,
    check_flags,
    check_session,
)
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_unable, refuse_unknown
from peerhall.orderdesk import asns, leaving, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import OWNERS, check_parties, check_role_assignments


def create(order: Order, body: Body) -> Record:
    defaults: Body = {"role_assignments": [], "flags": []}
    body = {**defaults, **fill_in_owners(order.caller, body, *OWNERS)}
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    check_role_assignments(order, faults, body["role_assignments"])
    feature = order.find("network-features", body["network_feature"])
    named = body["network_service_config"]
    config = order.find_usable("network-service-configs", [named], CHANGE_LOCK).get(named)
    if feature is None:
        faults.add("network_feature", "there is no such network feature")
    if config is None:
        faults.add("network_service_config", "there is no such network service config")
    elif not order.caller.acts_for(config.managing_account):
        faults.add("network_service_config", "is managed by another account")
    elif config.state not in LIVE_STATES:
        faults.add("network_service_config", f"is {config.state} and takes no new sessions")
    faults.refuse_if_any()
    assert feature is not None
    assert config is not None
    if feature.body["network_service"] != config.body["network_service"]:
        faults.add("network_feature", "belongs to another network service than the config")
    _check(order, faults, body, feature, config)
    flags = check_flags(faults, body["flags"], feature.body)
    for other in order.users(config.id, "network_service_config", "network-feature-configs"):
        same = other.body["network_feature"] == feature.id and other.body["ip"] == body["ip"]
        if same and other.state in LIVE_STATES:
            faults.add("ip", f"has a session with this route server already: {other.id}")
    faults.refuse_if_any()

    document = order.new_id()
    members = {"id": document, "state": "requested", "status": [], "flags": flags}
    record = Record(
        document,
        "network-feature-configs",
        {**blank("NetworkFeatureConfig", body["type"]), **body, **members},
        {"phase": Phase.RESERVING.value},
    )
    order.add(record)
    config = order.save(config.with_body(network_feature_configs=[*config.body["network_feature_configs"], document]))
    asns.show(order, str(record.consuming_account))
    settling.describe(order, config)
    order.settle_later(record, config)
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record, config = lock(order, document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    changed = record.with_body(**changes)
    feature = order.get("network-features", record.body["network_feature"])
    _check(order, faults, changed.body, feature, config)
    if changes.get("asn") in asns.list_unverified(order, config):
        faults.add("asn", "is not verified yet; change it once the config is in production with it")
    faults.refuse_if_any()
    touched = [member for member in NETWORK_MEMBERS if member in changes]
    if touched:
        changed = with_change(record, with_outdated(changed), touched)
    order.save(changed)
    asns.show(order, str(changed.consuming_account))
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str) -> Record:
    """Ends a session, unless its config needs the feature."""
    record, config = lock(order, document)
    feature = order.get("network-features", record.body["network_feature"])
    needed = feature.body["required"] and config.state in LIVE_STATES and record.state in LIVE_STATES
    if needed and not _has_other(order, record):
        refuse_unable(
            f"{feature.body['name']} is required; end the network service config instead.",
            [Conflict(config.kind, config.id, "network_feature_configs", record.kind, record.id)],
        )
    return _end(order, record, decide_cancellation(record, None, Conditions(order.rules.today(order.now))))


def lock(order: Order, document: str) -> tuple[Record, Record]:
    """A session the caller may change, and its config: that first, as everybody does who changes both.

    Refuses what the caller cannot see, and what others manage.
    """
    seen = order.find_seen("network-feature-configs", document) or refuse_unknown()
    config = order.get("network-service-configs", seen.body["network_service_config"], CHANGE_LOCK)
    return order.get_changeable("network-feature-configs", document), config


def follow(order: Order, session: Record, config: Record) -> None:
    """A session goes with its config, on the same day."""
    _end(order, session, leaving.end_with(order, session, config))


def _end(order: Order, before: Record, after: Record) -> Record:
    """The session after its end was decided."""
    if after != before:
        order.save(after)
    if before.state != after.state:
        asns.show(order, str(after.consuming_account))
        config = order.get("network-service-configs", before.body["network_service_config"])
        order.settle_later(after, config)
    elif after != before:
        order.settle_later(after)
    return settling.describe(order, settling.release_if_absent(order, after))


def _check(order: Order, faults: Faults, body: Body, feature: Record, config: Record) -> None:
    check_session(faults, body, feature.body)
    check_asn(faults, body["asn"], config.body)
    check_address(faults, order.find("ips", body["ip"]), config, feature.body)


def _has_other(order: Order, session: Record) -> bool:
    return any(
        other.id != session.id
        and other.body["network_feature"] == session.body["network_feature"]
        and other.state in LIVE_STATES
        for other in order.users(session.body["network_service_config"], "network_service_config", session.kind)
    )
