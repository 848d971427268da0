"""A clock that stands still until a test turns it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Callable like the wall clock; noon of a Tuesday at first."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **duration: float) -> None:
        """Moves on by a timedelta's arguments."""
        self.now += timedelta(**duration)
