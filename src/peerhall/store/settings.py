"""Settings kept in the database, because every process has to go by the same ones."""

from typing import Any, Final

from pydantic_core import to_json

from peerhall.exchange.house_rules import HouseRules
from peerhall.store.database import SyncConnection
from peerhall.store.read_pool import ReadPool

EXCHANGE: Final = "exchange"


class NoExchangeError(Exception):
    """The database knows of no exchange yet; the message says what to run."""


def read_setting(connection: SyncConnection, name: str) -> dict[str, Any] | None:
    row = connection.execute("select value from setting where name = %s", (name,)).fetchone()
    return row[0] if row else None


def write_setting(connection: SyncConnection, name: str, value: dict[str, Any]) -> None:
    connection.execute(
        """insert into setting (name, value) values (%s, %s::text::jsonb)
           on conflict (name) do update set value = excluded.value""",
        (name, to_json(value).decode()),
    )


def find_house_rules(connection: SyncConnection) -> HouseRules | None:
    """The exchange's rules; None before there is an exchange."""
    value = read_setting(connection, EXCHANGE)
    return HouseRules.from_setting(value) if value else None


def read_house_rules(connection: SyncConnection) -> HouseRules:
    """The exchange's rules; NoExchangeError before there is an exchange."""
    rules = find_house_rules(connection)
    if rules is None:
        raise NoExchangeError("There is no exchange yet. Run: peerhall apply exchange.yaml")
    return rules


async def read_timezone(pool: ReadPool) -> str | None:
    """The name of the exchange's time zone; None before there is an exchange.

    Raises psycopg.Error or DatabaseUnavailable.
    """
    result = await pool.run(
        "select coalesce(value ->> 'timezone', 'UTC') from setting where name = %(name)s", {"name": EXCHANGE}
    )
    name = result.get_value(0, 0) if result.ntuples else None
    return None if name is None else name.decode()
