"""Accounts: their place in the tree, and when they may order."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from peerhall.exchange.house_rules import HouseRules
from peerhall.exchange.ordering.owners import NOT_YOURS
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults, refuse_denied
from peerhall.exchange.statuses import Note, account_role_required
from peerhall.exchange.visibility import Caller

_COUNTRY: Final = re.compile(r"[A-Za-z]{2}", re.ASCII)


def check_account(faults: Faults, body: Body) -> None:
    """Whether addresses name a country."""
    for name, address in (
        ("address", body.get("address")),
        ("billing_information.address", (body.get("billing_information") or {}).get("address")),
    ):
        if address and not _COUNTRY.fullmatch(address["country"]):
            faults.add(f"{name}.country", "must be an ISO 3166-1 alpha-2 code such as DE")


def check_name(faults: Faults, name: str, exchange: Collection[str | None]) -> None:
    """Whether a name is another than those of the exchange, to which discoverable accounts stand side by side."""
    if _likeness(name) in {_likeness(each) for each in exchange if each}:
        faults.add("name", "is the name of the exchange, for which others would take this account")


def _likeness(name: str) -> str:
    """What is left of a name for who does not look closely."""
    shown = "".join(each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return " ".join(shown.casefold().split())


def check_place(
    faults: Faults, caller: Caller, account: Record | None, parent: str | None, below: Collection[str]
) -> None:
    """Whether an account may stand below `parent`: in the caller's own tree, and not below itself.

    Refuses at once a parent that is another's, with no word on whether it exists.
    `account` is None for a new one; `below` are the ids of the accounts that stand below it, its own among them.
    """
    if parent is None:
        if not caller.operator:
            faults.add("managing_account", "must stay an account you act for; only the exchange makes root accounts")
    elif not caller.acts_for(parent):
        refuse_denied(f"managing_account: {parent} {NOT_YOURS}.")
    elif account is not None and parent in below:
        faults.add("managing_account", "must not be the account itself or one below it")


def list_missing_roles(roles: Collection[str], rules: HouseRules) -> list[Note]:
    """What an account still lacks before it may order."""
    return [account_role_required(role) for role in rules.account_required_roles if role not in roles]


def decide_account_state(account: Record, missing: Collection[Note]) -> str:
    """An account that is complete is in production at once: there is nothing to provision."""
    return "production" if account.state == "requested" and not missing else account.state
