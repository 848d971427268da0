"""Ids that are the same each time the same thing is brought in, and how documents tell where they came from."""

from typing import Any, Final
from uuid import UUID, uuid5

from peerhall.exchange.records import Record

_NAMESPACE: Final = UUID("f3a4c1de-6a2b-5d0e-9a57-3c1b6f0f7e21")

ORIGIN: Final = "origin"
KEY: Final = "key"
INFERRED: Final = "inferred"
"""In a document's meta: nobody told us about it; it was made up because something else needs it."""


def identify(*parts: str) -> str:
    """The id of what these words name."""
    return str(uuid5(_NAMESPACE, "\x1f".join(parts)))


def file_origin(exchange: str) -> str:
    """The origin of what an exchange file describes; `exchange` is the file's own key."""
    return f"file:{exchange}"


def is_from_file(record: Record) -> bool:
    return str(record.meta.get(ORIGIN, "")).startswith("file:")


def is_imported(record: Record) -> bool:
    return str(record.meta.get(ORIGIN, "")).startswith("ixf:")


def is_inferred(record: Record) -> bool:
    return record.meta.get(INFERRED) is True


def name_of(record: Record) -> str:
    """What people call a document."""
    body: dict[str, Any] = record.body
    named = body.get("name") or body.get("display_name") or body.get("address") or record.meta.get(KEY)
    return str(named or record.id)


def name_kind(kind: str, count: int = 2) -> str:
    """A collection in a sentence: 1 `network service config`, 2 `network service configs`."""
    plural = kind.replace("-", " ")
    if count != 1:
        return plural
    return plural[:-3] + "y" if plural.endswith("ies") else plural.removesuffix("s")
