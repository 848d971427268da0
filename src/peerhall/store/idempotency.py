"""Answers of orders that carried an Idempotency-Key: accepted ones are remembered for a day, refusals for minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from peerhall.store.database import SyncConnection

LIFETIME: Final = timedelta(hours=24)
REFUSAL_LIFETIME: Final = timedelta(minutes=10)
"""Longer than any copy of the order can still be on its way."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer once given, and the digest of the body it was given to."""

    digest: bytes
    status: int | None
    """None for a refusal."""
    document: str | None
    answer: str
    """The object, or the refusal, as JSON."""


def claim_key(connection: SyncConnection, account: str, operation: str, key: str) -> bool:
    """Takes the key for this transaction; False while another transaction is still at work under it."""
    row = connection.execute(
        "select pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/' || %s, 0))",
        (f"{account}/{operation}/{key}",),
    ).fetchone()
    return bool(row and row[0])


def find(connection: SyncConnection, account: str, operation: str, key: str, now: datetime) -> Remembered | None:
    """What was answered under this key, if it has not outlived its time."""
    row = connection.execute(
        """select digest, status, document, answer from idempotency
           where account = %s and operation = %s and key = %s
             and at > case when status is null then %s else %s end""",
        (account, operation, key, now - REFUSAL_LIFETIME, now - LIFETIME),
    ).fetchone()
    return Remembered(*row) if row else None


def remember(
    connection: SyncConnection, account: str, operation: str, key: str, answer: Remembered, now: datetime
) -> None:
    """Keeps an answer; one that has outlived its time, or was a refusal, is replaced."""
    connection.execute(
        """insert into idempotency (account, operation, key, digest, status, document, answer, at)
           values (%s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (account, operation, key) do update
               set digest = excluded.digest, status = excluded.status, document = excluded.document,
                   answer = excluded.answer, at = excluded.at""",
        (account, operation, key, answer.digest, answer.status, answer.document, answer.answer, now),
    )


def forget_old(connection: SyncConnection, now: datetime) -> None:
    """Deletes what nobody will be answered with any more."""
    connection.execute(
        "delete from idempotency where at <= case when status is null then %s else %s end",
        (now - REFUSAL_LIFETIME, now - LIFETIME),
    )
