"""`python -m bench.orders`: two hundred accounts order at once; says how fast that was, and whether all is there."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench.orders import report
from bench.orders.filling import ACCOUNTS, fill
from bench.orders.ledger import Ledger
from bench.orders.loading import Crowd, Scaling
from bench.orders.processes import Processes
from bench.orders.resting import Findings, come_to_rest, count_work, examine
from bench.servers import ServerFailed
from peerhall.store.database import SyncConnection, connect
from peerhall.store.embedded import EmbeddedError, EmbeddedPostgres

_DIRECTORY: Final = Path(".bench/orders")
"""Here, and not among temporary files: those may be kept in memory, where nothing is ever synced to disk."""
_WORKERS: Final = 4
_RECONCILERS: Final = 2
_DATABASE_CONNECTIONS: Final = 200


def main() -> int:
    """Returns 0 when nothing is lost or double, and no limit is missed."""
    parser = argparse.ArgumentParser(prog="make bench-orders", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long to order (default 300)")
    seconds = parser.parse_args().seconds
    console = Console(highlight=False)
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    _DIRECTORY.mkdir(mode=0o700, parents=True)
    try:
        return _run(console, seconds)
    except (ServerFailed, EmbeddedError) as error:
        console.print(f"bench-orders: {error}", style="bold red", markup=False)
        return 1


def _run(console: Console, seconds: float) -> int:
    directory = _DIRECTORY.absolute()
    ledger = Ledger()
    with ExitStack() as stack:
        console.print("Starting PostgreSQL, which syncs to disk as in production")
        postgres = EmbeddedPostgres(directory, connections=_DATABASE_CONNECTIONS)
        dsn = postgres.start()
        stack.callback(postgres.stop)
        connection = stack.enter_context(connect(dsn))
        console.print(f"Opening {ACCOUNTS} accounts")
        crowd = Crowd(*fill(connection), ledger)
        os.sync()
        processes = Processes(directory, dsn)
        with _telling(console, ledger, connection) as told:
            scaling, findings = _measure(told, connection, crowd, processes, ledger, seconds, postgres.log)
    report.print_speed(console, ledger, seconds)
    report.print_events(console, ledger, findings)
    report.print_scaling(console, scaling)
    report.print_faults(console, findings)
    console.print()
    console.print(report.sum_up(ledger, seconds, scaling, findings), soft_wrap=True)
    return 0 if not findings.faults and report.ratio_of(scaling) >= report.LEAST_RATIO else 1


def _measure(
    told: "_Told",
    connection: SyncConnection,
    crowd: Crowd,
    processes: Processes,
    ledger: Ledger,
    seconds: float,
    log: Path,
) -> tuple[Scaling, Findings]:
    """Everybody settles in, two workers are compared with one, all order for so long, and all comes to rest."""
    with processes.serving(1) as one_worker, processes.serving(2) as two_workers:
        with processes.provisioning(_RECONCILERS):
            told.begin("Everybody orders a connection", None)
            uvloop.run(crowd.settle_in(two_workers))
        told.begin("One worker and two, in turns", Scaling().seconds)
        scaling = uvloop.run(crowd.compare(one_worker, two_workers, told.pass_seconds))
    with processes.serving(_WORKERS) as port, processes.provisioning(_RECONCILERS):
        told.begin("All of that is provisioned", None)
        rested = come_to_rest(connection, told.count)
        ledger.start_timing_anew()
        told.begin(f"Everybody orders from {_WORKERS} workers", seconds)
        uvloop.run(crowd.order(port, seconds, told.pass_seconds))
        told.begin("All of it comes to rest", None)
        uvloop.run(crowd.wind_up(port))
        rested = come_to_rest(connection, told.count) and rested
    findings = examine(connection, ledger, processes, log)
    if not rested:
        findings.faults.insert(0, "the work queue did not drain")
    return scaling, findings


class _Told:
    """How far it is, a line for each part of it."""

    def __init__(self, progress: Progress, ledger: Ledger, connection: SyncConnection) -> None:
        self._progress = progress
        self._ledger = ledger
        self._connection = connection
        self._task: TaskID | None = None

    def begin(self, what: str, seconds: float | None) -> None:
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)
        if not self._progress.console.is_terminal:
            self._progress.console.print(what)
        self._task = self._progress.add_task(what, total=seconds, said="")

    def pass_seconds(self, seconds: float) -> None:
        self._tell(f"{self._ledger.accepted:,} orders, {count_work(self._connection):,} waiting", completed=seconds)

    def count(self, waiting: int) -> None:
        self._tell(f"{waiting:,} waiting")

    def _tell(self, said: str, completed: float | None = None) -> None:
        assert self._task is not None
        self._progress.update(self._task, completed=completed, said=said)


@contextmanager
def _telling(console: Console, ledger: Ledger, connection: SyncConnection) -> Iterator[_Told]:
    columns = (TextColumn("{task.description}"), BarColumn(8), TimeElapsedColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console) as progress:
        yield _Told(progress, ledger, connection)


if __name__ == "__main__":
    sys.exit(main())
