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


class RunningClock(Clock):
    """The wall clock, turned ahead: for tests that also run commands, which go by the wall clock."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def turn(self, **duration: float) -> None:
        self._ahead += timedelta(**duration)
