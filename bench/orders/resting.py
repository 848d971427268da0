"""Waits until nothing moves any more, and then compares: what clients were told, and what there is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.orders.audits import audit
from bench.orders.checking import Line, find_faults
from bench.orders.ledger import Ledger
from bench.orders.processes import Processes
from peerhall.store.database import SyncConnection

_PATIENCE_SECONDS: Final = 120
"""How long to wait while nothing gets done."""
_LOOKS: Final = 4
"""How often in a row there has to be nothing left to do."""

_REPEATED: Final = "transaction repeated"
_BAD: Final = ("internal error", "work failed", "the driver is broken", "could not start", "Traceback")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found at rest."""

    faults: list[str]
    """What is lost, double or otherwise not as it should be, a sentence each."""
    deadlocks: int
    """That PostgreSQL broke up."""
    repeats: int
    """Transactions that were carried out again because of them."""
    overtaken: int
    """Reconcilers that found another one at work on their device."""


def count_work(connection: SyncConnection) -> int:
    """How many subjects something has to be done about now, or is being done."""
    row = connection.execute(
        """select count(*) from (
               select subject from work where due_at <= clock_timestamp() union select subject from lease) waiting"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def come_to_rest(connection: SyncConnection, tick: Callable[[int], None]) -> bool:
    """Waits until all work is done; `tick` is told how much is left. False when it does not come to an end."""
    least, moved_at = count_work(connection), time.monotonic()
    looks = 0
    while looks < _LOOKS and time.monotonic() - moved_at < _PATIENCE_SECONDS:
        left = count_work(connection)
        looks = 0 if left else looks + 1
        if left < least:
            least, moved_at = left, time.monotonic()
        tick(left)
        time.sleep(0.25)
    return looks == _LOOKS


def examine(connection: SyncConnection, ledger: Ledger, processes: Processes, log: Path) -> Findings:
    """All that can be found wrong; nothing may be under way any more, and all processes have ended."""
    rows = connection.execute("select request, outcome, document from journal where request like 'bench-%'")
    journal = [Line(*row) for row in rows]
    kinds = sorted({order.makes for order in ledger.orders if order.makes})
    documents: dict[str, str] = dict(
        connection.execute(
            "select id, kind from document where kind = any(%s) and type is distinct from 'exchange_lan'"
            " or kind = any(%s) and kind <> 'network-services'",
            (kinds, kinds),
        ).fetchall()
    )
    removed = {order.document for order in ledger.orders if order.accepted and order.path.startswith("/macs/")}
    said = processes.count_messages()
    faults = [
        *ledger.wrong,
        *find_faults(ledger.orders, journal, documents, removed),
        *audit(connection),
        *(f"the log says {count} times: {message}" for (message, _), count in said.items() if message.startswith(_BAD)),
    ]
    repeats = said[_REPEATED, "DeadlockDetected"]
    deadlocks = max(_count_deadlocks(connection), log.read_text(errors="replace").count("deadlock detected"))
    if deadlocks > repeats:
        faults.append(f"{deadlocks - repeats} of {deadlocks} deadlocks were not tried again")
    overtaken = sum(count for (message, _), count in said.items() if message == "overtaken by another reconciler")
    return Findings(faults, deadlocks, repeats, overtaken)


def _count_deadlocks(connection: SyncConnection) -> int:
    row = connection.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])
