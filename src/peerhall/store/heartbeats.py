"""Signs of life of processes that nobody talks to."""

from datetime import datetime

from peerhall.store.database import SyncConnection


def beat(connection: SyncConnection, name: str, now: datetime) -> None:
    connection.execute(
        "insert into heartbeat (name, at) values (%s, %s) on conflict (name) do update set at = excluded.at",
        (name, now),
    )
