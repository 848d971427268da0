from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.ordering.loas import decide_validity, is_demanded, is_issued_by_exchange
from peerhall.exchange.records import Record

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS, st.integers(-1000, 10000), st.integers(1, 3650))
def test_there_is_always_one_letter_that_is_good_today(first: date, age: int, days: int) -> None:
    today = first + timedelta(days=age)
    validity = decide_validity(first, today, days)
    assert validity.issued <= max(today, first) <= validity.expires
    assert validity.expires - validity.issued == timedelta(days=days)
    assert decide_validity(first, validity.expires, days) == validity, "it stays the same until it has run out"
    assert decide_validity(first, validity.expires + timedelta(days=1), days).issued > validity.expires


@pytest.mark.parametrize(
    ("ordered", "offered", "required", "issued", "demanded"),
    [
        ("exchange", "exchange", True, False, True),
        ("exchange", "subscriber", True, False, True),
        ("exchange", "exchange", None, False, False),
        ("subscriber", "exchange", True, True, False),
        (None, "exchange", True, False, True),
        (None, None, True, True, False),
    ],
)
def test_who_writes_the_letter_is_who_orders_the_cable(
    ordered: str | None, offered: str | None, required: bool | None, issued: bool, demanded: bool
) -> None:
    connection = Record("c", "connections", {}, {"cross_connect_initiator": ordered} if ordered else {})
    offering = Record("o", "product-offerings", {"cross_connect_initiator": offered}, {"loa_required": required})
    assert is_issued_by_exchange(connection, offering) is issued
    assert is_demanded(connection, offering) is demanded
