"""A sandbox in a process of its own, started like anybody would start it, and a tenant in it for each walk."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.scenarios.walk_throughs.walk import TurnedWalk, Walk
from tests.waiting import wait_until

PEERHALL = (sys.executable, "-c", "from peerhall.admin.command import main; main()")
SPEED = "1000000"
"""What takes the network seconds is done at once."""
START_SECONDS = 90


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the running sandbox is controlled."""
    directory = tmp_path_factory.mktemp("walk-throughs")
    ready, output = directory / "ready.json", directory / "output"
    command = [*PEERHALL, "demo", "--port", "0", "--speed", SPEED, "--ready-file", str(ready)]
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            wait_until(lambda: ready.exists() or process.poll() is not None, START_SECONDS)
            assert process.poll() is None, output.read_text()
            yield str(json.loads(ready.read_text())["url"]).replace("/api/v2", "/api/ext/sandbox/v1")
        finally:
            process.terminate()
    assert "Traceback" not in output.read_text()


@contextmanager
def _tenant(sandbox: str) -> Iterator[tuple[httpx.Client, Any]]:
    with httpx.Client(timeout=60) as http:
        answer = http.post(f"{sandbox}/tenants")
        assert answer.status_code == 201, answer.text
        try:
            yield http, answer.json()
        finally:
            http.delete(f"{sandbox}/tenants/{answer.json()['name']}")


@pytest.fixture(params=[Walk, TurnedWalk], ids=["at the pace of life", "on a turned clock"])
def walk(request: pytest.FixtureRequest, sandbox: str) -> Iterator[Walk]:
    """An exchange for a walk-through, which is told both ways."""
    with _tenant(sandbox) as described:
        yield request.param(*described)


@pytest.fixture
def turned(sandbox: str) -> Iterator[TurnedWalk]:
    """An exchange for what takes days: only on a turned clock."""
    with _tenant(sandbox) as described:
        yield TurnedWalk(*described)
