"""Signs of life of processes that nobody talks to."""

from datetime import datetime

from peerhall.store.database import SyncConnection
from peerhall.store.read_pool import ReadPool


def beat(connection: SyncConnection, name: str, now: datetime) -> None:
    connection.execute(
        "insert into heartbeat (name, at) values (%s, %s) on conflict (name) do update set at = excluded.at",
        (name, now),
    )


async def read(pool: ReadPool, name: str) -> datetime | None:
    """When a process was last heard of. Raises psycopg.Error or DatabaseUnavailable."""
    result = await pool.run("select at::text from heartbeat where name = %(name)s", {"name": name})
    at = result.get_value(0, 0) if result.ntuples else None
    return None if at is None else datetime.fromisoformat(at.decode())


def find_latest(connection: SyncConnection) -> datetime | None:
    """When anybody was last heard of."""
    row = connection.execute("select max(at) from heartbeat").fetchone()
    return row[0] if row else None
