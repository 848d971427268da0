"""Brings a database to the schema this code needs, and refuses to work on any other."""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import psycopg

from peerhall.store.database import SyncConnection

_LOCK = 0x7065657268616C6C
_CREATED: Final = re.compile(r"^create (?:unlogged )?table (?:if not exists )?(\w+)", re.IGNORECASE | re.MULTILINE)


class SchemaError(Exception):
    """The database has not the schema this code needs; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, its SQL."""

    version: int
    name: str
    sql: str


def list_migrations() -> list[Migration]:
    """All steps there are, in order."""
    found = [
        Migration(int(file.name[:4]), file.name[5:-4], file.read_text())
        for file in files("peerhall.store.migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.version)


def list_tables() -> frozenset[str]:
    """Names of all tables that are, or once were, Peerhall's."""
    made = {name for migration in list_migrations() for name in _CREATED.findall(migration.sql)}
    return frozenset(made | {"schema_version"})


def read_version(connection: SyncConnection) -> int:
    """The number of the last step taken; 0 for an empty database."""
    try:
        with connection.transaction():
            row = connection.execute("select max(version) from schema_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return row[0] or 0 if row else 0


def migrate(connection: SyncConnection, target: int | None = None) -> list[Migration]:
    """Takes the steps not yet taken, up to `target`, each in a transaction of its own; returns them.

    Two processes may call it at once; the second finds nothing left to do. Raises SchemaError when the database is
    newer than this code.
    """
    taken = []
    connection.execute("select pg_advisory_lock(%s + hashtext(current_schema()))", (_LOCK,))
    try:
        _refuse_newer(read_version(connection))
        for migration in list_migrations():
            if migration.version <= read_version(connection) or (target is not None and migration.version > target):
                continue
            with connection.transaction():
                connection.execute("set local statement_timeout = 0")
                connection.execute(
                    "create table if not exists schema_version (version int primary key, name text not null)"
                )
                connection.execute(migration.sql.encode())
                connection.execute(
                    "insert into schema_version (version, name) values (%s, %s)", (migration.version, migration.name)
                )
            taken.append(migration)
    finally:
        connection.execute("select pg_advisory_unlock(%s + hashtext(current_schema()))", (_LOCK,))
    return taken


def require_current(connection: SyncConnection) -> None:
    """Raises SchemaError unless the database has exactly the schema this code needs."""
    version, newest = read_version(connection), list_migrations()[-1].version
    _refuse_newer(version)
    if version < newest:
        raise SchemaError(
            f"The database is at schema version {version}, this Peerhall needs {newest}. Run: peerhall migrate"
        )


def _refuse_newer(version: int) -> None:
    newest = list_migrations()[-1].version
    if version > newest:
        raise SchemaError(
            f"The database is at schema version {version}, but this Peerhall knows only up to {newest}. "
            "Install the version of Peerhall that the database was last used with, or a newer one."
        )
