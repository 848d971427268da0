"""Letters of authorisation as they were uploaded, with the object they are for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from peerhall.store.database import SyncConnection


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A document that was found to be what its media type says, under a name that is safe to send."""

    media_type: str
    name: str
    content: bytes


def keep(connection: SyncConnection, document: str, file: StoredFile, now: datetime) -> None:
    """Keeps the LOA of a connection or port reservation, in the place of an earlier one."""
    connection.execute(
        """insert into loa (document, media_type, file_name, content, uploaded_at) values (%s, %s, %s, %s, %s)
           on conflict (document) do update
               set media_type = excluded.media_type, file_name = excluded.file_name, content = excluded.content,
                   uploaded_at = excluded.uploaded_at""",
        (document, file.media_type, file.name, file.content, now),
    )


def find(connection: SyncConnection, *documents: str) -> StoredFile | None:
    """The LOA of the first of these objects that has one."""
    row = connection.execute(
        """select media_type, file_name, content from loa where document = any(%s)
           order by array_position(%s, document::text) limit 1""",
        (list(documents), list(documents)),
    ).fetchone()
    return StoredFile(*row) if row else None


def list_present(connection: SyncConnection, documents: Collection[str]) -> set[str]:
    """Those of these objects that have a LOA of their own."""
    rows = connection.execute("select document from loa where document = any(%s)", (list(documents),))
    return {row[0] for row in rows}
