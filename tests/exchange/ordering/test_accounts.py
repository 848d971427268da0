from typing import Any

import pytest

from peerhall.exchange.house_rules import HouseRules
from peerhall.exchange.ordering.accounts import check_account, check_place, decide_account_state, list_missing_roles
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, Reason, Refused
from peerhall.exchange.visibility import Caller

RESELLER = Caller("key", "reseller", frozenset({"reseller", "customer", "branch"}))
OPERATOR = Caller("key", None, frozenset())
RULES = HouseRules("exchange", "Example", account_required_roles=("legal", "noc"))


def account(state: str) -> Record:
    return Record("customer", "accounts", {"state": state})


@pytest.mark.parametrize(
    ("caller", "parent", "below", "allowed"),
    [
        (RESELLER, "reseller", (), True),
        (RESELLER, "branch", ("customer",), True),
        (RESELLER, None, (), False),
        (RESELLER, "customer", ("customer", "branch"), False),
        (RESELLER, "branch", ("customer", "branch"), False),
        (OPERATOR, None, (), True),
        (OPERATOR, "rival", (), True),
    ],
)
def test_an_account_stands_in_the_callers_tree_and_not_below_itself(
    caller: Caller, parent: str | None, below: tuple[str, ...], allowed: bool
) -> None:
    faults = Faults()
    check_place(faults, caller, account("production") if below else None, parent, below)
    assert (not faults.found) == allowed


def test_anothers_account_is_denied_as_a_parent() -> None:
    with pytest.raises(Refused) as refused:
        check_place(Faults(), RESELLER, None, "rival", ())
    assert refused.value.refusal.reason is Reason.DENIED


@pytest.mark.parametrize(("country", "faulty"), [("DE", 0), ("de", 0), ("D1", 2), ("D", 2), ("ÄÖ", 2)])
def test_both_addresses_name_a_country(country: str, faulty: int) -> None:
    body: dict[str, Any] = {"address": {"country": country}, "billing_information": {"address": {"country": country}}}
    faults = Faults()
    check_account(faults, body)
    check_account(faults, {"address": None, "billing_information": {"address": None}})
    assert len(faults.found) == faulty


def test_an_account_is_told_which_roles_are_missing_and_admitted_with_the_last() -> None:
    missing = list_missing_roles({"noc"}, RULES)
    assert [note.attrs for note in missing] == [{"role": "legal"}]
    assert decide_account_state(account("requested"), missing) == "requested"
    assert decide_account_state(account("requested"), list_missing_roles({"noc", "legal"}, RULES)) == "production"


def test_an_account_that_lost_a_role_or_is_closed_stays_where_it_is() -> None:
    assert decide_account_state(account("production"), list_missing_roles((), RULES)) == "production"
    assert decide_account_state(account("decommissioned"), ()) == "decommissioned"
