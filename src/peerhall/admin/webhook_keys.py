"""`peerhall webhook-key`: the keys that secrets of webhooks are encrypted with."""

from pathlib import Path

import click

from peerhall.admin.options import database_options, open_database
from peerhall.store import sealing, webhooks

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group("webhook-key")
def webhook_key_command() -> None:
    """The keys that secrets of webhooks are encrypted with: one a line in a file, the first in use."""


@webhook_key_command.command("add")
@_FILE
def add(file: Path) -> None:
    """Puts a new key above the others in FILE, or makes FILE with a first one.

    Restart `serve` and `provision`, which then encrypt with it; what is there is still read with the others.
    """
    count = sealing.add_key(file)
    click.echo(f"{file} has {count} {'key' if count == 1 else 'keys'} now. Restart what reads it.")


@webhook_key_command.command("reseal")
@_FILE
@database_options
def reseal(file: Path, database: str | None, data: Path | None) -> None:
    """Encrypts all secrets anew with the first key in FILE, and takes the other keys out of it.

    Only once everything that runs was restarted after `add`.
    """
    sealer = sealing.read_sealer(file)
    with open_database(database, data) as connection, connection.transaction():
        done, lost = webhooks.reseal(connection, sealer.reseal)
    for webhook in lost:
        click.echo(
            f"The secret of {webhook} cannot be read with these keys; its owner has to ask for a new one.", err=True
        )
    sealing.keep_first_key(file)
    click.echo(f"{done} {'secret is' if done == 1 else 'secrets are'} encrypted with the first key, now the only one.")
