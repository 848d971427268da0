"""A clock that can be turned ahead, run faster, and made to stand still; it never goes back."""

import re
import threading
import time
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""It does not run any farther."""
FASTEST: Final = 3600.0
"""At more than an hour a second, nobody could look on any more; a turn goes farther, and at once."""

_PERIOD: Final = re.compile(
    r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?",
    re.ASCII,
)


class ClockTurnedBack(Exception):
    """The time asked for is past."""


class SandboxClock:
    """Callable like the wall clock; safe to use from several threads."""

    def __init__(self, start: datetime, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._at = start
        self._since = seconds()
        self._speed = 1.0
        self._barrier = LATEST

    def __call__(self) -> datetime:
        with self._lock:
            return self._now()

    @property
    def speed(self) -> float:
        """Seconds that pass in one second; 0 stands still."""
        return self._speed

    def run_at(self, speed: float) -> None:
        """Goes on at another speed."""
        with self._lock:
            self._anchor(self._now())
            self._speed = speed

    def turn_to(self, moment: datetime) -> None:
        """Turns it to a later moment, at which it waits. Raises ClockTurnedBack."""
        with self._lock:
            if moment < self._now():
                raise ClockTurnedBack
            self._anchor(moment)
            self._barrier = self._at

    def wait_at(self, moment: datetime) -> None:
        """Has it stop at a moment, should it get there, until it is given another one."""
        with self._lock:
            # What it has waited so far is not made up for.
            self._anchor(self._now())
            self._barrier = min(max(moment, self._at), LATEST)

    def _anchor(self, moment: datetime) -> None:
        self._at, self._since = min(moment, LATEST), self._seconds()

    def _now(self) -> datetime:
        return min(self._at + timedelta(seconds=(self._seconds() - self._since) * self._speed), self._barrier)


def add_period(moment: datetime, period: str) -> datetime:
    """The moment an ISO 8601 period such as P1Y, P2M or PT90M later, on the month's last day where it is shorter.

    Raises ValueError for what is no period, and OverflowError for one that ends beyond the calendar.
    """
    match = _PERIOD.fullmatch(period)
    if match is None or not any(match.groups()):
        raise ValueError("must be a period such as P1Y, P1M, P2W, P5D or PT2H")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    month = moment.month - 1 + months + 12 * years
    year, month = moment.year + month // 12, month % 12 + 1
    if year > LATEST.year:
        raise OverflowError
    day = min(moment.day, monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day) + timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
    )
