"""The clock of a sandbox, and the periods it is turned by."""

from datetime import UTC, datetime, timedelta

import pytest

from peerhall.sandbox.clock import LATEST, ClockTurnedBack, SandboxClock, add_period

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Seconds:
    """What a processor counts."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


def test_it_runs_at_its_speed_and_stands_still() -> None:
    seconds = Seconds()
    clock = SandboxClock(START, seconds)
    seconds.passed = 10
    clock.run_at(60)
    seconds.passed = 11
    assert clock() == START + timedelta(seconds=70)
    clock.run_at(0)
    seconds.passed = 500
    assert clock() == START + timedelta(seconds=70)


def test_it_is_turned_ahead_and_never_back() -> None:
    clock = SandboxClock(START, Seconds())
    clock.turn_to(START + timedelta(days=365))
    assert clock() == START + timedelta(days=365)
    with pytest.raises(ClockTurnedBack):
        clock.turn_to(START)
    assert clock() == START + timedelta(days=365)


def test_it_waits_where_it_is_told_to_and_does_not_make_up_for_it() -> None:
    seconds = Seconds()
    clock = SandboxClock(START, seconds)
    clock.wait_at(START + timedelta(seconds=5))
    seconds.passed = 100
    assert clock() == START + timedelta(seconds=5)
    clock.wait_at(START + timedelta(seconds=20))
    seconds.passed = 101
    assert clock() == START + timedelta(seconds=6)
    clock.wait_at(START)
    assert clock() == START + timedelta(seconds=6)


def test_it_does_not_run_off_the_calendar() -> None:
    seconds = Seconds()
    clock = SandboxClock(LATEST - timedelta(seconds=1), seconds)
    seconds.passed = 1e9
    assert clock() == LATEST
    clock.wait_at(LATEST + timedelta(seconds=55))
    seconds.passed += 60
    assert clock() == LATEST


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("P1Y", "2027-01-31T12:00:00+00:00"),
        ("P1M", "2026-02-28T12:00:00+00:00"),
        ("P13M", "2027-02-28T12:00:00+00:00"),
        ("P2Y1M", "2028-02-29T12:00:00+00:00"),
        ("P2W", "2026-02-14T12:00:00+00:00"),
        ("P1DT2H3M4S", "2026-02-01T14:03:04+00:00"),
        ("PT90M", "2026-01-31T13:30:00+00:00"),
    ],
)
def test_periods(period: str, expected: str) -> None:
    assert add_period(START, period) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("period", ["", "P", "PT", "P1YT", "1Y", "P-1D", "P1.5D", "p1y", "P1D ", "٣"])
def test_what_is_no_period(period: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        add_period(START, period)
