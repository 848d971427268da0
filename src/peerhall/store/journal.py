"""The journal: who asked for what, what was decided, what came of it. Only added to; but people are forgotten."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic_core import to_json

from peerhall.store.database import SyncConnection
from peerhall.store.scoping import MASK

Outcome = Literal["accepted", "refused", "advanced"]

_LONGEST: Final = 200
_MOST: Final = 50
"""How much of a text, a list or an object `abridge` leaves."""

_SECRET: Final = re.compile("passw|secret", re.IGNORECASE)
"""What names of secret members have in them, also those that a client has mistyped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `detail` holds the command's members and, of a refusal, its reasons."""

    at: datetime
    actor: str
    account: str | None
    operation: str
    outcome: Outcome
    kind: str | None = None
    document: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    request: str | None = None


def append(connection: SyncConnection, entry: Entry) -> None:
    """Writes a line; passwords in it are masked, however deep they are."""
    connection.execute(
        """insert into journal (at, actor, account, operation, kind, document, outcome, detail, request)
           values (%s::timestamptz, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)""",
        as_row(entry),
    )


def as_row(entry: Entry) -> tuple[str | None, ...]:
    """The line as text for each column, in the order of the statement above; passwords are masked."""
    return (
        entry.at.isoformat(),
        entry.actor,
        entry.account,
        entry.operation,
        entry.kind,
        entry.document,
        entry.outcome,
        to_json(mask(entry.detail)).decode(),
        entry.request,
    )


def mask(value: Any) -> Any:
    """The same value with every password in it replaced; an empty one or null tells nothing and stays."""
    if isinstance(value, dict):
        return {name: MASK if _is_secret(name) and member else mask(member) for name, member in value.items()}
    if isinstance(value, list):
        return [mask(member) for member in value]
    return value


def abridge(value: Any) -> Any:
    """The same value with long texts and lists cut short: what was refused is not worth 256 KiB a time."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value)} characters)"
    if isinstance(value, list):
        more = [f"… ({len(value)} entries)"] if len(value) > _MOST else []
        return [abridge(member) for member in value[:_MOST]] + more
    if isinstance(value, dict):
        return {abridge(name): abridge(member) for name, member in list(value.items())[:_MOST]}
    return value


def read_document_journal(connection: SyncConnection, document: str) -> list[Entry]:
    """All that happened to one object, oldest first."""
    rows = connection.execute(
        """select at, actor, account, operation, outcome, kind, document, detail, request
           from journal where document = %s order by serial""",
        (document,),
    )
    return [Entry(*row) for row in rows]


def erase_contact(connection: SyncConnection, contact: str, members: Collection[str]) -> int:
    """Takes these members of a contact out of all its lines, and of answers remembered; returns how many lines."""
    erased = connection.execute(
        """update journal set detail = jsonb_set(detail, '{body}', (detail -> 'body') - %s::text[])
           where document = %s and kind = 'contacts' and detail -> 'body' ?| %s::text[]""",
        (list(members), contact, list(members)),
    ).rowcount
    connection.execute("delete from idempotency where document = %s", (contact,))
    return erased


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None
