import pytest

from peerhall.contract import schemas
from peerhall.contract.filters import FILTERS
from peerhall.contract.marks import SENSITIVE
from peerhall.contract.openapi import write_openapi
from peerhall.exchange.visibility import (
    CATALOGUE,
    DISCOVERABLE_ACCOUNT,
    OWNERS_MEMBERS_OF_SERVICE,
    PUBLIC_SERVICE,
    Caller,
)

COMPONENTS = write_openapi(())["components"]["schemas"]
PRIVATE = [model.__name__ for type_, model in schemas.get_variants("NetworkService").items() if type_ != "exchange_lan"]


def test_a_caller_acts_for_its_own_account_and_those_below() -> None:
    reseller = Caller("key", "reseller", frozenset({"reseller", "customer"}))
    assert reseller.acts_for("customer")
    assert not reseller.acts_for("rival")
    assert not reseller.acts_for(None)
    assert reseller.actor == "key:key"


def test_an_operator_acts_for_everybody() -> None:
    operator = Caller("key", None, frozenset())
    assert operator.operator
    assert operator.acts_for("rival")
    assert operator.actor == "operator:key"


def test_the_catalogue_holds_nothing_of_any_members() -> None:
    for kind in CATALOGUE:
        assert not {"managing_account", "consuming_account", "external_ref"} & {each.name for each in FILTERS[kind]}


def test_what_strangers_see_of_an_account_is_what_every_answer_has() -> None:
    assert set(COMPONENTS["Account"]["required"]) == DISCOVERABLE_ACCOUNT
    assert not [
        name
        for name, field in schemas.get_schema("Account").model_fields.items()
        if SENSITIVE in field.metadata and name in DISCOVERABLE_ACCOUNT
    ]


@pytest.mark.parametrize("name", PRIVATE)
def test_what_strangers_or_guests_do_not_see_of_a_service_is_promised_to_nobody(name: str) -> None:
    promised = set(COMPONENTS[name]["required"])
    assert not promised & OWNERS_MEMBERS_OF_SERVICE
    if "public" in COMPONENTS[name]["properties"]:
        assert promised <= PUBLIC_SERVICE
