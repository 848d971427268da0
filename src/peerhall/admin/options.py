"""Options that commands share, and what they open."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from peerhall.daemon.settings import Settings
from peerhall.store import schema
from peerhall.store.database import SyncConnection, connect
from peerhall.store.embedded import EmbeddedPostgres

F = TypeVar("F", bound=Callable[..., Any])


WEBHOOK_KEYS: Final = "webhook-keys"
"""The file beside an embedded database that secrets of webhooks are encrypted with."""


def database_options(command: F) -> F:
    """--database or --data, one of which says where everything is kept."""
    command = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="PEERHALL_DATA",
        help="Directory of an embedded database; it is made, and migrated, when needed.",
    )(command)
    return click.option(
        "--database",
        metavar="DSN",
        envvar="PEERHALL_DATABASE",
        help="PostgreSQL 15 or newer, such as postgresql:///peerhall; must have been migrated.",
    )(command)


def settings_option(command: F) -> F:
    """--settings, a TOML file."""
    return click.option(
        "--settings",
        "settings_file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="PEERHALL_SETTINGS",
        help="Settings file (TOML); see the settings reference.",
    )(command)


def json_option(command: F) -> F:
    """--json, for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


@contextmanager
def open_dsn(database: str | None, data: Path | None, *, exclusive: bool = False) -> Iterator[str]:
    """The DSN of the database that the options name, ready to be used, with an embedded server running if need be.

    `exclusive` is for processes that live long: they wait until nobody else runs the embedded server. Raises
    click.UsageError, SchemaError, EmbeddedError or DatabaseUnavailable, all of which say what to do.
    """
    if bool(database) == bool(data):
        raise click.UsageError("Say where the database is: either --database DSN or --data DIR (not both).")
    if database:
        with connect(database) as connection:
            schema.require_current(connection)
        yield database
        return
    assert data is not None
    server = EmbeddedPostgres(data)
    dsn = server.start(exclusive=exclusive)
    try:
        with connect(dsn) as connection:
            schema.migrate(connection)
        yield dsn
    finally:
        server.stop()


@contextmanager
def open_database(database: str | None, data: Path | None) -> Iterator[SyncConnection]:
    """A connection to the database that the options name."""
    with open_dsn(database, data) as dsn, connect(dsn) as connection:
        yield connection


def load_settings(file: Path | None, dsn: str, **given: Any) -> Settings:
    """The settings of a process that serves or provisions."""
    return Settings.load(file, os.environ, database=dsn, **given)


def print_json(value: Any) -> None:
    """Writes a value for a program to read."""
    click.echo(json.dumps(value, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, nothing: str) -> None:
    """Writes rows for people; as wide as the terminal, or as needed when it is not one."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        click.echo(nothing)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 200, soft_wrap=not sys.stdout.isatty()).print(table)


def operator() -> str:
    """How the journal and tasks name who is at the keyboard."""
    return f"operator:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.getuid()}"
