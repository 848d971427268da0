"""The accounts and contacts that an order names."""

from collections.abc import Collection

from peerhall.contract.validation import Body
from peerhall.exchange.ordering.owners import check_owners, check_standing
from peerhall.exchange.refusals import Faults
from peerhall.orderdesk.order import Order
from peerhall.store import documents, staffing

OWNERS = ("managing_account", "consuming_account", "billing_account")


def check_parties(order: Order, faults: Faults, body: Body) -> None:
    """Whether the caller acts for the accounts named, and they may order and be billed."""
    members = [member for member in OWNERS if member in body]
    check_owners(faults, order.caller, body, *members)
    accounts = documents.find_many(order.connection, {body[member] for member in members} - {None})
    for member in members:
        named = accounts.get(body[member] or "")
        if body[member] is not None and (named is None or named.kind != "accounts"):
            faults.add(member, "there is no such account")
    check_standing(faults, body, accounts)


def check_role_assignments(order: Order, faults: Faults, ids: Collection[str]) -> None:
    """Whether the caller may name these role assignments: their contacts belong to accounts it acts for."""
    usable = order.find_usable("role-assignments", ids)
    for index, assignment in enumerate(ids):
        if assignment not in usable:
            faults.add(f"role_assignments.{index}", "there is no such role assignment")


def list_roles(order: Order, ids: Collection[str]) -> list[str]:
    """The names of the roles assigned."""
    return [each.role for each in staffing.find_assignments(order.connection, ids).values()]
