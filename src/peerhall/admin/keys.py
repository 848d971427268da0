"""`peerhall key` and `peerhall signing-key`: who may log in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from peerhall.admin.options import database_options, json_option, open_database, print_json, print_table
from peerhall.api.tokens import REFRESH_LIFETIME
from peerhall.contract.vocabulary import write_instant
from peerhall.daemon.clock import wall_clock
from peerhall.exchange.durations import normalise_duration
from peerhall.store import accounts, credentials


@click.group("key")
def key_command() -> None:
    """API keys: with one, a program logs in for an account."""


@key_command.command("create")
@click.argument("account", required=False)
@click.option("--operator", is_flag=True, help="A key of the exchange itself, which sees and changes everything.")
@click.option("--read-only", is_flag=True, help="The key can read, but not order or change anything.")
@click.option("--label", default="", help="What the key is for.")
@click.option("--expires", metavar="DATE|PERIOD", help="When the key ends: 2027-01-31, or a period such as P90D.")
@json_option
@database_options
def create(
    account: str | None,
    operator: bool,
    read_only: bool,
    label: str,
    expires: str | None,
    as_json: bool,
    database: str | None,
    data: Path | None,
) -> None:
    """Makes a key for ACCOUNT, named by id, name, AS number or external_ref. The secret is shown only now."""
    if operator == bool(account):
        raise click.UsageError("Name an account, or say --operator.")
    now = wall_clock()
    expires_at = None if expires is None else _parse_expiry(expires, now)
    with open_database(database, data) as connection:
        found = None if account is None else accounts.get_account(connection, account)
        key, secret = credentials.create_key(
            connection, found.id if found else None, now, label=label, read_only=read_only, expires_at=expires_at
        )
    whose = f"{found.body['name']} ({found.id})" if found else "the operator"
    if as_json:
        print_json(
            {
                "account": found.id if found else None,
                "name": found.body["name"] if found else None,
                "api_key": key,
                "api_secret": secret,
                "label": label,
                "read_only": read_only,
                "expires_at": expires_at and write_instant(expires_at),
            }
        )
        return
    click.echo(
        f"Key for {whose}{', read-only' if read_only else ''}{f', until {expires_at:%Y-%m-%d}' if expires_at else ''}:"
    )
    click.echo(f"  api_key     {key}\n  api_secret  {secret}")
    click.echo("The secret is not kept; write it down now.")


@key_command.command("list")
@click.argument("account", required=False)
@json_option
@database_options
def list_keys(account: str | None, as_json: bool, database: str | None, data: Path | None) -> None:
    """Lists keys, all or those of ACCOUNT. Secrets are not known any more."""
    with open_database(database, data) as connection:
        found = None if account is None else accounts.get_account(connection, account)
        keys = credentials.list_keys(connection, found.id if found else None)
        names = {each.id: each.body["name"] for each in accounts.list_accounts(connection)}
    if as_json:
        print_json(
            [
                {
                    "api_key": key.id,
                    "account": key.account,
                    "label": key.label,
                    "read_only": key.read_only,
                    "created_at": write_instant(key.created_at),
                    "expires_at": key.expires_at and write_instant(key.expires_at),
                    "revoked_at": key.revoked_at and write_instant(key.revoked_at),
                    "last_login_at": key.last_login_at and write_instant(key.last_login_at),
                }
                for key in keys
            ]
        )
        return
    rows = [
        (
            key.id,
            names.get(key.account or "", "the operator"),
            key.label,
            "read-only" if key.read_only else "",
            f"{key.created_at:%Y-%m-%d}",
            "revoked" if key.revoked_at else f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "",
            f"{key.last_login_at:%Y-%m-%d %H:%M}" if key.last_login_at else "never",
        )
        for key in keys
    ]
    columns = ("key", "account", "label", "rights", "since", "until", "last login")
    print_table(columns, rows, nothing="There are no keys. Make one with: peerhall key create ACCOUNT")


@key_command.command("revoke")
@click.argument("key")
@database_options
def revoke(key: str, database: str | None, data: Path | None) -> None:
    """Ends KEY and every login made with it, at once."""
    with open_database(database, data) as connection:
        if not credentials.revoke_key(connection, key, wall_clock()):
            raise click.ClickException(f"There is no key {key}. See: peerhall key list")
    click.echo(f"Key {key} is revoked; whoever was logged in with it no longer is.")


@click.group("signing-key")
def signing_key_command() -> None:
    """The keys that tokens are signed with."""


@signing_key_command.command("rotate")
@database_options
def rotate(database: str | None, data: Path | None) -> None:
    """Makes a new signing key. Nobody is logged out: the old one verifies until its last token has expired."""
    with open_database(database, data) as connection, connection.transaction():
        key = credentials.rotate_signing_key(connection, wall_clock(), REFRESH_LIFETIME + timedelta(hours=1))
    click.echo(f"New tokens are signed with {key}; running servers take it up by themselves.")


def _parse_expiry(text: str, now: datetime) -> datetime:
    try:
        at = now + _period(normalise_duration(text)) if text.upper().startswith("P") else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is neither a date nor a period such as P90D", param_hint="--expires"
        ) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if at <= now:
        raise click.BadParameter("must be in the future", param_hint="--expires")
    return at


def _period(normalised: str) -> timedelta:
    """A period in days; months count 30 of them and years 365, which is near enough for a key."""
    days, number = 0, ""
    for character in normalised[1:]:
        if character.isdigit():
            number += character
        else:
            days += int(number) * {"Y": 365, "M": 30, "D": 1}[character]
            number = ""
    return timedelta(days=days)
