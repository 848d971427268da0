"""The processes of a measurement: each says when it is ready, and none outlives this one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from os import environ
from pathlib import Path
from typing import Any, Final

from bench.load import Burst, Measured

_STOP_SECONDS: Final = 30


class ServerFailed(Exception):
    """A process did not start, or did not do what it is there for."""


@contextmanager
def running(
    module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A process of ours, `python -m module`, with pipes to and from it; what it logs goes to a file."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_SECONDS)


@contextmanager
def serving(module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A server; yields its port, which it prints once it answers."""
    with running(module, *arguments, log=log, environment=environment) as process:
        yield int(read_line(process, log))


class Load:
    """The process that asks."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process, self._log = process, log

    def measure(self, burst: Burst) -> Measured:
        """Carries out a burst. Raises ServerFailed when a server answered wrongly."""
        assert self._process.stdin is not None
        print(json.dumps(asdict(burst)), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(read_line(self._process, self._log))
        if "wrong" in answer:
            raise ServerFailed(f"A server answered wrongly: {answer['wrong']}")
        return Measured(**answer)


@contextmanager
def loading(log: Path) -> Iterator[Load]:
    """The load, ready to be put on."""
    with running("bench.load", log=log) as process:
        yield Load(process, log)


def read_line(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise ServerFailed(f"A process ended early. The end of {log}:\n{tail}")
    return line
