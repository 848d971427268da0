"""Mass changes that wait for the operator's word."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from pydantic_core import to_json

from peerhall.store.database import SyncConnection


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """Steps that would remove or change too much at once on a device."""

    number: int
    device: str
    digest: str
    steps: list[dict[str, Any]]
    created_at: datetime
    approved_at: datetime | None
    approved_by: str | None


def list_plans(connection: SyncConnection) -> list[HeldPlan]:
    """The plans that are not done with, oldest first."""
    with connection.cursor(row_factory=class_row(HeldPlan)) as cursor:
        return cursor.execute(
            """select number, device, digest, steps, created_at, approved_at, approved_by
               from plan where closed_at is null order by number"""
        ).fetchall()


def hold(connection: SyncConnection, device: str, digest: str, steps: list[dict[str, Any]], now: datetime) -> bool:
    """Whether the plan may go ahead. One that may not is kept, in the place of any other for the device.

    What remains of an approved plan is approved: its steps are done one by one, some by people, over days.
    """
    text = to_json(steps).decode()
    row = connection.execute(
        "select digest, approved_at is not null, steps from plan where device = %s and closed_at is null for update",
        (device,),
    ).fetchone()
    if row is not None and (row[0] == digest or (row[1] and _is_part(json.loads(text), row[2]))):
        return bool(row[1])
    close(connection, device, now)
    connection.execute(
        "insert into plan (device, digest, steps, created_at) values (%s, %s, %s::text::jsonb, %s)",
        (device, digest, text, now),
    )
    return False


def approve(connection: SyncConnection, number: int, by: str, now: datetime) -> str | None:
    """Lets a plan go ahead; returns its device, None when there is no such open plan."""
    row = connection.execute(
        """update plan set approved_at = %s, approved_by = %s where number = %s and closed_at is null
           returning device""",
        (now, by, number),
    ).fetchone()
    return row[0] if row else None


def close(connection: SyncConnection, device: str, now: datetime) -> None:
    """Is done with a device's plan: carried out, or no longer needed."""
    connection.execute("update plan set closed_at = %s where device = %s and closed_at is null", (now, device))


def _is_part(steps: list[Any], whole: list[Any]) -> bool:
    known = {json.dumps(step, sort_keys=True) for step in whole}
    return all(json.dumps(step, sort_keys=True) in known for step in steps)
