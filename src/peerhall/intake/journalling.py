"""What an intake did to each document, as lines in the journal."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from peerhall.exchange.records import Record
from peerhall.store import journal
from peerhall.store.database import SyncConnection

_MEMBERS_OWN: Final = (
    "connections",
    "ips",
    "macs",
    "network-feature-configs",
    "network-service-configs",
    "port-reservations",
    "ports",
)
"""Kinds whose consuming account is what a line is about; the rest is the exchange's own business."""


def journal_each(
    connection: SyncConnection, operation: str, records: Iterable[Record], actor: str, now: datetime
) -> None:
    """A line for each document, as it is after the operation."""
    for record in records:
        journal.append(
            connection,
            journal.Entry(
                at=now,
                actor=actor,
                account=record.consuming_account if record.kind in _MEMBERS_OWN else None,
                operation=operation,
                outcome="accepted",
                kind=record.kind,
                document=record.id,
                detail={"body": record.body},
            ),
        )
