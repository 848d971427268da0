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
    """Whether the caller acts for the accounts named in these members, and they are there, may order and be billed."""
    named = _check_owners(order, faults, body, members)
    accounts = _find_accounts(order, named.values(), RELY_LOCK)
    _check_open(faults, named, accounts)
    check_standing(faults, body, accounts)


def check_accounts(order: Order, faults: Faults, body: Body, *members: str) -> None:
    """Whether the caller acts for the accounts named in these members, and they are there and open."""
    named = _check_owners(order, faults, body, members)
    if order.caller.state is not None and set(named.values()) <= {order.caller.account}:
        # Read with the login; most contacts and addresses name no other account than the caller's own.
        for member in named:
            check_open(faults, member, order.caller.state)
    else:
        _check_open(faults, named, _find_accounts(order, named.values()))


def _check_owners(order: Order, faults: Faults, body: Body, members: Collection[str]) -> dict[str, str]:
    """The accounts the caller acts for, by the member that names them.

    Of any other nothing is said but that the caller does not act for it: not even whether it exists.
    """
    check_owners(faults, order.caller, body, *members)
    named = {member: account for member in members if (account := body.get(member)) is not None}
    return {member: account for member, account in named.items() if order.caller.acts_for(account)}


def _find_accounts(order: Order, ids: Collection[str], lock: Lock = "") -> dict[str, Record]:
    found = documents.find_many(order.connection, set(ids), lock)
    return {account.id: account for account in found.values() if account.kind == "accounts"}


def _check_open(faults: Faults, named: dict[str, str], accounts: dict[str, Record]) -> None:
    for member, account in named.items():
        check_open(faults, member, accounts[account].state if account in accounts else None)


def check_role_assignments(order: Order, faults: Faults, ids: Collection[str]) -> None:
    """Whether the caller may name these role assignments: their contacts belong to accounts it acts for."""
    usable = order.find_usable("role-assignments", ids)
    for index, assignment in enumerate(ids):
        if assignment not in usable:
            faults.add(f"role_assignments.{index}", "there is no such role assignment")


def list_roles(order: Order, ids: Collection[str]) -> list[str]:
    """The names of the roles assigned."""
    return [each.role for each in staffing.find_assignments(order.connection, ids).values()]
