"""The accounts and contacts that an order names."""

from collections.abc import Collection

from peerhall.contract.validation import Body
from peerhall.exchange.ordering.owners import check_open, check_owners, check_standing
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.orderdesk.order import RELY_LOCK, Order
from peerhall.store import documents, staffing
from peerhall.store.documents import Lock

OWNERS = ("managing_account", "consuming_account", "billing_account")


def check_parties(order: Order, faults: Faults, body: Body, *members: str) -> None:
    """Whether the caller acts for the accounts named in these members, and they may order and be billed."""
    check_standing(faults, body, check_accounts(order, faults, body, *members, lock=RELY_LOCK))


def check_accounts(order: Order, faults: Faults, body: Body, *members: str, lock: Lock = "") -> dict[str, Record]:
    """Whether the caller acts for the accounts named in these members, and they are there and open; returns them.

    Of an account the caller does not act for, nothing else is said: not even whether it exists.
    """
    check_owners(faults, order.caller, body, *members)
    named = {member: account for member in members if (account := body.get(member)) is not None}
    named = {member: account for member, account in named.items() if order.caller.acts_for(account)}
    found = documents.find_many(order.connection, set(named.values()), lock)
    accounts = {account.id: account for account in found.values() if account.kind == "accounts"}
    for member, account in named.items():
        check_open(faults, member, accounts.get(account))
    return accounts


def check_role_assignments(order: Order, faults: Faults, ids: Collection[str]) -> None:
    """Whether the caller may name these role assignments: their contacts belong to accounts it acts for."""
    usable = order.find_usable("role-assignments", ids)
    for index, assignment in enumerate(ids):
        if assignment not in usable:
            faults.add(f"role_assignments.{index}", "there is no such role assignment")


def list_roles(order: Order, ids: Collection[str]) -> list[str]:
    """The names of the roles assigned."""
    return [each.role for each in staffing.find_assignments(order.connection, ids).values()]
