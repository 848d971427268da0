"""ISO 8601 durations of contracts: whole years, months, weeks and days."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_DURATION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration:
    """So many months, then so many days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is not a duration of days or longer."""
        match = _DURATION.fullmatch(text.strip().upper())
        if match is None or not any(match.groups()):
            raise ValueError(f"{text!r} is not a period such as P1Y, P6M, P2W or P5D")
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return cls(months + 12 * years, days + 7 * weeks)

    def __str__(self) -> str:
        """The one spelling of durations that mean the same: P12M is P1Y, P2W is P14D."""
        years, months = divmod(self.months, 12)
        return "P" + ("".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (self.days, "D")) if n) or "0D")

    def times(self, count: int) -> Self:
        return type(self)(self.months * count, self.days * count)

    def plus(self, other: "Duration") -> Self:
        return type(self)(self.months + other.months, self.days + other.days)

    def after(self, start: date) -> date:
        """The day this long after another; a month after 31 January is the last of February. Raises OverflowError."""
        return _shift(start, self.months) + timedelta(days=self.days)

    def before(self, end: date) -> date:
        """The day this long before another. Raises OverflowError."""
        return _shift(end, -self.months) - timedelta(days=self.days)


def normalise_duration(text: str) -> str:
    """The one spelling of a duration. Raises ValueError for what is none."""
    return str(Duration.parse(text))


def _shift(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"the calendar has no year {year}")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
