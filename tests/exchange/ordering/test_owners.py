from typing import Any

import pytest

from peerhall.exchange.ordering.owners import check_owners, check_standing, fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, Reason, Refused
from peerhall.exchange.visibility import Caller

RESELLER = Caller("key", "reseller", frozenset({"reseller", "customer"}))
OPERATOR = Caller("key", None, frozenset())


def names(faults: Faults) -> list[str]:
    return [fault.name for fault in faults.found]


def account(id_: str, state: str = "production", **body: Any) -> Record:
    return Record(id_, "accounts", {"state": state, **body})


def test_accounts_left_out_are_the_callers_own() -> None:
    filled = fill_in_owners(RESELLER, {"consuming_account": "customer"}, "managing_account", "consuming_account")
    assert filled == {"managing_account": "reseller", "consuming_account": "customer"}
    assert fill_in_owners(OPERATOR, {}, "managing_account") == {}


def test_an_operator_has_to_name_accounts() -> None:
    faults = Faults()
    check_owners(faults, OPERATOR, {"managing_account": "rival"}, "managing_account", "consuming_account")
    assert names(faults) == ["consuming_account"]


def test_a_managing_account_of_others_is_denied_and_any_other_is_a_fault() -> None:
    with pytest.raises(Refused) as refused:
        check_owners(Faults(), RESELLER, {"managing_account": "rival"}, "managing_account")
    assert refused.value.refusal.reason is Reason.DENIED
    faults = Faults()
    body = {"managing_account": "customer", "consuming_account": "rival", "billing_account": "rival"}
    check_owners(faults, RESELLER, body, *body)
    assert names(faults) == ["consuming_account", "billing_account"]


def test_only_an_admitted_account_may_use_and_only_one_with_an_address_for_invoices_may_pay() -> None:
    accounts = {
        "newcomer": account("newcomer", "requested", status=[{"message": "Sign the terms."}]),
        "customer": account("customer", "production_change_pending"),
        "reseller": account("reseller", billing_information={"name": "Accounts Payable"}),
    }
    faults = Faults()
    check_standing(faults, {"consuming_account": "customer", "billing_account": "reseller"}, accounts)
    check_standing(faults, {"consuming_account": "nobody"}, accounts)
    assert names(faults) == []
    check_standing(faults, {"consuming_account": "newcomer", "billing_account": "customer"}, accounts)
    assert names(faults) == ["consuming_account", "billing_account"]
    assert "Sign the terms." in faults.found[0].reason
