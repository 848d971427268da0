"""`peerhall ip`: the addresses and prefixes that members registered."""

from ipaddress import ip_network
from pathlib import Path

import click

from peerhall.admin.options import database_options, open_database, operator
from peerhall.daemon.clock import wall_clock
from peerhall.exchange.claims import PrefixClaim
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Refused
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import ips
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims, documents, journal
from peerhall.store.database import SyncConnection


@click.group("ip")
def ip_command() -> None:
    """Addresses and prefixes that members registered."""


@ip_command.command("free")
@click.argument("ip")
@database_options
def free(ip: str, database: str | None, data: Path | None) -> None:
    """Makes IP, which a member registered and nothing uses, free to others; named by id, or as 198.51.100.0/24."""
    with open_database(database, data) as connection:
        try:
            with connection.transaction():
                desk = Order(connection, Caller(operator(), None, frozenset()), wall_clock())
                record = _get_ip(connection, ip)
                ips.free(desk, record)
                detail = {member: record.body[member] for member in ("address", "prefix_length")}
                account = record.managing_account
                entry = journal.Entry(desk.now, operator(), account, "ip_free", "accepted", "ips", record.id, detail)
                journal.append(connection, entry)
        except Refused as refused:
            raise click.ClickException(refused.refusal.detail) from refused
    click.echo(f"{record.body['address']}/{record.body['prefix_length']} is free.")


def _get_ip(connection: SyncConnection, name: str) -> Record:
    try:
        holder = claims.find_holder(connection, PrefixClaim(str(ip_network(name))))
    except ValueError:
        holder = None
    found = documents.find(connection, "ips", holder.document if holder else name, CHANGE_LOCK)
    if found is None or (
        holder and ip_network(f"{found.body['address']}/{found.body['prefix_length']}") != ip_network(name)
    ):
        raise click.ClickException(
            f"There is no registered IP address or prefix {name}. A private one is named by its id."
        )
    return found
