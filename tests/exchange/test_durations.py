import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.durations import normalise_duration


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("P12M", "P1Y"),
        ("P1Y", "P1Y"),
        ("P18M", "P1Y6M"),
        ("P2W", "P14D"),
        ("P1Y0M0D", "P1Y"),
        ("P0D", "P0D"),
        (" p3m ", "P3M"),
        ("P1M30D", "P1M30D"),
    ],
)
def test_durations_that_mean_the_same_are_spelled_the_same(text: str, normal: str) -> None:
    assert normalise_duration(text) == normal


@pytest.mark.parametrize("text", ["", "P", "1Y", "PT5M", "P1", "P-1M", "P1.5M", "P1D1M", "P1YT0H", "P٣M", "P99999Y"])
def test_what_is_not_a_period_of_days_or_longer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        normalise_duration(text)


@given(st.integers(0, 20), st.integers(0, 99), st.integers(0, 99), st.integers(0, 999))
def test_a_normal_spelling_stays_as_it_is(years: int, months: int, weeks: int, days: int) -> None:
    normal = normalise_duration(f"P{years}Y{months}M{weeks}W{days}D")
    assert normalise_duration(normal) == normal
    assert normal == normalise_duration(f"P{12 * years + months}M{7 * weeks + days}D")
