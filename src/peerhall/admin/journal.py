"""`peerhall journal`: what may be taken out of the journal."""

from pathlib import Path

import click

from peerhall.admin.options import database_options, open_database, operator
from peerhall.daemon.clock import wall_clock
from peerhall.exchange.ordering.contacts import PERSONAL
from peerhall.store import documents, journal


@click.group("journal")
def journal_command() -> None:
    """The journal of all that was asked for and done."""


@journal_command.command("erase-contact")
@click.argument("contact")
@database_options
def erase_contact(contact: str, database: str | None, data: Path | None) -> None:
    """Takes name, telephone and email of a deleted CONTACT, named by id, out of the journal; what was done stays."""
    with open_database(database, data) as connection, connection.transaction():
        if documents.find(connection, "contacts", contact) is not None:
            raise click.ClickException(f"The contact {contact} is still there. Delete it first, then erase it here.")
        if all(line.kind != "contacts" for line in journal.read_document_journal(connection, contact)):
            raise click.ClickException(f"The journal knows no contact {contact}. It is named by the id it had.")
        lines = journal.erase_contact(connection, contact, PERSONAL)
        entry = journal.Entry(
            wall_clock(), operator(), None, "journal_erase_contact", "accepted", "contacts", contact, {"lines": lines}
        )
        journal.append(connection, entry)
    click.echo(f"Erased from {lines} lines of the journal. Backups made before still have it.")
