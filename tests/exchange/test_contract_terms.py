from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.contract_terms import ContractTerms, Policy, decide_policy
from peerhall.exchange.durations import Duration

START = date(2025, 1, 1)
YEARLY = {
    "contract_initial_period": "P1Y",
    "contract_initial_notice_period": "P3M",
    "contract_renewal_period": "P1M",
    "contract_renewal_notice_period": "P1M",
}


def decide(today: str, day: str, start: date = START, **periods: str | None) -> tuple[str, str]:
    offering = {f"contract_{name}": period for name, period in periods.items()} if periods else YEARLY
    policy = decide_policy(ContractTerms.of(offering), start, date.fromisoformat(today), date.fromisoformat(day))
    return str(policy.decommission_at), str(policy.charged_until)


@pytest.mark.parametrize(
    ("today", "day", "charged_until"),
    [
        ("2025-06-10", "2025-06-15", "2026-01-01"),
        ("2025-10-01", "2025-10-06", "2026-01-01"),
        ("2025-10-02", "2025-10-07", "2026-02-01"),
        ("2025-06-10", "2026-03-20", "2026-04-01"),
        ("2026-05-20", "2026-05-25", "2026-07-01"),
    ],
)
def test_the_worked_examples_of_a_year_that_renews_by_months(today: str, day: str, charged_until: str) -> None:
    assert decide(today, day) == (day, charged_until)


@pytest.mark.parametrize(
    ("today", "charged_until"),
    [("2025-10-01", "2026-01-01"), ("2025-10-02", "2027-01-01"), ("2026-12-02", "2028-01-01")],
)
def test_a_day_too_late_costs_a_year_where_it_renews_by_years(today: str, charged_until: str) -> None:
    terms = {"initial_period": "P1Y", "initial_notice_period": "P3M", "renewal_period": "P1Y"}
    assert decide(today, today, **terms, renewal_notice_period="P1M")[1] == charged_until


def test_month_ends_are_counted_from_the_start() -> None:
    monthly = {"initial_period": "P1M", "renewal_period": "P1M"}
    start = date(2025, 1, 31)
    ends = [decide(f"2025-{month:02d}-15", f"2025-{month:02d}-15", start, **monthly)[1] for month in (2, 3, 4, 5)]
    assert ends == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]


@pytest.mark.parametrize(
    ("periods", "today", "day", "charged_until"),
    [
        ({"initial_period": None}, "2025-06-10", "2025-06-10", "2025-06-10"),
        ({"initial_period": "P1Y"}, "2025-06-10", "2025-06-10", "2026-01-01"),
        ({"initial_period": "P1Y"}, "2026-06-10", "2026-06-12", "2026-06-12"),
        ({"initial_period": "P1Y", "renewal_notice_period": "P14D"}, "2026-06-10", "2026-06-12", "2026-06-24"),
        ({"renewal_notice_period": "P14D"}, "2026-06-10", "2026-08-01", "2026-08-01"),
        ({"renewal_period": "P1M"}, "2025-06-10", "2025-06-10", "2025-07-01"),
    ],
)
def test_what_is_left_out_is_nothing(periods: dict[str, str | None], today: str, day: str, charged_until: str) -> None:
    assert decide(today, day, **periods) == (day, charged_until)


DURATIONS = st.builds(Duration, st.integers(0, 36), st.integers(0, 60))
TERMS = st.builds(ContractTerms, DURATIONS, DURATIONS, DURATIONS, DURATIONS)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(TERMS, DAYS, st.integers(0, 5000), st.integers(0, 5000))
def test_nobody_is_charged_less_than_used_nor_less_by_waiting(
    terms: ContractTerms, start: date, on: int, ahead: int
) -> None:
    today = start + timedelta(days=on)
    day = today + timedelta(days=ahead)
    policy = decide_policy(terms, start, today, day)
    assert policy.decommission_at == day <= policy.charged_until
    assert policy.charged_until >= terms.initial.after(start)
    later = decide_policy(terms, start, today + timedelta(days=1), day + timedelta(days=1))
    assert later.charged_until >= policy.charged_until


@given(TERMS, DAYS, st.integers(0, 3000))
def test_the_end_is_the_first_one_there_is_notice_for(terms: ContractTerms, start: date, on: int) -> None:
    """Against all ends, one after the other."""
    today = start + timedelta(days=on)
    if terms.renewal == Duration():
        return
    ends = ((terms.initial.plus(terms.renewal.times(n)).after(start), n) for n in count())
    notice = {True: terms.initial_notice, False: terms.renewal_notice}
    expected = next(end for end, n in ends if end >= today and today <= notice[n == 0].before(end))
    assert decide_policy(terms, start, today, today) == Policy(today, expected)
