"""A network that is only pretended: every step takes a while, and what was applied is there until the process ends.

It runs timed (a step is done when the clock has passed its duration) or stepped (when a test says so). Like a device
that lost its memory it knows nothing after a restart; the reconciler then fills it again.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from peerhall.provisioning.driver import (
    Action,
    Config,
    Device,
    Done,
    Driver,
    DriverContext,
    DriverFault,
    DriverOptionError,
    Progress,
    StaleGeneration,
    Step,
    TestFailed,
    TransientFault,
    Waiting,
)
from peerhall.provisioning.plan import step_name

DURATIONS: Final[dict[Action, float]] = {"put": 20.0, "remove": 10.0, "test": 30.0}
"""How long steps take at speed 1, in seconds."""

_STEPPED: Final = None


@dataclass(frozen=True, slots=True)
class Slow:
    """Has a step take so many seconds longer."""

    seconds: float


Mishap = DriverFault | TestFailed | Slow


@dataclass
class _Box:
    """One pretended device."""

    objects: dict[str, Config] = field(default_factory=dict)
    under_way: dict[str, tuple[Step, datetime | None]] = field(default_factory=dict)
    """Steps that have begun, by name, and when they will be done (None: when told to)."""
    tested: set[str] = field(default_factory=set)
    generation: int = 0


class Simulator:
    """See the module."""

    def __init__(self, clock: Callable[[], datetime], speed: float | None = 1.0) -> None:
        """`speed` divides the durations; None makes it stepped."""
        self._clock = clock
        self._speed = speed
        self._boxes: dict[str, _Box] = {}
        self._mishaps: deque[Mishap | None] = deque()
        self._unreachable: set[str] = set()
        self._lock = threading.Lock()

    def observe(self, device: Device) -> Mapping[str, Config]:
        with self._lock:
            if device.id in self._unreachable:
                raise TransientFault(f"{device.name} does not answer")
            box = self._box(device)
            self._finish(box, lambda done_at: done_at is not None and done_at <= self._clock())
            return dict(box.objects)

    def is_under_way(self, step: Step) -> bool:
        """Whether a step has begun, or been done, before."""
        with self._lock:
            box, name = self._box(step.device), step_name(step)
            return name in box.under_way or self._is_done(box, step, name)

    def apply(self, step: Step, generation: int, delay: float = 0.0) -> Progress:
        """`delay` is how many seconds longer than usual it takes."""
        with self._lock:
            box = self._box(step.device)
            if generation < box.generation:
                raise StaleGeneration
            box.generation = generation
            name = step_name(step)
            if self._is_done(box, step, name):
                return Done()
            if name not in box.under_way:
                mishap = self._mishaps.popleft() if self._mishaps else None
                if isinstance(mishap, DriverFault | TestFailed):
                    raise mishap
                box.under_way[name] = (step, self._done_at(step, delay + (mishap.seconds if mishap else 0.0)))
            done_at = box.under_way[name][1]
            if done_at is not None and done_at <= self._clock():
                self._finish(box, lambda at: at is not None and at <= self._clock())
                return Done()
            return Waiting(until=done_at)

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        with self._lock:
            box = self._box(device)
            if generation < box.generation:
                raise StaleGeneration
            box.generation = generation
            box.under_way = {name: each for name, each in box.under_way.items() if name in steps}

    def advance(self) -> int:
        """Finishes every step that is under way; returns how many that were. For a stepped simulator."""
        with self._lock:
            count = sum(len(box.under_way) for box in self._boxes.values())
            for box in self._boxes.values():
                self._finish(box, lambda _: True)
            return count

    def fail_next(self, *mishaps: Mishap | None) -> None:
        """Has the next steps fail like this, one after the other; None lets one succeed."""
        with self._lock:
            self._mishaps.extend(mishaps)

    def list_mishaps(self) -> list[Mishap | None]:
        """What the next steps will meet with, in their order."""
        with self._lock:
            return list(self._mishaps)

    def clear_mishaps(self) -> None:
        """Lets all steps succeed again."""
        with self._lock:
            self._mishaps.clear()

    def furnish(self, device: str, objects: Mapping[str, Config]) -> None:
        """Puts something on a device at once, as if it had been there all the time."""
        with self._lock:
            self._boxes.setdefault(device, _Box()).objects.update(objects)

    def cut_off(self, device: str, *, unreachable: bool = True) -> None:
        """Makes a device unreachable, or reachable again."""
        with self._lock:
            (self._unreachable.add if unreachable else self._unreachable.discard)(device)

    def forget(self) -> None:
        """What a restart does."""
        with self._lock:
            self._boxes.clear()

    def _box(self, device: Device) -> _Box:
        return self._boxes.setdefault(device.id, _Box())

    def _is_done(self, box: _Box, step: Step, name: str) -> bool:
        match step.action:
            case "put":
                return box.objects.get(step.key) == step.config
            case "remove":
                return step.key not in box.objects
            case "test":
                return name in box.tested

    def _done_at(self, step: Step, delay: float) -> datetime | None:
        if self._speed is _STEPPED:
            return None
        return self._clock() + timedelta(seconds=DURATIONS[step.action] / self._speed + delay)

    def _finish(self, box: _Box, is_due: Callable[[datetime | None], bool]) -> None:
        for name, (step, done_at) in list(box.under_way.items()):
            if not is_due(done_at):
                continue
            del box.under_way[name]
            match step.action:
                case "put":
                    box.objects[step.key] = step.config
                case "remove":
                    box.objects.pop(step.key, None)
                case "test":
                    box.tested.add(name)


def create(context: DriverContext) -> Driver:
    """Makes a timed simulator; its option `speed` shortens what it pretends to take."""
    context.check_options("speed")
    speed = context.options.get("speed", 1.0)
    if not isinstance(speed, int | float) or not speed > 0:
        raise DriverOptionError(f"driver_options: speed must be a number above 0, not {speed!r}.")
    return Simulator(context.clock, speed)
