"""Schemathesis over everything the server says it does, as two logins: it keeps to its own OpenAPI document.

In `make test` for about a minute with the same seed each time; in `make fuzz` with new seeds until something breaks or
somebody stops it.
"""

import itertools
import os
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.clock import Clock
from tests.fuzzing import LOGINS, Fuzzer
from tests.installation import Site

UNBOUNDED = os.environ.get("PEERHALL_FUZZ") == "unbounded"

PHASES = {
    "coverage": ("--phases", "examples,coverage"),
    "fuzzing": ("--phases", "fuzzing,stateful", "--max-examples", "12"),
}

UNTIL_STOPPED = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "100")


@pytest.mark.skipif(UNBOUNDED, reason="the unbounded run does the same and more")
# The long phase is the same for whoever asks; in the unbounded run both go through it.
@pytest.mark.parametrize(("phase", "login"), [("coverage", "member"), ("fuzzing", "member"), ("fuzzing", "reseller")])
def test_the_server_keeps_to_its_document(site: Site, phase: str, login: str, tmp_path: Path) -> None:
    fuzzer = Fuzzer(site, tmp_path)
    before = _count_orders(site)
    finished = fuzzer.run(login, *PHASES[phase], "--seed", "1")
    if finished.returncode != 0:
        pytest.fail(finished.stdout, pytrace=False)
    assert _count_orders(site) > before, "not one order was accepted, so hardly anything was tried"


@pytest.mark.skipif(not UNBOUNDED, reason="make fuzz")
def test_the_server_keeps_to_its_document_whatever_comes(
    copied: Callable[[str], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In rounds with an installation each, so that what one leaves behind does not slow down the next."""
    for number, login in enumerate(itertools.cycle(LOGINS), start=1):
        seed = random.SystemRandom().randrange(2**32)
        with copied("world") as database, Site(database, Clock()).open() as site, capfd.disabled():
            print(f"\nRound {number} as {login}, seed {seed}", flush=True)
            fuzzer = Fuzzer(site, tmp_path_factory.mktemp("round"))
            finished = fuzzer.run(login, *UNTIL_STOPPED, "--seed", str(seed), quietly=False)
        if finished.returncode != 0:
            pytest.fail(f"Round {number} as {login} with seed {seed} found what is told above.", pytrace=False)


def _count_orders(site: Site) -> int:
    row = site.connection.execute("select count(*) from document").fetchone()
    assert row is not None
    return int(row[0])
