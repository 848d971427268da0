"""`peerhall migrate`."""

from pathlib import Path

import click

from peerhall.admin.options import database_options
from peerhall.store import schema
from peerhall.store.database import connect
from peerhall.store.embedded import EmbeddedPostgres


@click.command("migrate")
@database_options
def migrate_command(database: str | None, data: Path | None) -> None:
    """Brings the database to the schema this version needs. Safe to repeat."""
    if bool(database) == bool(data):
        raise click.UsageError("Say where the database is: either --database DSN or --data DIR (not both).")
    server = None if data is None else EmbeddedPostgres(data)
    try:
        dsn = database if server is None else server.start()
        assert dsn is not None
        with connect(dsn) as connection:
            taken = schema.migrate(connection)
            version = schema.read_version(connection)
    finally:
        if server is not None:
            server.stop()
    for migration in taken:
        click.echo(f"Migrated to {migration.version}: {migration.name}.")
    click.echo(f"The database is at schema version {version}.")
