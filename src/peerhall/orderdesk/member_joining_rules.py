"""Member joining rules at the counter: the owner of a group says who may join it, and with how much capacity."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.claims import PAIR, Claim
from peerhall.exchange.joining import GROUPS, check_limits, list_owners
from peerhall.exchange.lifecycle import CLOSED_STATES, LIVE_STATES
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_denied, refuse_member
from peerhall.orderdesk import joining, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, RELY_LOCK, Order
from peerhall.orderdesk.parties import check_accounts


def create(order: Order, body: Body) -> Record:
    faults = Faults()
    check_accounts(order, faults, body, "managing_account")
    service = _find_service(order, body["network_service"])
    document = order.new_id()
    rule = Record(
        document, "member-joining-rules", {**blank("MemberJoiningRule", body["type"]), **body, "id": document}
    )
    _check(order, faults, rule, service, body)
    faults.refuse_if_any()
    _take_pair(order, rule, service)
    order.add(rule)
    order.save(service.with_body(member_joining_rules=[*service.body["member_joining_rules"], document]))
    _follow(order, rule)
    return rule


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    """Changes a rule; configs of the account it is about, and was about, follow at once."""
    rule = order.get_changeable("member-joining-rules", document)
    changes = read_changes(operation, rule, body)
    service = order.get("network-services", rule.body["network_service"], CHANGE_LOCK)
    faults = Faults()
    check_accounts(order, faults, changes, *({"managing_account"} & changes.keys()))
    changed = rule.with_body(**changes)
    _check(order, faults, changed, service, changes)
    faults.refuse_if_any()
    if "consuming_account" in changes:
        order.release(rule)
        _take_pair(order, changed, service)
    order.save(changed)
    for each in {rule.consuming_account: rule, changed.consuming_account: changed}.values():
        _follow(order, each)
    return changed


def remove(order: Order, document: str) -> Record:
    """Deletes a rule at once. Who joined by it stays; a private service is no longer shown to who has not."""
    rule = order.get_changeable("member-joining-rules", document)
    forget(order, rule)
    _follow(order, rule)
    return rule


def forget(order: Order, rule: Record) -> None:
    """Takes a rule, which is locked, off its service and out of the world."""
    service = order.get("network-services", rule.body["network_service"], CHANGE_LOCK)
    left = [each for each in service.body["member_joining_rules"] if each != rule.id]
    order.save(service.with_body(member_joining_rules=left))
    order.release(rule)
    order.remove(rule)


def _find_service(order: Order, named: str) -> Record:
    service = order.find_seen("network-services", named, CHANGE_LOCK)
    if service is None:
        refuse_member("network_service", "there is no such network service")
    if service.type not in GROUPS:
        refuse_member("network_service", f"is of type {service.type}; rules are for {' and '.join(sorted(GROUPS))}")
    if not order.caller.acts_for(service.managing_account):
        refuse_denied("Only the managing account of the network service, or one above it, says who may join it.")
    if service.state not in LIVE_STATES:
        refuse_member("network_service", f"is {service.state} and takes no new rules")
    return service


def _check(order: Order, faults: Faults, rule: Record, service: Record, changes: Body) -> None:
    if "managing_account" in changes and rule.managing_account != service.managing_account:
        faults.add("managing_account", f"must be {service.managing_account}, which manages the network service")
    if "consuming_account" in changes:
        account = order.find("accounts", str(rule.consuming_account), RELY_LOCK)
        # That an account is closed is told no more than that it is there.
        if account is None or account.state in CLOSED_STATES:
            faults.add("consuming_account", "there is no such account")
        elif account.id in list_owners(service):
            faults.add("consuming_account", "owns the network service, and joins it without a rule")
    check_limits(faults, rule)


def _take_pair(order: Order, rule: Record, service: Record) -> None:
    account = str(rule.consuming_account)
    for holder in order.take([Claim(PAIR, service.id, account)], rule).values():
        already = f": {holder.document}" if holder else ""
        refuse_member("consuming_account", f"there is a rule for {account} on this network service already{already}")


def _follow(order: Order, rule: Record) -> None:
    """Has the configs of the account live by the rules as they are now."""
    service = order.get("network-services", rule.body["network_service"])
    for config in order.users(service.id, "network_service", "network-service-configs", CHANGE_LOCK):
        if config.consuming_account == rule.consuming_account and config.state in LIVE_STATES:
            settling.describe(order, joining.follow(order, config, service))
