"""The seeded state: made once, kept in a file, and put into a schema within a second."""

import threading
from pathlib import Path
from typing import Final

from peerhall.daemon.clock import wall_clock
from peerhall.demo.seed import seed
from peerhall.store import schema, schemas
from peerhall.store.backup import restore_backup, write_backup
from peerhall.store.database import OrderPool, connect
from peerhall.store.settings import find_house_rules

MAIN: Final = "public"
"""The schema of the exchange that has no name."""

_SCRATCH: Final = "seeding"
_FILE: Final = "seeded.zip"


class Seeded:
    """The seeded state of one data directory."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self._dsn = dsn
        self._file = directory / _FILE
        self._lock = threading.Lock()

    def prepare(self) -> dict[str, str]:
        """Makes the main exchange unless there is one; returns the account of each login. Raises NotADemoError."""
        with connect(self._dsn) as connection:
            schema.migrate(connection)
            empty = find_house_rules(connection) is None
        accounts = self._seed(self._dsn)
        if empty:
            self._keep(self._dsn)
        return accounts

    def put_into(self, name: str) -> None:
        """Has a schema hold the seeded state and nothing else; whoever is at work in it is disconnected."""
        # One at a time: it is the database's processor that they would wait for.
        with self._lock:
            if not self._file.exists():
                self._make()
            with connect(self._dsn) as connection:
                schemas.disconnect_others(connection, name)
                schemas.ensure_schema(connection, name)
            with connect(schemas.in_schema(self._dsn, name)) as connection:
                restore_backup(connection, self._file, lambda *_: None, replace=True)

    def _make(self) -> None:
        """For a demo of before there was such a file."""
        with connect(self._dsn) as connection:
            schemas.drop_schema(connection, _SCRATCH)
            schemas.ensure_schema(connection, _SCRATCH)
            scratch = schemas.in_schema(self._dsn, _SCRATCH)
            with connect(scratch) as inside:
                schema.migrate(inside)
            self._seed(scratch)
            self._keep(scratch)
            schemas.drop_schema(connection, _SCRATCH)

    def _keep(self, dsn: str) -> None:
        with connect(dsn) as connection:
            write_backup(connection, self._file, wall_clock(), lambda *_: None)

    def _seed(self, dsn: str) -> dict[str, str]:
        pool = OrderPool(dsn, 2)
        try:
            return seed(pool, wall_clock)
        finally:
            pool.close()
