"""Role assignments at the counter."""

from collections.abc import Sequence

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.ordering.accounts import list_missing_roles
from peerhall.exchange.ordering.contacts import refuse_incomplete
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_in_use
from peerhall.orderdesk import accounts
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import staffing

_STAFFED_KINDS = ("connections", "network-service-configs", "network-feature-configs")
_NAMING_KINDS = (*_STAFFED_KINDS, "ports")
"""Ports name what their connection names."""


def create(order: Order, body: Body) -> Record:
    faults = Faults()
    contact = order.find_usable("contacts", [body["contact"]], CHANGE_LOCK).get(body["contact"])
    role = order.find("roles", body["role"])
    if contact is None:
        faults.add("contact", "there is no such contact")
    elif not order.caller.acts_for(contact.managing_account):
        faults.add("contact", "is managed by another account")
    if role is None:
        faults.add("role", "there is no such role")
    faults.refuse_if_any()
    assert contact is not None
    assert role is not None
    refuse_incomplete(contact.body, [(role.body["name"], tuple(role.body["required_fields"]))])
    for filled in staffing.list_assignments_of_contact(order.connection, contact.id):
        if filled.role == role.body["name"]:
            faults.add("role", f"the contact has this role already, by assignment {filled.id}")
    faults.refuse_if_any()
    document = order.new_id()
    record = Record(document, "role-assignments", {"id": document, **body}, _owners_of(contact))
    order.add(record)
    accounts.settle(order, str(contact.consuming_account))
    return record


def remove(order: Order, document: str) -> Record:
    record = order.get_changeable("role-assignments", document)
    refuse_if_needed(order, [document])
    order.remove(record)
    accounts.settle(order, str(record.consuming_account))
    return record


def follow_contact(order: Order, contact: Record) -> None:
    """Has the assignments of a contact seen by those who see the contact."""
    for assignment in order.users(contact.id, "contact", "role-assignments", CHANGE_LOCK):
        order.save(assignment.with_meta(**_owners_of(contact)))


def refuse_if_needed(order: Order, assignments: Sequence[str]) -> None:
    """Refuses while something live names one of the assignments, or an account in use needs its role.

    An account that is in no use and loses a role it needs has to be completed again before it can order.
    """
    conflicts = [
        Conflict(kind, user.id, "role_assignments", "role-assignments", assignment)
        for assignment in assignments
        for kind in _STAFFED_KINDS
        for user in order.users(assignment, "role_assignments", kind)
        if user.state in LIVE_STATES
    ]
    found = staffing.find_assignments(order.connection, assignments)
    for account in {each.consuming_account for each in found.values()} - {None}:
        conflicts += _needed_by_account(order, str(account), assignments)
    if conflicts:
        refuse_in_use(
            "The role is still needed; put another contact in its place first, or cancel what needs it.",
            order.only_seen(conflicts),
        )
    # What is over keeps no hold on its contacts.
    for assignment in assignments:
        for kind in _NAMING_KINDS:
            for user in order.users(assignment, "role_assignments", kind, CHANGE_LOCK):
                kept = [each for each in user.body["role_assignments"] if each != assignment]
                order.save(user.with_body(role_assignments=kept))


def _needed_by_account(order: Order, account: str, going: Sequence[str]) -> list[Conflict]:
    record = order.get("accounts", account, CHANGE_LOCK)
    if record.state not in LIVE_STATES or record.state == "requested":
        return []
    assignments = staffing.list_assignments_of_account(order.connection, account)
    left = {each.role for each in assignments if each.id not in going}
    missing = {note.attrs["role"] for note in list_missing_roles(left, order.rules)}
    needed = [
        Conflict("accounts", account, None, "role-assignments", each.id)
        for each in assignments
        if each.id in going and each.role in missing
    ]
    if needed and not accounts.is_in_use(order, account):
        order.save(record.with_body(state="requested"))
        return []
    return needed


def _owners_of(contact: Record) -> dict[str, str | None]:
    return {"managing_account": contact.managing_account, "consuming_account": contact.consuming_account}
