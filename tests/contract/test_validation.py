from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.contract import schemas
from peerhall.contract.operations import OPERATIONS
from peerhall.contract.validation import InvalidBody, blank, check_body, check_changes
from peerhall.contract.vocabulary import instant, write_instant

CONTACT = {"name": "NOC", "telephone": None, "email": "noc@example.net"}
CONFIG = {
    "type": "exchange_lan",
    "network_service": "lan",
    "product_offering": "peering",
    "connection": "connection",
    "asns": [64496],
}


def reasons(schema: str, body: Any) -> dict[str, str]:
    with pytest.raises(InvalidBody) as refused:
        check_body(schema, body)
    return {fault.name: fault.reason for fault in refused.value.faults}


def reasons_of_change(schema: str, type_: str, body: Any) -> dict[str, str]:
    with pytest.raises(InvalidBody) as refused:
        check_changes(schema, type_, body)
    return {fault.name: fault.reason for fault in refused.value.faults}


def test_everything_wrong_with_a_body_is_told_at_once_under_dotted_names() -> None:
    body = {
        **CONFIG,
        "asns": [64496, "64497", -1],
        "listed": "yes",
        "capacity": 0,
        "vlan_config": {"vlan_type": "dot1q", "vlan": 4095, "vlan_ethertype": "0x1234"},
        "shared_statistics": {"policy": "allow", "accounts_denied": [1]},
    }
    del body["network_service"]
    assert reasons("NetworkServiceConfigRequest", body) == {
        "network_service": "is required",
        "asns.1": "must be an integer",
        "asns.2": "must be greater than or equal to 0",
        "listed": "must be true or false",
        "capacity": "must be greater than or equal to 1",
        "vlan_config.vlan": "must be less than or equal to 4094",
        "vlan_config.vlan_ethertype": "must be '0x8100', '0x88a8' or '0x9100'",
        "shared_statistics.accounts_denied.0": "must be a string",
    }


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_a_body_that_is_not_an_object_is_refused(body: Any) -> None:
    assert reasons("ContactRequest", body) == {"": "must be a JSON object"}
    assert reasons_of_change("ContactUpdate", "", body) == {"": "must be a JSON object"}


def test_a_type_that_is_missing_or_unknown_is_refused_with_those_there_are() -> None:
    known = "p2p_vc, p2mp_vc, mp2mp_vc, cloud_vc"
    assert reasons("NetworkServiceRequest", {}) == {"type": f"is required; one of {known}"}
    for type_ in ("exchange_lan", None, 5, ["p2p_vc"]):
        assert reasons("NetworkServiceRequest", {"type": type_}) == {"type": f"must be one of {known}"}


def test_a_vlan_config_of_no_or_an_unknown_kind_is_refused() -> None:
    assert reasons("NetworkServiceConfigRequest", {**CONFIG, "vlan_config": {}}) == {
        "vlan_config.vlan_type": "is required"
    }
    assert reasons("NetworkServiceConfigRequest", {**CONFIG, "vlan_config": {"vlan_type": "vxlan"}}) == {
        "vlan_config.vlan_type": "must be one of port, dot1q, qinq"
    }


def test_null_is_taken_where_the_standard_allows_it_and_refused_elsewhere() -> None:
    assert check_body("ContactRequest", CONTACT)["telephone"] is None
    assert reasons("MacAddressRequest", {"address": None, "managing_account": None}) == {
        "address": "must be a string",
        "managing_account": "must not be null; leave the member out instead",
    }
    assert reasons_of_change("ContactUpdate", "", {"managing_account": None}) == {
        "managing_account": "must be a string"
    }


def test_defaults_are_filled_in_and_members_without_a_value_are_absent() -> None:
    checked = check_body("NetworkServiceConfigRequest", {**CONFIG, "shared_statistics": {"policy": "deny"}})
    assert checked["listed"] is False
    assert checked["purchase_order"] == ""
    assert checked["capacity"] is None
    assert checked["shared_statistics"] == {"policy": "deny"}
    assert not {"managing_account", "vlan_config", "macs", "role_assignments"} & checked.keys()


def test_what_is_read_only_or_unknown_is_left_behind() -> None:
    body = {**CONTACT, "id": "mine", "state": "production", "managing__account": "member"}
    assert not {"id", "state", "managing__account"} & check_body("ContactRequest", body).keys()
    assert check_changes("ContactUpdate", "", body) == CONTACT
    assert "ips" not in check_changes("NetworkServiceConfigUpdate", "exchange_lan", {"ips": ["ip"]})


def test_a_change_has_just_what_was_sent() -> None:
    assert check_changes("ConnectionUpdate", "", {}) == {}
    assert check_changes("ConnectionUpdate", "", {"lacp_timeout": None}) == {"lacp_timeout": None}
    assert check_changes("NetworkServiceConfigUpdate", "p2mp_vc", {"type": "p2mp_vc"}) == {}


def test_a_change_may_leave_the_type_out_but_not_contradict_it() -> None:
    assert check_changes("NetworkServiceConfigUpdate", "p2mp_vc", {"role": "root"}) == {"role": "root"}
    assert reasons_of_change("NetworkServiceConfigUpdate", "p2mp_vc", {"type": "p2p_vc"}) == {
        "type": "must be p2mp_vc, the type of the object, or be left out"
    }


def test_a_change_is_checked_like_a_whole_body() -> None:
    body = {"asns": ["64496"], "vlan_config": {"vlan_type": "qinq"}, "consumer_side_ready": 1}
    assert reasons_of_change("NetworkServiceConfigUpdate", "exchange_lan", body) == {
        "asns.0": "must be an integer",
        "vlan_config.inner_vlan": "is required",
        "consumer_side_ready": "must be true or false",
    }


@pytest.mark.parametrize("type_", [1.0, 1.5, "1", True])
def test_types_are_never_bent_to_fit(type_: Any) -> None:
    assert (
        "must be"
        in reasons("ConnectionRequest", {"mode": "standalone", "product_offering": "o", "port_quantity": type_})[
            "port_quantity"
        ]
    )


@pytest.mark.parametrize(
    ("number", "fits"), [(2**63 - 1, True), (2**63, False), (-(2**63), True), (-(2**63) - 1, False)]
)
def test_integers_have_64_bits(number: int, fits: bool) -> None:
    body = {"mode": "standalone", "product_offering": "port", "port_quantity": number}
    if fits:
        assert check_body("ConnectionRequest", body)["port_quantity"] == number
    else:
        assert reasons("ConnectionRequest", body) == {"port_quantity": "is beyond the range of a 64-bit integer"}


def test_text_that_the_database_cannot_keep_is_refused() -> None:
    assert reasons("ContactRequest", {"name": "a\x00b", "email": "\ud800"}) == {
        "name": "must not contain the character U+0000",
        "email": "must not contain half of a surrogate pair",
    }
    assert check_body("ContactRequest", {"name": "😀"})["name"] == "😀"


def test_text_has_an_end_also_where_the_standard_sets_none() -> None:
    body: dict[str, Any] = {"type": "p2mp_vc", "product_offering": "x", "display_name": "x" * 4096}
    assert check_body("NetworkServiceRequest", body)["display_name"] == "x" * 4096
    wrong = {**body, "display_name": "x" * 4097, "nsc_required_contact_roles": [], "purchase_order": "x" * 5000}
    assert reasons("NetworkServiceRequest", wrong) == {
        "display_name": "must have at most 4096 characters",
        "purchase_order": "must have at most 80 characters",
    }


@pytest.mark.parametrize("control", ["\x01", "\x07", "\x1b", "\x7f", "\x9b"])
def test_text_that_a_terminal_would_obey_is_refused(control: str) -> None:
    body = {"name": f"{control}]0;owned", "external_ref": "two\nlines\tand a tab\r\n"}
    assert reasons("ContactRequest", body) == {"name": "must not contain control characters"}


def test_the_length_of_text_is_counted_in_characters() -> None:
    assert check_body("ContactRequest", {"name": "😀" * 128})["name"] == "😀" * 128
    assert reasons("ContactRequest", {"name": "x" * 129}) == {"name": "must have at most 128 characters"}
    assert reasons("AuthTokenRequest", {"api_key": "", "api_secret": "x" * 86}) == {
        "api_key": "must have at least 16 characters"
    }


@pytest.mark.parametrize(
    "date", ["2026-02-31", "2026-1-31", "20260131", "2026-01-31T00:00:00Z", "٢٠٢٦-01-31", "", "0000-01-01"]
)
def test_a_date_that_is_not_in_the_calendar_is_refused(date: str) -> None:
    assert reasons("CancellationRequest", {"decommission_at": date}) == {
        "decommission_at": "must be a date of the calendar, such as 2026-01-31"
    }


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-31T00:00:00Z",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-01-31T12:00:00+99:99",
    ],
)
def test_a_moment_that_is_not_in_the_calendar_or_has_no_offset_is_refused(moment: str) -> None:
    assert reasons("MacAddressRequest", {"address": "02:00:5e:10:00:01", "valid_not_after": moment}).keys() == {
        "valid_not_after"
    }


@pytest.mark.parametrize(
    "moment",
    ["2026-01-31T13:00:00+01:00", "2026-01-31t12:00:00z", "2026-01-31 12:00:00.999Z", "2026-01-31T12:00:00-00:00"],
)
def test_a_moment_is_kept_in_utc_at_whole_seconds(moment: str) -> None:
    assert instant(moment) == "2026-01-31T12:00:00Z"


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_text_as_they_do_in_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    assert write_instant(earlier) <= write_instant(later)
    assert instant(write_instant(one)) == write_instant(one)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
BODIES = sorted({operation.body for operation in OPERATIONS if operation.body and operation.body != "binary"})


@given(st.data())
def test_whatever_is_sent_is_checked_or_refused(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from(BODIES))
    type_, model = data.draw(st.sampled_from(sorted(schemas.get_variants(schema).items())))
    body = data.draw(st.dictionaries(st.sampled_from(sorted(model.model_fields)), JSON, max_size=8))
    for check in (lambda: check_body(schema, body | {"type": type_}), lambda: check_changes(schema, type_, body)):
        names, reasons = outcome(check)
        assert names <= model.model_fields.keys()
        assert all(reasons)


def outcome(check: Callable[[], dict[str, Any]]) -> tuple[set[str], list[str]]:
    """Names of the members that came through, or of those at fault with why."""
    try:
        return set(check()), []
    except InvalidBody as refused:
        return {fault.name.split(".")[0] for fault in refused.faults}, [fault.reason for fault in refused.faults]


def test_a_blank_answer_has_the_members_nobody_has_set() -> None:
    assert blank("NetworkService", "p2mp_vc")["public"] is False
    assert blank("Port")["operational_state"] is None
    assert not {"id", "vlan_config", "status", "type"} & blank("NetworkServiceConfig", "exchange_lan").keys()
