"""Wakes workers when there is work: a notification after the commit, on a connection of its own, many orders in one.

It is only a hint. Workers look at the queue anyway, at the latest after a second.
"""

import threading
from collections.abc import Callable
from typing import Final

import psycopg

from peerhall.store import work
from peerhall.store.database import DatabaseUnavailable, SyncConnection, connect, sql

_GATHER_SECONDS: Final = 0.01


class Waker:
    """Tells workers that there is work; calling it costs next to nothing."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._asked.set()
        self._thread.join()

    def __call__(self) -> None:
        self._asked.set()

    def _run(self) -> None:
        connection: SyncConnection | None = None
        while True:
            self._asked.wait()
            if self._stopped.wait(_GATHER_SECONDS):
                break
            self._asked.clear()
            try:
                connection = connection or connect(self._dsn)
                work.notify(connection)
            except (psycopg.Error, DatabaseUnavailable):
                connection = None
        if connection is not None:
            connection.close()


class Listener:
    """Waits for a Waker, or for time to pass."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: SyncConnection | None = None

    def wait(self, seconds: float, otherwise: Callable[[float], object]) -> None:
        """Returns after a notification, or after so many seconds; waits with `otherwise` while there is no database."""
        try:
            if self._connection is None:
                self._connection = connect(self._dsn)
                self._connection.execute(sql(f'listen "{work.channel_of(self._connection)}"'))
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except (psycopg.Error, DatabaseUnavailable):
            self._connection = None
            otherwise(seconds)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
