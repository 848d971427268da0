from datetime import UTC, datetime

import pytest

from peerhall.exchange.ordering.macs import canonical_mac, check_mac, has_expired, is_valid_now, next_moment
from peerhall.exchange.refusals import Faults

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
EARLIER, NOON, LATER = "2026-09-01T11:59:59Z", "2026-09-01T12:00:00Z", "2026-09-01T12:00:01Z"


def faults_of(address: str, begins: str | None = None, ends: str | None = None) -> list[str]:
    faults = Faults()
    check_mac(faults, {"address": address, "valid_not_before": begins, "valid_not_after": ends}, NOW)
    return [fault.name for fault in faults.found]


@pytest.mark.parametrize("address", ["02:00:5e:10:00:00", "00:00:5E:00:53:01", "aE:00:00:00:00:00"])
def test_unicast_addresses_can_be_registered_in_either_case(address: str) -> None:
    assert faults_of(address) == []


@pytest.mark.parametrize(
    "address",
    [
        "01:00:5e:00:00:01",
        "ff:ff:ff:ff:ff:ff",
        "00:00:00:00:00:00",
        "02-00-5e-10-00-00",
        "02005e100000",
        "02:00:5e:10:00",
        "02:00:5e:10:00:0g",
        "02:00:5e:10:00:00 ",
        "",
    ],
)
def test_group_addresses_and_what_is_none_are_refused(address: str) -> None:
    assert faults_of(address) == ["address"]


@pytest.mark.parametrize(
    ("begins", "ends", "fits"),
    [
        (None, LATER, True),
        (EARLIER, LATER, True),
        (LATER, None, True),
        (None, NOON, False),
        (LATER, LATER, False),
        (EARLIER, EARLIER, False),
    ],
)
def test_a_validity_ends_after_it_begins_and_not_in_the_past(begins: str | None, ends: str | None, fits: bool) -> None:
    assert (faults_of("02:00:5e:10:00:00", begins, ends) == []) == fits


@pytest.mark.parametrize(
    ("begins", "ends", "valid"),
    [(None, None, True), (NOON, None, True), (LATER, None, False), (None, LATER, True), (None, NOON, False)],
)
def test_an_address_is_valid_from_its_first_moment_until_before_its_last(
    begins: str | None, ends: str | None, valid: bool
) -> None:
    assert is_valid_now({"valid_not_before": begins, "valid_not_after": ends}, NOW) == valid


def test_addresses_are_compared_in_lower_case() -> None:
    assert canonical_mac("02:00:5E:10:00:0A") == canonical_mac("02:00:5e:10:00:0a")


@pytest.mark.parametrize(
    ("at", "valid", "expired", "moment"),
    [
        ("2026-08-31", False, False, "2026-09-01T00:00:00Z"),
        ("2026-09-01", True, False, "2026-10-01T00:00:00Z"),
        ("2026-09-30", True, False, "2026-10-01T00:00:00Z"),
        ("2026-10-01", False, True, None),
    ],
)
def test_an_address_is_valid_from_its_first_moment_to_before_its_last(
    at: str, valid: bool, expired: bool, moment: str | None
) -> None:
    body = {"valid_not_before": "2026-09-01T00:00:00Z", "valid_not_after": "2026-10-01T00:00:00Z"}
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (is_valid_now(body, now), has_expired(body, now), next_moment(body, now)) == (valid, expired, moment)


def test_an_address_without_validity_is_always_valid() -> None:
    body = {"valid_not_before": None, "valid_not_after": None}
    now = datetime(2026, 9, 1, tzinfo=UTC)
    assert (is_valid_now(body, now), has_expired(body, now), next_moment(body, now)) == (True, False, None)
