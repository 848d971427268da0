"""Contract terms: when something can be disconnected, and until when it is charged.

Terms end on days counted from the first day that was charged, so that month ends do not drift: from 31 January, one
month is 28 February and two are 31 March. All days are exclusive: the first without service, the first not charged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from peerhall.exchange.durations import Duration

_NONE: Final = Duration()
_LONGEST_MONTH_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Policy:
    """What leaving comes to."""

    decommission_at: date
    charged_until: date


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """The four periods of an offering."""

    initial: Duration = _NONE
    """How long it runs at least."""
    initial_notice: Duration = _NONE
    """How long before its end one has to say so."""
    renewal: Duration = _NONE
    """For how long it goes on each time nobody said so; none: day by day."""
    renewal_notice: Duration = _NONE

    @classmethod
    def of(cls, offering: Mapping[str, Any]) -> Self:
        """The terms of a product offering; its durations were checked when it was made."""
        names = ("initial_period", "initial_notice_period", "renewal_period", "renewal_notice_period")
        return cls(*(Duration.parse(offering.get(f"contract_{name}") or "P0D") for name in names))


NO_TERMS: Final = ContractTerms()
"""One leaves when one likes, and pays until then."""


def decide_policy(terms: ContractTerms, start: date, today: date, day: date) -> Policy:
    """What it comes to when something charged since `start` is to be disconnected on `day`, as was said today.

    Charged until the first end of a term that is not before that day and for which notice can still be given. Raises
    OverflowError for a day so late that no term of the calendar ends after it.
    """
    for end, deadline in _list_ends(terms, start, today, day):
        if end >= day and today <= deadline:
            return Policy(day, end)
    return Policy(day, max(day, terms.renewal_notice.after(today), terms.initial.after(start)))


def _list_ends(terms: ContractTerms, start: date, today: date, day: date) -> Iterator[tuple[date, date]]:
    """The ends of terms from about that day on, each with the last day on which notice can be given."""
    first = terms.initial.after(start)
    yield first, terms.initial_notice.before(first)
    if terms.renewal == _NONE:
        return
    longest = terms.renewal.months * _LONGEST_MONTH_DAYS + terms.renewal.days
    number = max(1, (max(day, today) - first).days // longest)
    while True:
        end = terms.initial.plus(terms.renewal.times(number)).after(start)
        yield end, terms.renewal_notice.before(end)
        number += 1
