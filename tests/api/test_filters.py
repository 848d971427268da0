from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.api.filters import parse_filters
from peerhall.api.problems import Problem
from peerhall.contract.openapi import write_openapi
from peerhall.contract.operations import BY_ID, OPERATIONS

DOCUMENT = write_openapi(())
INTEGERS = sorted(
    (each.id, parameter.name) for each in OPERATIONS for parameter in each.filters if parameter.type == "integer"
)


def parse(operation: str, **parameters: Any) -> dict[str, Any]:
    return parse_filters(BY_ID[operation], urlencode(parameters, doseq=True).encode())


def faults_of(operation: str, **parameters: Any) -> dict[str, str]:
    with pytest.raises(Problem) as refused:
        parse(operation, **parameters)
    return {fault["name"]: fault["reason"] for fault in refused.value.members["properties"]}


def test_values_are_parsed_by_their_type() -> None:
    assert parse("macs_list", valid_not_after="2026-09-01T14:00:00+02:00") == {
        "valid_not_after": "2026-09-01T12:00:00Z"
    }
    assert parse("product_offerings_list", contract_initial_period="P12M", bandwidth="100") == {
        "contract_initial_period": "P1Y",
        "bandwidth": 100,
    }


def test_lists_are_written_with_commas_or_repeated() -> None:
    assert parse("macs_list", id="a,b") == parse("macs_list", id=["a", "b"]) == {"id": ["a", "b"]}
    assert parse("product_offerings_list", fields="name, type,") == {"fields": ["name", "type"]}


@pytest.mark.parametrize(
    ("spelled", "meant"), [("true", "true"), ("True", "true"), ("1", "true"), ("False", "false"), ("0", "false")]
)
def test_booleans_come_in_every_spelling_clients_use(spelled: str, meant: str) -> None:
    assert parse("network_features_list", required=spelled) == {"required": meant}
    assert parse("accounts_list", billable=spelled) == {"billable": meant}


def test_what_the_operation_does_not_know_is_ignored() -> None:
    assert parse("metro_areas_list", name="x", contract_period="P1Y", page_limit=5) == {"page_limit": 5}


def test_old_spellings_mean_the_same() -> None:
    assert parse("devices_list", capability_speed__gte=100) == parse("devices_list", capability_speed_gte=100)


def test_everything_that_does_not_parse_is_told_at_once() -> None:
    wrong = {"state": "live", "billable": "yes", "asn": "AS64496", "name": "a\x00b", "page_limit": 0, "page_offset": -1}
    assert faults_of("accounts_list", **wrong) == {
        "state": faults_of("accounts_list", state="live")["state"],
        "billable": "must be true or false",
        "asn": "must be an integer",
        "name": "must not contain the character U+0000",
        "page_limit": "must be at least 1",
        "page_offset": "must be at least 0",
    }


def test_a_value_is_given_once_unless_it_is_a_list() -> None:
    assert parse("accounts_list", name=["a", "a"]) == {"name": "a"}
    assert faults_of("accounts_list", name=["a", "b"]) == {"name": "is given more than once"}


@pytest.mark.parametrize("query", [b"name=%ff", b"name=\xc3\xa4", b"&".join(b"name=a" for _ in range(1001))])
def test_a_query_that_cannot_be_read_is_refused(query: bytes) -> None:
    with pytest.raises(Problem):
        parse_filters(BY_ID["accounts_list"], query)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, "1_0", " 1", "1\n", "+1", "1.0", "\u0661", "", "9" * 5000])
def test_an_integer_is_written_as_one_and_has_64_bits(number: Any) -> None:
    assert faults_of("accounts_list", asn=number) == {"asn": "must be an integer"}


@given(st.sampled_from(INTEGERS), st.integers(-(2**65), 2**65))
def test_the_document_says_which_integers_are_taken(chosen: tuple[str, str], number: int) -> None:
    operation, name = chosen
    least = documented(operation, name).get("minimum", -(2**63))
    try:
        taken = parse(operation, **{name: number}) == {name: number}
    except Problem:
        taken = False
    assert taken == (least <= number < 2**63)


@pytest.mark.parametrize("operation", [each.id for each in OPERATIONS if each.filters])
def test_the_document_says_which_words_are_taken(operation: str) -> None:
    for parameter in BY_ID[operation].filters:
        words = documented(operation, parameter.name).get("enum", ())
        assert bool(words) == (parameter.type in ("choice", "boolean"))
        for word in words:
            assert parse(operation, **{parameter.name: word})
        if words:
            assert parameter.name in faults_of(operation, **{parameter.name: "something else"})


def documented(operation: str, name: str) -> dict[str, Any]:
    described = DOCUMENT["paths"][BY_ID[operation].path]["get"]["parameters"]
    schema: dict[str, Any] = next(each["schema"] for each in described if each.get("name") == name)
    return schema
