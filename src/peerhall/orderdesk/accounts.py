"""Accounts at the counter."""

from collections.abc import Sequence
from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.lifecycle import CLOSED_STATES, LIVE_STATES
from peerhall.exchange.ordering.accounts import (
    check_account,
    check_name,
    check_place,
    decide_account_state,
    list_missing_roles,
)
from peerhall.exchange.ordering.owners import check_open
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, Faults, refuse_unable
from peerhall.exchange.statuses import write_status
from peerhall.orderdesk import member_joining_rules
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, CLOSING_LOCK, RELY_LOCK, Order
from peerhall.store import documents, staffing
from peerhall.store.documents import Lock

_ORDERED = (
    "connections",
    "network-services",
    "network-service-configs",
    "network-feature-configs",
    "routing-functions",
    "ports",
)
_PERSONAL = ("role-assignments", "contacts", "macs", "ips")
_NAMES = ("name", "legal_name")
_NAMED_AS = {"role-assignments": "role_assignments", "macs": "macs"}
"""What orders, also those of others, name of an account's personal things, and in which member."""


def create(order: Order, body: Body) -> Record:
    parent = body.get("managing_account")
    if parent is None:
        parent = order.caller.account
    faults = Faults()
    check_place(faults, order.caller, None, parent, ())
    check_parent(order, faults, parent)
    check_account(faults, body)
    check_other_name(order, faults, body["name"])
    check_presence(order, faults, body)
    faults.refuse_if_any()
    document = order.new_id()
    members: Body = {"id": document, "managing_account": parent, "state": "requested", "status": [], "asns": []}
    record = Record(document, "accounts", {**blank("Account"), **body, **members})
    order.add(record)
    return settle(order, document)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = _get_own_or_managed(order, document, CHANGE_LOCK)
    changes = read_changes(operation, record, body)
    faults = Faults()
    shown_nobody = document == order.caller.account and changes.get("managing_account", "") is None
    if shown_nobody or "managing_account" not in body:
        # A caller is shown nobody above itself, and clients send back what they were shown. A PUT that leaves it out
        # does not ask for a move either: what is below somebody has no default place.
        changes.pop("managing_account", None)
    if "managing_account" in changes:
        order.connection.execute("lock table account_tree in share row exclusive mode")
        below = _below(order, document)
        check_place(faults, order.caller, record, changes["managing_account"], below)
        check_parent(order, faults, changes["managing_account"])
    refuse_change_of_ending(record, changes)
    changed = record.with_body(**changes)
    check_account(faults, changes)
    if "name" in changes and document != order.rules.account:
        check_other_name(order, faults, changes["name"])
    check_presence(order, faults, changes)
    faults.refuse_if_any()
    if record.body.get("billing_information") and not changed.body.get("billing_information"):
        _refuse_if_billed(order, record)
    return order.save(changed)


def remove(order: Order, document: str) -> Record:
    """Closes an account that nothing live needs any more, with its contacts; a second time it is archived."""
    record = _get_own_or_managed(order, document, CLOSING_LOCK)
    if record.state == "decommissioned":
        return order.save(record.with_body(state="archived", status=[]))
    if record.state == "archived":
        return record
    personal = [
        each
        for kind in _PERSONAL
        for each in documents.find_owned(order.connection, [document], [kind])
        if each.consuming_account == document
    ]
    _refuse_if_needed(order, record, personal)
    for each in personal:
        for user in _list_users(order, each, CHANGE_LOCK):
            member = _NAMED_AS[each.kind]
            order.save(user.with_body(**{member: [id_ for id_ in user.body[member] if id_ != each.id]}))
        if not _is_named(order, each):
            order.release(each)
            order.remove(each)
    for rule in documents.find_owned(order.connection, [document], ["member-joining-rules"]):
        if rule.consuming_account == document:
            member_joining_rules.forget(order, rule)
    return order.save(record.with_body(state="decommissioned", status=[]))


def settle(order: Order, document: str) -> Record:
    """Brings an account's state and status up to date with the roles its contacts fill."""
    account = order.get("accounts", document, CHANGE_LOCK)
    roles = {each.role for each in staffing.list_assignments_of_account(order.connection, document)}
    missing = list_missing_roles(roles, order.rules)
    state = decide_account_state(account, missing)
    notes = missing if state == "requested" else []
    settled = account.with_body(state=state, status=write_status(notes, account.body["status"], order.now))
    return order.save(settled) if settled.body != account.body else account


def is_in_use(order: Order, account: str) -> bool:
    """Whether anything that is, or is to be, in use is in the name of an account, or is being ordered for it now."""
    order.get("accounts", account, CLOSING_LOCK)
    return any(each.state in LIVE_STATES for each in documents.find_owned(order.connection, [account], _ORDERED))


def check_parent(order: Order, faults: Faults, parent: str | None) -> None:
    """Whether the account to stand below is there, and not closed."""
    if parent is not None:
        account = order.find("accounts", parent, RELY_LOCK)
        check_open(faults, "managing_account", None if account is None else account.state)


def check_other_name(order: Order, faults: Faults, name: str) -> None:
    """Whether an account does not call itself like the exchange."""
    exchange = order.find("accounts", order.rules.account)
    check_name(faults, name, [order.rules.name, *(exchange.body.get(member) for member in _NAMES if exchange)])


def check_presence(order: Order, faults: Faults, body: Body) -> None:
    """Whether the metro area networks an account says it is present in exist."""
    named = body.get("metro_area_network_presence") or []
    known = documents.find_many(order.connection, named)
    for index, each in enumerate(named):
        if each not in known or known[each].kind != "metro-area-networks":
            faults.add(f"metro_area_network_presence.{index}", "there is no such metro area network")


def _get_own_or_managed(order: Order, document: str, lock: Lock) -> Record:
    """An account is changed by itself or by those above it."""
    if order.caller.acts_for(document):
        record = order.find("accounts", document, lock)
        if record is not None:
            return record
    return order.get_changeable("accounts", document)


def _below(order: Order, account: str) -> set[str]:
    rows = order.connection.execute("select account from account_tree where ancestor = %s", (account,))
    return {row[0] for row in rows}


def _refuse_if_billed(order: Order, account: Record) -> None:
    # Orders that are being placed for it are waited for.
    order.get("accounts", account.id, CLOSING_LOCK)
    conflicts = [
        Conflict(each.kind, each.id, "billing_account", "accounts", account.id)
        for each in documents.find_owned(order.connection, [account.id], _ORDERED)
        if each.body.get("billing_account") == account.id and each.state in LIVE_STATES
    ]
    if conflicts:
        refuse_unable(
            "billing_information is still needed: the account is billed for what is in use.", order.only_seen(conflicts)
        )


def _list_users(order: Order, personal: Record, lock: Lock = "") -> list[Record]:
    if personal.kind not in _NAMED_AS:
        return []
    return documents.find_users(order.connection, personal.id, _NAMED_AS[personal.kind], lock=lock)


def _refuse_if_needed(order: Order, account: Record, personal: Sequence[Record]) -> None:
    over = CLOSED_STATES | {"cancelled"}
    conflicts = [
        Conflict(each.kind, each.id, member, "accounts", account.id)
        for each in documents.find_owned(order.connection, [account.id], (*_ORDERED, "accounts"))
        for member in ("managing_account", "consuming_account", "billing_account")
        if each.body.get(member) == account.id and each.state not in over
    ]
    conflicts += [
        Conflict(user.kind, user.id, _NAMED_AS[each.kind], each.kind, each.id)
        for each in personal
        for user in _list_users(order, each)
        if user.state in LIVE_STATES
    ]
    if conflicts:
        refuse_unable(
            "The account is still in use; decommission what is listed in conflicts first.", order.only_seen(conflicts)
        )


def _is_named(order: Order, record: Record) -> bool:
    row = order.connection.execute("select 1 from reference where target = %s limit 1", (record.id,)).fetchone()
    return row is not None
