from datetime import UTC, datetime
from typing import Any

import pytest

from peerhall.exchange.catalogue import LONG_GONE, check_capacity, check_move, check_offering, has_contract_terms
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def fault_of(offering: Record | None, type_: str = "exchange_lan") -> list[str]:
    faults = Faults()
    check_offering(faults, offering, type_, "network_service_config", NOW)
    return [f"{fault.name} {fault.reason}" for fault in faults.found]


def offering(**members: Any) -> Record:
    body = {"type": "exchange_lan", "resource_type": "network_service_config", **members}
    return Record("peering", "product-offerings", body)


def test_an_offering_that_fits_can_be_ordered() -> None:
    assert fault_of(offering()) == []


def test_an_offering_that_is_not_there_or_is_of_something_else_is_refused() -> None:
    assert fault_of(None) == ["product_offering there is no such product offering"]
    expected = ["product_offering is an offering of type exchange_lan; one of type connection is needed"]
    assert fault_of(offering(), "connection") == expected
    assert len(fault_of(offering(resource_type="connection"))) == 1


@pytest.mark.parametrize(
    ("opens", "closes", "orderable"),
    [
        ("2026-09-01T12:00:00Z", None, True),
        ("2026-09-01T12:00:01Z", None, False),
        (None, "2026-09-01T12:00:00Z", True),
        (None, "2026-09-01T11:59:59Z", False),
    ],
)
def test_an_offering_can_be_ordered_at_its_time_only(opens: str | None, closes: str | None, orderable: bool) -> None:
    assert (fault_of(offering(orderable_not_before=opens, orderable_not_after=closes)) == []) == orderable


def test_what_was_never_for_sale_is_said_to_be_so() -> None:
    assert fault_of(offering(orderable_not_after=LONG_GONE)) == ["product_offering cannot be ordered"]


@pytest.mark.parametrize(
    ("capacity", "least", "most", "fits"),
    [
        (None, 100, 1000, True),
        (100, 100, 1000, True),
        (1000, 100, 1000, True),
        (99, 100, None, False),
        (1001, None, 1000, False),
        (5, None, None, True),
    ],
)
def test_a_capacity_lies_within_the_offerings_bandwidths(
    capacity: int | None, least: int | None, most: int | None, fits: bool
) -> None:
    faults = Faults()
    check_capacity(faults, capacity, {"bandwidth_min": least, "bandwidth_max": most})
    assert (faults.found == []) == fits


def test_any_of_the_four_periods_makes_contract_terms() -> None:
    assert not has_contract_terms({"contract_terms": "prose", "contract_initial_period": None})
    for name in ("initial_period", "initial_notice_period", "renewal_period", "renewal_notice_period"):
        assert has_contract_terms({f"contract_{name}": "P1M"})


@pytest.mark.parametrize(
    ("before", "after", "up", "down"),
    [
        (100, 200, False, True),
        (100, None, False, True),
        (200, 100, True, False),
        (None, 100, True, False),
        (None, None, True, True),
        (100, 100, True, True),
    ],
)
def test_a_capacity_is_raised_or_lowered_as_the_offering_allows(
    before: int | None, after: int | None, up: bool, down: bool
) -> None:
    """`up` and `down`: whether the move is possible where raising, or lowering, is ruled out."""
    for allowed, fits in (({"upgrade_allowed": False}, up), ({"downgrade_allowed": False}, down), ({}, True)):
        faults = Faults()
        check_move(faults, before, after, allowed)
        assert (not faults.found) == fits
