"""Keeps a clock and its reconciler together: no moment at which something is due is passed before it is done."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from peerhall.provisioning.reconciler import Reconciler
from peerhall.sandbox.clock import LATEST, ClockTurnedBack, SandboxClock
from peerhall.store import work
from peerhall.store.database import DatabaseUnavailable, OrderPool
from peerhall.store.waking import Listener

logger = logging.getLogger("peerhall.sandbox")

LONGEST_TURN_SECONDS: Final = 20.0
"""How long a turn may take; one that takes longer stops where it has got to."""

_FARTHEST: Final = timedelta(seconds=55)
"""How far the clock may run without a heartbeat, which is looked for within a minute."""
_POLL_SECONDS: Final = 1.0
_LEAST_SECONDS: Final = 0.005
_MOST_AT_ONCE: Final = 50
"""Pieces of work between which a turn or a step may come in."""


class TurnTooLong(Exception):
    """There was more to do on the way than there was time for; the clock stands where it has got to."""


class Pace:
    """Works in a thread of its own between `start` and `stop`."""

    def __init__(self, dsn: str, pool: OrderPool, reconciler: Reconciler, clock: SandboxClock) -> None:
        self._pool = pool
        self._reconciler = reconciler
        self._clock = clock
        self._listener = Listener(dsn)
        self._stop = threading.Event()
        self._busy = threading.Lock()
        """Held by whoever lets the reconciler work, or moves the clock along with it."""
        self._paused = False
        self._planned: dict[str, tuple[datetime, Callable[[], object]]] = {}
        self._thread = threading.Thread(target=self._run, name="pace", daemon=True)

    @property
    def paused(self) -> bool:
        """Whether the reconciler only works when it is stepped."""
        return self._paused

    def start(self) -> None:
        self._reconciler.take_over()
        self._let_run()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the piece of work at hand is done."""
        self._stop.set()
        if self._thread.is_alive():
            with suppress(DatabaseUnavailable):
                self.look()
            self._thread.join()
        self._listener.close()

    def pause(self, paused: bool) -> None:
        """Has the reconciler work only when it is stepped, or by itself again."""
        with self._busy:
            self._paused = paused
            self._let_run()

    def step(self, most: int) -> int:
        """Does up to so many pieces of work that are due; returns how many there were."""
        with self._busy:
            done = 0
            while done < most and self._work_once():
                done += 1
            return done

    def plan(self, subject: str, at: datetime, action: Callable[[], object]) -> None:
        """Has something done at a moment, in order with other work, instead of what was planned for this subject."""
        with self._busy:
            self._planned[subject] = (at, action)

    def next_due(self) -> datetime | None:
        """When there is something to do next."""
        now = self._clock()
        queued = self._pool.run(lambda connection: work.next_due(connection, now))
        return min([at for at, _ in self._planned.values()] + ([] if queued is None else [queued]), default=None)

    def turn(self, choose: Callable[[datetime], datetime]) -> None:
        """Turns the clock, and does all that is due on the way at its time. Raises ClockTurnedBack or TurnTooLong.

        To which moment is chosen by what the clock says once it is this turn's turn.
        """
        deadline = time.monotonic() + LONGEST_TURN_SECONDS
        with self._busy:
            now = self._clock()
            target = choose(now)
            if target < now:
                raise ClockTurnedBack
            try:
                while not self._paused:
                    self._finish_due(deadline)
                    due = self.next_due()
                    if due is None or due > target:
                        break
                    self._move(due)
                self._move(target)
                self._reconciler.beat()
                if not self._paused:
                    self._finish_due(deadline)
            finally:
                self._let_run()

    def look(self) -> None:
        """Looks at clock and queue at once, not only when the last look has it."""
        self._pool.run(work.notify)

    def _move(self, moment: datetime) -> None:
        # A clock that runs may have got there by itself.
        with suppress(ClockTurnedBack):
            self._clock.turn_to(moment)

    def _let_run(self) -> None:
        """Has the clock run on for a while; it goes no farther until what is due then has been done."""
        self._clock.wait_at(LATEST if self._paused else self._clock() + _FARTHEST)

    def _finish_due(self, deadline: float) -> None:
        while self._work_once():
            if time.monotonic() > deadline:
                raise TurnTooLong

    def _work_once(self) -> bool:
        now = self._clock()
        subject = min(self._planned, key=lambda each: self._planned[each][0], default=None)
        if subject is None or self._planned[subject][0] > now:
            return self._reconciler.work_once()
        self._planned[subject][1]()
        del self._planned[subject]  # only now: what the database had no time for is tried again
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._busy:
                    seconds = self._go_on()
                self._listener.wait(seconds, self._stop.wait)
            except DatabaseUnavailable as error:
                logger.warning("waiting for the database", extra={"reason": str(error)})
                self._stop.wait(_POLL_SECONDS)

    def _go_on(self) -> float:
        """Does some of what is due, and has the clock wait for the next; returns seconds until then."""
        self._reconciler.beat()
        if self._paused:
            return _POLL_SECONDS / max(self._clock.speed, 1.0)
        for _ in range(_MOST_AT_ONCE):
            if not self._work_once():
                break
        else:
            return _LEAST_SECONDS
        now = self._clock()
        halt = now + _FARTHEST
        if (due := self.next_due()) is not None:
            halt = min(halt, due)
        self._clock.wait_at(halt)
        if self._clock.speed == 0:
            return _POLL_SECONDS
        return min(max((halt - now).total_seconds() / self._clock.speed, _LEAST_SECONDS), _POLL_SECONDS)
