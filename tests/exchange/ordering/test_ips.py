from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.ordering.ips import check_fqdn, check_ip
from peerhall.exchange.refusals import Faults

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def check(address: str, prefix_length: int, version: int = 4, **members: Any) -> tuple[str | None, list[str]]:
    faults = Faults()
    body = {"address": address, "prefix_length": prefix_length, "version": version, **members}
    found = check_ip(faults, body, body.keys(), NOW)
    return (str(found.network) if found else None), [fault.name for fault in faults.found]


@pytest.mark.parametrize(
    ("address", "prefix_length", "version", "prefix"),
    [
        ("198.51.100.1", 32, 4, "198.51.100.1/32"),
        ("198.51.100.0", 24, 4, "198.51.100.0/24"),
        ("2001:DB8::1", 128, 6, "2001:db8::1/128"),
        ("2001:db8::", 32, 6, "2001:db8::/32"),
    ],
)
def test_hosts_and_prefixes_can_be_registered(address: str, prefix_length: int, version: int, prefix: str) -> None:
    assert check(address, prefix_length, version) == (prefix, [])


@pytest.mark.parametrize(
    ("address", "prefix_length", "version", "wrong"),
    [
        ("198.51.100.256", 32, 4, "address"),
        ("198.51.100.1", 33, 4, "address"),
        ("198.51.100.1/32", 32, 4, "address"),
        ("fe80::1%eth0", 128, 6, "address"),
        ("198.51.100.1", 24, 4, "prefix_length"),
        ("2001:db8::1", 64, 6, "prefix_length"),
        ("198.51.100.1", 32, 6, "version"),
        ("224.0.0.1", 32, 4, "address"),
        ("127.0.0.1", 32, 4, "address"),
        ("::", 128, 6, "address"),
        ("0.0.0.0", 0, 4, "address"),
        ("", 32, 4, "address"),
    ],
)
def test_what_no_member_can_have_is_refused(address: str, prefix_length: int, version: int, wrong: str) -> None:
    assert check(address, prefix_length, version) == (None, [wrong])


@given(st.text(max_size=20), st.integers(0, 128), st.sampled_from([4, 6]))
def test_whatever_is_sent_is_an_address_or_refused(address: str, prefix_length: int, version: int) -> None:
    found, wrong = check(address, prefix_length, version)
    assert (found is None) == bool(wrong)


@pytest.mark.parametrize(
    ("fqdn", "fits"),
    [
        ("router.example.net", True),
        ("a.b.", True),
        ("_x.example", True),
        (None, True),
        ("-a.example", False),
        ("a..b", False),
        ("ä.example", False),
        ("a b", False),
        (".", False),
        ("x" * 64, False),
    ],
)
def test_a_name_can_stand_in_reverse_dns(fqdn: str | None, fits: bool) -> None:
    faults = Faults()
    check_fqdn(faults, {"fqdn": fqdn})
    assert (not faults.found) == fits


def test_a_validity_that_is_over_is_refused() -> None:
    assert check("198.51.100.1", 32, valid_not_after="2026-09-01T12:00:00Z")[1] == ["valid_not_after"]
