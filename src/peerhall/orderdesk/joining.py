"""Joining a group at the counter: what configs on a p2mp_vc and an mp2mp_vc have in common."""

from peerhall.contract.validation import Body
from peerhall.exchange.catalogue import check_offering
from peerhall.exchange.joining import Admission, check_joining_capacity, decide_joining, limit_capacity
from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, Phase, with_change, with_outdated
from peerhall.exchange.ordering.groups import (
    check_group_offering,
    check_place,
    check_without_rule,
    list_joining_remarks,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_denied, refuse_member
from peerhall.exchange.statuses import Note
from peerhall.orderdesk import addresses, attachments
from peerhall.orderdesk.order import CHANGE_LOCK, STAY_LOCK, Order


def admit(order: Order, service: Record, account: str | None) -> Admission:
    """How an account may join a service, by the rules as they are now."""
    return decide_joining(service, account, order.users(service.id, "network_service", "member-joining-rules"))


def find_service(order: Order, body: Body, current: Record | None, type_: str) -> Record:
    """The service, locked, so that its rules stay as they are. Refuses an account that may not join it."""
    if current is None:
        service = order.find_seen("network-services", body["network_service"])
        if service is None or service.type != type_:
            refuse_member("network_service", f"there is no such {type_} service")
        service = _lock(order, service)
        if service.state not in LIVE_STATES:
            refuse_member("network_service", "takes no new configs any more")
    else:
        # Whoever has a config may go on with it, also where the service is no longer shown to it.
        service = _lock(order, order.get("network-services", current.body["network_service"]))
    account = body.get("consuming_account")
    joins = current is None or account != current.consuming_account
    if joins and order.caller.acts_for(account) and not admit(order, service, account).granted:
        refuse_denied("The owner of the network service does not let this account join it.")
    return service


def _lock(order: Order, service: Record) -> Record:
    """The service, as it will stay. Who joins it waits for others only where it matters to them who else is there.

    That is where addresses are given out, and where leaves look for a root.
    """
    alone = service.type == "p2mp_vc" or addresses.list_subnets(service)
    return order.get("network-services", service.id, CHANGE_LOCK if alone else STAY_LOCK)


def find_offering(order: Order, faults: Faults, body: Body, service: Record, current: Record | None) -> Record | None:
    """The config's own offering, else that of the service."""
    named = body.get("product_offering")
    if named is not None and (current is None or named != current.body.get("product_offering")):
        before = len(faults.found)
        check_group_offering(faults, named, service)
        if named != service.body["product_offering"] and len(faults.found) == before:
            found = order.find("product-offerings", named)
            return check_offering(faults, found, service.type, "network_service_config", order.now)
    return _offering_of(order, body, service)


def check(
    order: Order,
    faults: Faults,
    body: Body,
    service: Record,
    offering: Record | None,
    connection: Record | None,
    current: Record | None,
) -> None:
    """Whether the config is where the service is, and has the capacity that its owner lets it have."""
    if offering is not None and connection is not None:
        check_place(faults, body, offering.body, connection)
    admission = admit(order, service, body.get("consuming_account"))
    if current is not None:
        check_without_rule(faults, current, body, admission)
    if current is None or body.get("capacity") != current.body.get("capacity"):
        check_joining_capacity(faults, body.get("capacity"), admission)


def limit(order: Order, before: Record | None, after: Record, service: Record) -> Record:
    """The config with the capacity that the rules leave it."""
    bounds = []
    if (offering := _offering_of(order, after.body, service)) is not None:
        bounds.append(offering.body.get("bandwidth_max"))
    if named := after.body.get("connection"):
        bounds.append(order.get("connections", named).body.get("speed"))
    if named := after.body.get("routing_function"):
        bounds.append(order.get("routing-functions", named).body.get("capacity"))
    possible = min((bound for bound in bounds if bound), default=None)
    return limit_capacity(before, after, admit(order, service, after.consuming_account), possible)


def follow(order: Order, config: Record, service: Record) -> Record:
    """A locked config, living by its service and the rules as they are now."""
    limited = attachments.fit(order, config, limit(order, config, config, service), service)
    if limited.body["capacity"] != config.body["capacity"]:
        limited = with_change(config, with_outdated(limited), ["capacity"])
    if limited != config:
        order.save(limited)
        attachments.account_for(order, limited)
    order.settle_later(limited)
    return limited


def follow_service(order: Order, before: Record, after: Record) -> None:
    """Has rules and configs follow a changed service: who manages it manages its rules as well."""
    if after.managing_account != before.managing_account:
        for rule in order.users(after.id, "network_service", "member-joining-rules", CHANGE_LOCK):
            order.save(rule.with_body(managing_account=after.managing_account))
    for config in order.users(after.id, "network_service", "network-service-configs", CHANGE_LOCK):
        if config.state in LIVE_STATES:
            follow(order, config, after)


def list_remarks(order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
    """What the rules mean for a config that goes on."""
    return [] if phase in ENDING else list_joining_remarks(config, admit(order, service, config.consuming_account))


def _offering_of(order: Order, body: Body, service: Record) -> Record | None:
    return order.find("product-offerings", body.get("product_offering") or service.body["product_offering"])
