"""IP addresses at the counter: a member's own, and the names of those the exchange allocates."""

from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body
from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.claims import PRIVATE, AnyClaim, Claim, PrefixClaim
from peerhall.exchange.lifecycle import LIVE_STATES, Phase, phase_of
from peerhall.exchange.ordering.ips import check_fqdn, check_ip, is_private
from peerhall.exchange.ordering.macs import has_expired
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_denied, refuse_member, refuse_unable, refuse_unknown
from peerhall.orderdesk.addresses import is_allocated
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import check_accounts
from peerhall.store import claims

_OWNERS = ("managing_account", "consuming_account")
_OVER = frozenset({Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED})


def create(order: Order, body: Body) -> Record:
    body = fill_in_owners(order.caller, body, *_OWNERS)
    faults = Faults()
    check_accounts(order, faults, body, *_OWNERS)
    address = check_ip(faults, body, body, order.now)
    faults.refuse_if_any()
    assert address is not None
    document = order.new_id()
    record = Record(document, "ips", {"id": document, **body})
    _take_prefix(order, record, address)
    order.add(record)
    return record


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    """Changes an address of one's own; of an allocated one, only its name, by who manages the config it is for."""
    record = order.find_seen("ips", document, CHANGE_LOCK)
    if record is None:
        refuse_unknown()
    allocated = record.meta.get("network_service_config")
    if allocated is not None:
        _refuse_unless_managing_config(order, allocated)
    elif not order.caller.acts_for(record.managing_account):
        refuse_denied("This address belongs to the exchange.")
    changes = read_changes(operation, record, body)
    faults = Faults()
    changed = record.with_body(**changes)
    if allocated is not None:
        if changes.keys() - {"fqdn"}:
            refuse_denied("The exchange allocated this address; only its fqdn can be changed.")
        if changes and has_expired(record.body, order.now):
            refuse_unable("The address went back to the exchange, and may be another member's by now.")
        check_fqdn(faults, changed.body)
        faults.refuse_if_any()
        return order.save(changed)
    check_accounts(order, faults, changes, *(member for member in _OWNERS if member in changes))
    address = check_ip(faults, changed.body, changes, order.now)
    faults.refuse_if_any()
    if address is not None:
        _refuse_if_used(order, record)
    handed_on = "consuming_account" in changes and claims.list_held(order.connection, [record.id])[record.id]
    if address is not None or handed_on:
        order.release(record, ["prefix", PRIVATE])
        _take_prefix(order, changed, ip_interface(f"{changed.body['address']}/{changed.body['prefix_length']}"))
    return order.save(changed)


def free(order: Order, record: Record) -> None:
    """Makes the prefix of a member, locked, free to others: the operator's doing. Refuses one that is not out of use.

    Where an order that is over still names it, it stays as one that has expired.
    """
    if is_allocated(record) or record.managing_account == order.rules.account:
        refuse_unable("The exchange gave this address itself; it is given back with the order it is for.")
    users = [
        *order.users(record.id, "ips", "network-service-configs"),
        *order.users(record.id, "ip", "network-feature-configs"),
    ]
    conflicts = [
        Conflict(user.kind, user.id, "ips", record.kind, record.id) for user in users if phase_of(user) not in _OVER
    ]
    if conflicts:
        named = ", ".join(f"{each.resource_type} {each.resource_id}" for each in conflicts)
        refuse_unable(f"The address is still in use by {named}.", conflicts)
    order.release(record)
    if users:
        order.save(record.with_body(valid_not_after=write_instant(order.now)))
    else:
        order.remove(record)


def _take_prefix(order: Order, record: Record, address: IPv4Interface | IPv6Interface) -> None:
    claim: AnyClaim = PrefixClaim(str(address.network))
    if is_private(address):
        # Others may have the same for other groups; within a group, its configs hold their addresses.
        if claims.find_holder(order.connection, claim) is not None:
            refuse_member("address", f"{address.network} overlaps with a peering LAN")
        claim = Claim(PRIVATE, str(record.consuming_account), str(address.network))
    for holder in order.take([claim], record).values():
        if holder is not None and order.caller.acts_for(holder.account):
            refuse_member("address", f"{address.network} overlaps with {holder.document}, which you have already")
        refuse_member("address", f"{address.network} overlaps with a prefix that is in use")


def _refuse_if_used(order: Order, record: Record) -> None:
    """A config that chose the address is configured with it."""
    conflicts = [
        Conflict(config.kind, config.id, "ips", record.kind, record.id)
        for config in order.users(record.id, "ips", "network-service-configs")
        if config.state in LIVE_STATES
    ]
    if conflicts:
        refuse_unable(
            "The address is in use; take it out of the configs in conflicts first.", order.only_seen(conflicts)
        )


def _refuse_unless_managing_config(order: Order, config: str) -> None:
    record = order.find("network-service-configs", config)
    if record is None or not order.caller.acts_for(record.managing_account):
        refuse_denied("Only who manages the network service config may change the names of its addresses.")
