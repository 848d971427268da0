"""The life of all orders at once: four accounts order, change and cancel whatever they like while the clock moves.

In `make test` the same few hundred steps each time; in `make fuzz` at least PEERHALL_FUZZ_STEPS new ones.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.clock import Clock
from tests.installation import Site
from tests.lifecycle.machine import Lifecycle, describe_tally
from tests.lifecycle.stage import Stage, counted_ids

UNBOUNDED = os.environ.get("PEERHALL_FUZZ") == "unbounded"

STEPS = int(os.environ.get("PEERHALL_FUZZ_STEPS", "10000"))
STEPS_A_RUN = 80

_RELAXED = settings(
    deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=False, report_multiple_bugs=False
)


@pytest.fixture(scope="module")
def lifecycle(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[type[Lifecycle]]:
    with copied("migrated") as dsn, Site(dsn, Clock()).open() as site, counted_ids() as ids:
        Lifecycle.stage, Lifecycle.ids = Stage(site), ids
        Lifecycle.steps, Lifecycle.tally = 0, Counter()
        logger = logging.getLogger("peerhall")
        logger.addHandler(Lifecycle.stage.complaints)
        yield Lifecycle
        logger.removeHandler(Lifecycle.stage.complaints)


@pytest.mark.skipif(UNBOUNDED, reason="the long run does the same and more")
def test_orders_live_and_end_as_they_should(lifecycle: type[Lifecycle]) -> None:
    run_state_machine_as_test(
        lifecycle, settings=settings(_RELAXED, derandomize=True, max_examples=6, stateful_step_count=40)
    )
    accepted = sum(count for (_, outcome), count in lifecycle.tally.items() if outcome == "accepted")
    assert accepted > sum(lifecycle.tally.values()) / 2, (
        f"hardly anything was tried:\n{describe_tally(lifecycle.tally)}"
    )


@pytest.mark.skipif(not UNBOUNDED, reason="make fuzz")
def test_orders_live_and_end_as_they_should_whatever_comes(
    lifecycle: type[Lifecycle], capfd: pytest.CaptureFixture[str]
) -> None:
    while lifecycle.steps < STEPS:
        run_state_machine_as_test(
            lifecycle, settings=settings(_RELAXED, max_examples=10, stateful_step_count=STEPS_A_RUN)
        )
        with capfd.disabled():
            print(f"\n{lifecycle.steps} steps of {STEPS} done", flush=True)
    with capfd.disabled():
        print(f"\n{describe_tally(lifecycle.tally)}", flush=True)
