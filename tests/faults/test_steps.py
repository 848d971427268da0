"""Every step of every kind of order fails, before or after its effect, is repeated, or killed; in the end all is right.

What an order comes to is recorded once, undisturbed, step by step. Then each step goes wrong in each way, and all there
is in the end, in the database and in the network, must be the same; and when everything is cancelled, nothing is left.
`make fuzz` goes through all of them, `make test` through some of each kind of order and of each way. Where all there is
is the same, cancelling it comes to the same, too: that is tried with one case of each way, in `make test` of each kind.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from tests.faults.catalogue import KINDS, Kind, Paths
from tests.faults.inventory import Stock, differences
from tests.faults.seams import WAYS, Faults, Seam
from tests.faults.stage import Moment, Run, Stage

EVERYTHING = os.environ.get("PEERHALL_FUZZ") == "unbounded"
PER_KIND = 2
"""How many cases of each kind `make test` goes through; the kinds take turns with the ways."""


@dataclass(frozen=True, slots=True)
class Case:
    """One step that goes wrong in one way."""

    at: int
    seam: Seam
    step: str
    way: str

    def __str__(self) -> str:
        return f"step {self.at}, {self.seam} {self.step}: {self.way}"


@pytest.fixture(scope="module")
def stage(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Stage]:
    level = logging.getLogger("peerhall").level
    logging.getLogger("peerhall").setLevel(logging.CRITICAL + 1)
    with copied("world") as dsn, pytest.MonkeyPatch.context() as patch:
        stage = Stage(dsn, patch)
        yield stage
        stage.close()
    logging.getLogger("peerhall").setLevel(level)


class Ordeal:
    """A kind of order, and what it comes to when nothing goes wrong."""

    def __init__(self, stage: Stage, kind: Kind) -> None:
        self._stage, self._kind = stage, kind
        self._there, self._start = prepare(stage, kind.prepare, kind.by_hand)
        faults = Faults()
        self._expected, _ = self._order(faults, cancel=False)
        self.cases = [Case(at, seam, step, way) for at, (seam, step) in enumerate(faults.steps) for way in WAYS[seam]]

    def go_wrong(self, case: Case, *, cancel: bool) -> list[str]:
        """What is not as it should be after one thing went wrong."""
        faults = Faults(case.at, case.way)
        try:
            found, left = self._order(faults, cancel=cancel)
        except AssertionError as error:
            return [str(error)]
        assert faults.steps[case.at][1] == case.step, "each run goes the same way"
        return [*differences(self._expected, found), *left]

    def _order(self, faults: Faults, *, cancel: bool) -> tuple[Stock, list[str]]:
        """All there is after the order, and what is left once everything is cancelled, where that is tried."""
        run = Run(self._stage, self._start, faults, by_hand=self._kind.by_hand)
        self._kind.order(run, self._there)
        run.rest()
        run.deliver_late()
        faults.counting = False
        found = run.everything()
        if not cancel:
            return found, []
        run.leave()
        return found, run.remains()


def prepare(stage: Stage, build: Callable[[Run], Paths], by_hand: bool) -> tuple[Paths, Moment]:
    """What is there before an order, and that moment; kinds of order that begin with the same share it."""
    if (build, by_hand) not in stage.prepared:
        before = Run(stage, stage.beginning, Faults(counting=False), by_hand=by_hand)
        there = build(before)
        stage.prepared[build, by_hand] = there, before.moment()
    return stage.prepared[build, by_hand]


def choose(cases: list[Case], turn: int) -> list[Case]:
    """A few of a kind's cases, each of another way, at steps spread from its first to its last."""
    ways = [(seam, way) for seam in WAYS for way in WAYS[seam]]
    chosen = []
    for number in range(turn * PER_KIND, (turn + 1) * PER_KIND):
        fitting = [case for case in cases if (case.seam, case.way) == ways[number % len(ways)]]
        if fitting:
            chosen.append(fitting[number * len(fitting) // PER_KIND % len(fitting)])
    return chosen


@pytest.mark.parametrize("name", KINDS)
def test_whatever_goes_wrong_it_ends_right_and_leaves_nothing_behind(stage: Stage, name: str) -> None:
    ordeal = Ordeal(stage, KINDS[name])
    cases = ordeal.cases if EVERYTHING else choose(ordeal.cases, list(KINDS).index(name))
    given_up = {(case.seam, case.way): case for case in cases}.values() if EVERYTHING else cases[-1:]
    found = {case: ordeal.go_wrong(case, cancel=case in given_up) for case in cases}
    wrong = ["\n  ".join([f"{name}, {case}", *what[:12]]) for case, what in found.items() if what]
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:20])
