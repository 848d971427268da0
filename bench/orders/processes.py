"""The real thing: `peerhall serve` and `peerhall provision`, each a process of its own with a log of its own."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.servers import ServerFailed

_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 60
_SETTINGS: Final = """
driver = "simulator"
mass_change_objects = 1000000
[driver_options]
speed = 1e9
"""
"""A network that is changed at once: what is measured is how orders get there."""


class Processes:
    """All that run on one database."""

    def __init__(self, directory: Path, dsn: str) -> None:
        self._directory = directory
        self._dsn = dsn
        self._settings = directory / "settings.toml"
        self._settings.write_text(_SETTINGS)
        self.logs: set[Path] = set()

    @contextmanager
    def serving(self, workers: int) -> Iterator[int]:
        """`peerhall serve` with so many workers; yields its port."""
        arguments = ("--workers", str(workers), "--port", "0")
        with self._running("serve", *arguments, name=f"serve-{workers}") as (process, log):
            deadline = time.monotonic() + _START_SECONDS
            while not (urls := [entry["url"] for entry in read_log(log) if entry["message"] == "listening"]):
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                    raise ServerFailed(f"peerhall serve did not start. The end of {log}:\n{tail}")
                time.sleep(0.05)
            yield int(urls[0].split(":")[2].split("/")[0])

    @contextmanager
    def provisioning(self, reconcilers: int) -> Iterator[None]:
        """So many times `peerhall provision`."""
        with ExitStack() as stack:
            running = [
                stack.enter_context(self._running("provision", name=f"provision-{number}"))
                for number in range(1, 1 + reconcilers)
            ]
            yield
            for process, log in running:
                if process.poll() is not None:
                    raise ServerFailed(f"peerhall provision ended early; see {log}")

    def count_messages(self) -> Counter[tuple[str, str]]:
        """How often each thing was logged, with its reason where it has one."""
        return Counter((entry["message"], str(entry.get("reason", ""))) for log in self.logs for entry in read_log(log))

    @contextmanager
    def _running(self, *arguments: str, name: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
        log = self._directory / f"{name}.log"
        self.logs.add(log)
        command = [str(Path(sys.executable).with_name("peerhall")), *arguments]
        command += ["--database", self._dsn, "--settings", str(self._settings)]
        with log.open("ab") as output:
            process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdout=output, stderr=output)
        try:
            yield process, log
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def read_log(log: Path) -> Iterator[dict[str, str]]:
    """The entries of a log; a line that is being written is left out."""
    with log.open(errors="replace") as lines:
        for line in lines:
            if line.startswith("{") and line.endswith("}\n"):
                yield json.loads(line)
            elif line.startswith(("Traceback", "Error")):
                yield {"message": line.strip()}
