"""`peerhall account`."""

from pathlib import Path

import click

from peerhall.admin.options import database_options, json_option, open_database, print_json, print_table
from peerhall.store import accounts


@click.group("account")
def account_command() -> None:
    """The exchange's members and their sub-accounts."""


@account_command.command("list")
@json_option
@database_options
def list_accounts(as_json: bool, database: str | None, data: Path | None) -> None:
    """Lists all accounts with their ASNs."""
    with open_database(database, data) as connection:
        found = accounts.list_accounts(connection)
    if as_json:
        members = ("id", "name", "state", "asns", "managing_account", "external_ref")
        print_json([{member: each.body.get(member) for member in members} for each in found])
        return
    names = {each.id: each.body["name"] for each in found}
    rows = [
        (
            each.id,
            each.body["name"],
            each.body.get("state"),
            " ".join(f"AS{asn}" for asn in each.body.get("asns") or ()),
            names.get(each.body.get("managing_account") or ""),
        )
        for each in found
    ]
    columns = ("id", "name", "state", "ASNs", "managed by")
    print_table(columns, rows, nothing="There are no accounts yet. Bring them in with: peerhall import ixf FILE")
