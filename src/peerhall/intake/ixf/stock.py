"""What is there already, and what the import adds to it, in one view while an export is worked through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.records import Body, Meta, Record
from peerhall.intake.identity import INFERRED, KEY, ORIGIN, identify
from peerhall.intake.ixf.remarks import Remarks, Topic

IMPORTED = "imported"
"""In meta: what the last export said of a document, so that what was changed here since is not overwritten."""

RETIRED = "retired"
"""In meta: ended because it was gone from the export; when it comes back, it comes in anew."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as the export has it."""

    record: Record
    says: Mapping[str, Any] = field(default_factory=dict)
    """Members that the export tells, and a later one may change."""
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists of the body that the export puts these ids into."""

    def complete(self) -> Record:
        """The document to be added, remembering what the export said of it."""
        lists = {name: list(ids) for name, ids in self.lists.items()}
        said = {**self.says, **lists}
        return self.record.with_body(**said).with_meta(**{IMPORTED: said})


def is_live(record: Record) -> bool:
    """Whether it is in use; what has no states is, until it was retired."""
    return not record.meta.get(RETIRED) and (not record.state or record.state in LIVE_STATES)


class Stock:
    """Documents by id, and drafts of what the export has."""

    def __init__(self, stored: Iterable[Record], remarks: Remarks) -> None:
        self.records = {record.id: record for record in stored}
        self.stored = frozenset(self.records)
        self.drafts: dict[str, Draft] = {}
        self.remarks = remarks

    def of(self, kind: str) -> list[Record]:
        """All documents of a kind, stored and drafted, oldest first."""
        return [record for record in self.records.values() if record.kind == kind]

    def find_key(self, scope: str, key: str) -> tuple[str, str, Record | None]:
        """The key and id under which a thing goes in a scope, with its document if it is there.

        What was retired and comes back is another document. One that was ended by an order is returned as it is.
        """
        for number in count(1):
            full = key if number == 1 else f"{key}#{number}"
            document = identify(scope, full)
            record = self.records.get(document)
            if record is None or is_live(record) or not record.meta.get(RETIRED):
                return full, document, record
        raise AssertionError("unreachable")

    def draft(self, draft: Draft) -> Record:
        """Notes that the export has this document."""
        self.drafts[draft.record.id] = draft
        self.records.setdefault(draft.record.id, draft.record)
        return self.records[draft.record.id]

    def infer(self, origin: str, key: str, kind: str, body: Body, reason: str, meta: Meta | None = None) -> Record:
        """The document that something needs and the export does not describe; it is made up only once."""
        key, document, known = self.find_key(origin, key)
        if known is not None:
            return known
        name = body.get("name") or body.get("display_name") or key
        self.remarks.add(Topic.INFERRED, str(name), reason)
        whole = {ORIGIN: origin, KEY: key, INFERRED: True, **(meta or {})}
        return self.draft(Draft(Record(document, kind, {"id": document, **body}, whole)))
