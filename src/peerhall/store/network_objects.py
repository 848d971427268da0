"""What the exchange's people told us is configured, for drivers that cannot look for themselves."""

from datetime import datetime
from typing import Any

from pydantic_core import to_json

from peerhall.store.database import SyncConnection


def list_objects(connection: SyncConnection, device: str) -> dict[str, dict[str, Any]]:
    """All that is on a device, by key."""
    rows = connection.execute("select key, config from network_object where device = %s order by key", (device,))
    return {row[0]: row[1] for row in rows}


def put(connection: SyncConnection, device: str, key: str, config: dict[str, Any], now: datetime) -> None:
    connection.execute(
        """insert into network_object (device, key, config, confirmed_at) values (%s, %s, %s::text::jsonb, %s)
           on conflict (device, key) do update set config = excluded.config, confirmed_at = excluded.confirmed_at""",
        (device, key, to_json(config).decode(), now),
    )


def remove(connection: SyncConnection, device: str, key: str) -> None:
    connection.execute("delete from network_object where device = %s and key = %s", (device, key))
