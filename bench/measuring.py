"""Measures the servers in turn, in short bursts, so that what slows the machine down slows all of them down alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from bench.load import Burst, Measured
from bench.scenarios import Scenario
from bench.servers import Load

Arm = Literal["peerhall", "bare", "django"]

ROUNDS: Final = 5
CONNECTIONS: Final = 8
_ORDER: Final[tuple[Arm, ...]] = ("bare", "peerhall", "django")
_SECONDS: Final[Mapping[Arm, float]] = {"bare": 0.8, "peerhall": 1.2, "django": 1.2}
_LEAST_ANSWERS: Final = 8


@dataclass(frozen=True, slots=True)
class Target:
    """A server and who it knows us as."""

    port: int
    token: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario: a round is one burst at each server."""

    scenario: Scenario
    rounds: Sequence[Mapping[Arm, Measured]]

    def rate(self, arm: Arm) -> float:
        """Requests per second, in the middle of all rounds."""
        return median(each[arm].requests_per_second for each in self.rounds)

    def p99(self, arm: Arm) -> float:
        """Seconds."""
        return median(each[arm].p99 for each in self.rounds)

    @property
    def share(self) -> float:
        """Of the bare server: each round is a comparison of its own, and the middle one counts."""
        return self._ratio("bare")

    @property
    def times(self) -> float:
        """Django REST framework, likewise."""
        return self._ratio("django")

    @property
    def passed(self) -> bool:
        return self.share >= self.scenario.share and self.times >= self.scenario.times

    def _ratio(self, other: Arm) -> float:
        return median(each["peerhall"].requests_per_second / each[other].requests_per_second for each in self.rounds)


def measure(
    scenarios: Sequence[Scenario], targets: Mapping[Arm, Target], load: Load, on_burst: Callable[[], None]
) -> list[Result]:
    """All rounds of all scenarios; every other round goes backwards. Tells `on_burst` after each burst."""
    rounds: dict[str, list[Mapping[Arm, Measured]]] = {scenario.name: [] for scenario in scenarios}
    for number in range(ROUNDS):
        for scenario in scenarios:
            measured: dict[Arm, Measured] = {}
            for arm in _ORDER if number % 2 == 0 else reversed(_ORDER):
                measured[arm] = load.measure(_burst(scenario, targets[arm], arm))
                on_burst()
            rounds[scenario.name].append(measured)
    return [Result(scenario, rounds[scenario.name]) for scenario in scenarios]


def count_bursts(scenarios: Sequence[Scenario]) -> int:
    """How often `on_burst` will be told."""
    return ROUNDS * len(scenarios) * len(_ORDER)


def _burst(scenario: Scenario, target: Target, arm: Arm) -> Burst:
    requests = [request.text(target.token) for request in scenario.requests]
    return Burst(target.port, requests, scenario.status, CONNECTIONS, _SECONDS[arm], _LEAST_ANSWERS)
