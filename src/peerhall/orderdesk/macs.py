"""MAC addresses at the counter."""

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.ordering.macs import check_mac
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_unable
from peerhall.orderdesk import config_macs, mac_validity, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.parties import check_accounts

_OWNERS = ("managing_account", "consuming_account")


def create(order: Order, body: Body) -> Record:
    body = fill_in_owners(order.caller, body, *_OWNERS)
    faults = Faults()
    check_accounts(order, faults, body, *_OWNERS)
    check_mac(faults, body, order.now)
    faults.refuse_if_any()
    document = order.new_id()
    record = Record(document, "macs", {"id": document, **body})
    order.add(record)
    mac_validity.watch(order, record)
    return record


def remove(order: Order, document: str) -> Record:
    """Deletes an address that no live config names; configs on their way out let it go."""
    record = order.get_changeable("macs", document)
    users = order.users(document, "macs", "network-service-configs", CHANGE_LOCK)
    conflicts = [
        Conflict("network-service-configs", user.id, "macs", "macs", document)
        for user in users
        if user.state in LIVE_STATES
    ]
    if conflicts:
        refuse_unable(
            "The MAC address is in use; take it out of the configs in conflicts first.", order.only_seen(conflicts)
        )
    for user in users:
        config_macs.drop(order, user, record)
        order.reconcile_later(*settling.devices_of(order, user))
    order.remove(record)
    order.settle_at(record, None)
    return record
