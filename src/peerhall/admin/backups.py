"""`peerhall backup` and `peerhall restore`."""

from pathlib import Path

import click

from peerhall.admin.options import database_options, open_database
from peerhall.daemon.clock import wall_clock
from peerhall.store.backup import restore_backup, write_backup
from peerhall.store.database import connect
from peerhall.store.embedded import EmbeddedPostgres


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@database_options
def backup_command(file: Path, force: bool, database: str | None, data: Path | None) -> None:
    """Writes everything the database holds to FILE. The server may keep running."""
    if file.exists() and not force:
        raise click.ClickException(f"{file} exists; choose another name or say --force.")
    with open_database(database, data) as connection:
        rows = _Rows()
        write_backup(connection, file, wall_clock(), rows.count)
    click.echo(f"{rows.total} rows of {rows.tables} tables are in {file} ({file.stat().st_size // 1024 + 1} KiB).")
    click.echo("It holds credentials, if only as digests, and signing keys: keep it like the database.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Lose what the database holds now.")
@database_options
def restore_command(file: Path, replace: bool, database: str | None, data: Path | None) -> None:
    """Fills an empty database with what a backup FILE holds, and brings it up to date. Stop the server first."""
    if bool(database) == bool(data):
        raise click.UsageError("Say where the database is: either --database DSN or --data DIR (not both).")
    server = None if data is None else EmbeddedPostgres(data)
    try:
        dsn = database if server is None else server.start(exclusive=True)
        assert dsn is not None
        rows = _Rows()
        with connect(dsn) as connection:
            restore_backup(connection, file, rows.count, replace=replace)
    finally:
        if server is not None:
            server.stop()
    click.echo(f"{rows.total} rows of {rows.tables} tables are restored.")


class _Rows:
    """Counts what goes by, and shows it."""

    def __init__(self) -> None:
        self.total = 0
        self.tables = 0

    def count(self, table: str, rows: int) -> None:
        self.total += rows
        self.tables += 1
        click.echo(f"  {table}: {rows}", err=True)
