"""Contacts at the counter."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body
from peerhall.exchange.ordering.contacts import check_contact, refuse_incomplete
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.orderdesk import accounts, role_assignments
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.parties import check_accounts
from peerhall.store import staffing

_OWNERS = ("managing_account", "consuming_account")


def create(order: Order, body: Body) -> Record:
    body = fill_in_owners(order.caller, body, *_OWNERS)
    faults = Faults()
    check_accounts(order, faults, body, *_OWNERS)
    check_contact(faults, body)
    faults.refuse_if_any()
    document = order.new_id()
    record = Record(document, "contacts", {"id": document, **body})
    order.add(record)
    return record


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = order.get_changeable("contacts", document)
    changes = read_changes(operation, record, body)
    faults = Faults()
    check_accounts(order, faults, changes, *(member for member in _OWNERS if member in changes))
    changed = record.with_body(**changes)
    check_contact(faults, changes)
    faults.refuse_if_any()
    filled = staffing.list_assignments_of_contact(order.connection, document)
    refuse_incomplete(changed.body, ((each.role, each.required_fields) for each in filled))
    if changed.consuming_account != record.consuming_account:
        role_assignments.refuse_if_needed(order, [each.id for each in filled])
    order.save(changed)
    if any(member in changes for member in _OWNERS):
        role_assignments.follow_contact(order, changed)
    for account in {record.consuming_account, changed.consuming_account} - {None}:
        accounts.settle(order, str(account))
    return changed


def remove(order: Order, document: str) -> Record:
    record = order.get_changeable("contacts", document)
    filled = [each.id for each in staffing.list_assignments_of_contact(order.connection, document)]
    role_assignments.refuse_if_needed(order, filled)
    for assignment in filled:
        order.remove(order.get("role-assignments", assignment))
    order.remove(record)
    if filled:
        accounts.settle(order, str(record.consuming_account))
    return record
