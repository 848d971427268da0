"""Backups: the whole content of a database in one file that any later version can restore, on any PostgreSQL.

A zip archive with a manifest and one file a table, in PostgreSQL's text format, all of one snapshot. It holds digests
of secrets and the signing keys, so it is to be kept like the database itself.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import psycopg

from peerhall import __version__
from peerhall.contract.vocabulary import write_instant
from peerhall.store import schema
from peerhall.store.database import SyncConnection, sql

FORMAT: Final = 1

_OF_THE_MOMENT: Final = frozenset({"lease", "heartbeat", "schema_version"})
"""Tables that mean nothing in another database."""

_OF_THE_CLUSTER: Final = frozenset({("change", "xact"), ("journal", "xact")})
"""Columns that mean nothing in another cluster; they get their default there."""

Progress = Callable[[str, int], None]
"""Told each table's name and number of rows when it is done."""


class BackupError(Exception):
    """A file that cannot be written or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns that are kept of it."""

    name: str
    columns: tuple[str, ...]

    @property
    def column_list(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)


def write_backup(connection: SyncConnection, file: Path, now: datetime, progress: Progress) -> None:
    """Writes a backup, complete or not at all. Raises BackupError."""
    partial = file.with_name(file.name + ".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            _write_tables(connection, archive, now, progress)
            archive.close()
            raw.flush()
            os.fsync(raw.fileno())
        partial.rename(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def restore_backup(connection: SyncConnection, file: Path, progress: Progress, *, replace: bool = False) -> None:
    """Brings a database to what a backup holds, in one transaction; the database must be empty unless `replace`.

    What others keep beside our tables stays, and must not depend on them. Raises BackupError, or SchemaError for a
    backup of a newer Peerhall.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive, file)
            _refuse_unless_empty(connection, replace)
            with connection.transaction():
                connection.execute("set local statement_timeout = 0")
                _drop_ours(connection)
                schema.migrate(connection, manifest["schema_version"])
                # What is restored is no news to anybody.
                connection.execute("alter table document disable trigger user")
                for name, described in manifest["tables"].items():
                    _load(connection, archive, name, described)
                    progress(name, described["rows"])
                connection.execute("alter table document enable trigger user")
                _advance_sequences(connection)
                schema.migrate(connection)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise BackupError(f"{file} is not a backup of Peerhall, or is damaged: {error}.") from error


def _write_tables(connection: SyncConnection, archive: zipfile.ZipFile, now: datetime, progress: Progress) -> None:
    tables: dict[str, Any] = {}
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute("set local statement_timeout = 0")
        version = schema.read_version(connection)
        for table in _list_tables(connection):
            digest, rows = hashlib.sha256(), 0
            with (
                connection.cursor() as cursor,
                cursor.copy(sql(f'copy "{table.name}" ({table.column_list}) to stdout')) as copy,
                archive.open(f"{table.name}.copy", "w", force_zip64=True) as entry,
            ):
                for block in copy:
                    entry.write(block)
                    digest.update(block)
                    rows += bytes(block).count(b"\n")
            tables[table.name] = {"columns": table.columns, "rows": rows, "sha256": digest.hexdigest()}
            progress(table.name, rows)
    manifest = {
        "format": FORMAT,
        "peerhall": __version__,
        "schema_version": version,
        "created_at": write_instant(now),
        "tables": tables,
    }
    archive.writestr("manifest.json", json.dumps(manifest, indent=2))


def _list_tables(connection: SyncConnection) -> list[Table]:
    """Our tables, each after those it refers to."""
    ours = schema.list_tables()
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(
        """select c.table_name, c.column_name from information_schema.columns c
           join information_schema.tables t using (table_schema, table_name)
           where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
           order by c.table_name, c.ordinal_position"""
    ):
        if table in ours - _OF_THE_MOMENT and (table, column) not in _OF_THE_CLUSTER:
            columns.setdefault(table, []).append(column)
    referred = connection.execute(
        """select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
           where contype = 'f' and connamespace = current_schema()::regnamespace"""
    ).fetchall()
    return [Table(name, tuple(columns[name])) for name in _in_order(columns, referred)]


def _in_order(tables: dict[str, list[str]], referred: list[tuple[Any, ...]]) -> Iterator[str]:
    waiting = list(tables)
    while waiting:
        ready = [
            name
            for name in waiting
            if not any(user == name and used in waiting and used != name for user, used in referred)
        ]
        yield from ready
        waiting = [name for name in waiting if name not in ready]


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{file} is of a format this Peerhall does not know; use the version it was made with.")
    newest = schema.list_migrations()[-1].version
    if manifest["schema_version"] > newest:
        raise BackupError(f"{file} was made by Peerhall {manifest['peerhall']}, which is newer; install that first.")
    for name, described in manifest["tables"].items():
        digest = hashlib.sha256()
        with archive.open(f"{name}.copy") as entry:
            for block in _blocks(entry):
                digest.update(block)
        if digest.hexdigest() != described["sha256"]:
            raise BackupError(f"{file} is damaged: the table {name} is not what was written.")
    return manifest


def _refuse_unless_empty(connection: SyncConnection, replace: bool) -> None:
    if schema.read_version(connection) == 0:
        if _list_names(connection):
            raise BackupError(
                "The database holds the tables of something else, which would be lost. Use one of its own."
            )
        return
    if not replace and connection.execute("select 1 from document union all select 1 from api_key limit 1").fetchone():
        raise BackupError(
            "The database is not empty. Restore into an empty one, or say --replace to lose what is there."
        )


def _drop_ours(connection: SyncConnection) -> None:
    try:
        connection.execute(sql(f"drop table if exists {', '.join(sorted(schema.list_tables()))}"))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise BackupError(
            f"Something else in the database depends on the tables of Peerhall: {error.diag.message_detail}. "
            "Drop it first, or restore into another database."
        ) from error
    connection.execute("drop sequence if exists lease_generation")
    connection.execute("drop function if exists note_change()")


def _list_names(connection: SyncConnection) -> list[str]:
    """All tables there are, whoever made them."""
    rows = connection.execute(
        """select table_name from information_schema.tables
           where table_schema = current_schema() and table_type = 'BASE TABLE'"""
    ).fetchall()
    return [name for (name,) in rows]


def _load(connection: SyncConnection, archive: zipfile.ZipFile, name: str, described: dict[str, Any]) -> None:
    table = Table(name, tuple(described["columns"]))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql(f'copy "{table.name}" ({table.column_list}) from stdin')) as copy,
        archive.open(f"{name}.copy") as entry,
    ):
        for block in _blocks(entry):
            copy.write(block)


def _advance_sequences(connection: SyncConnection) -> None:
    """Has identity columns go on after the highest value that was restored."""
    identities = connection.execute(
        """select table_name, column_name from information_schema.columns
           where table_schema = current_schema() and is_identity = 'YES'"""
    ).fetchall()
    for table, column in identities:
        connection.execute(
            sql(
                f"""select setval(pg_get_serial_sequence('"{table}"', '{column}'),
                                  greatest((select max("{column}") from "{table}"), 1),
                                  exists (select 1 from "{table}"))"""
            )
        )


def _blocks(entry: IO[bytes]) -> Iterator[bytes]:
    while block := entry.read(1 << 20):
        yield block
