"""What an order can do while its transaction is open."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import uuid4

from peerhall.exchange.claims import AnyClaim, Holder
from peerhall.exchange.house_rules import HouseRules
from peerhall.exchange.ordering.cloud_keys import Finding
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Conflict, refuse_denied, refuse_unknown
from peerhall.exchange.visibility import Caller
from peerhall.store import changes, claims, documents, settings, work
from peerhall.store.database import SyncConnection
from peerhall.store.documents import Lock

CHANGE_LOCK: Final[Lock] = "for no key update"
"""Keeps others from changing a row, but not from referring to it."""

STAY_LOCK: Final[Lock] = "for share"
"""Keeps others from changing a row, while any number of orders go by it at once."""

RELY_LOCK: Final[Lock] = "for key share"
"""Keeps others from closing a row that the order goes by, but not from changing it otherwise."""

CLOSING_LOCK: Final[Lock] = "for update"
"""Waits for all who go by a row, and keeps others from it: what they rely on is about to end."""


def document_subject(document: str) -> str:
    """How the work queue names the settling of a document."""
    return f"document:{document}"


def device_subject(device: str) -> str:
    """How the work queue names the bringing into line of a device or route server."""
    return f"device:{device}"


@dataclass
class Order:
    """One transaction: who is asking, when, and what is to be done about it afterwards."""

    connection: SyncConnection
    caller: Caller
    now: datetime
    finding: Finding | None = None
    """What a cloud provider said, before the transaction, of the cloud_key that the order is about."""
    queued: set[str] = field(default_factory=set)
    """Subjects that something is to be done about at once."""
    dates: dict[str, datetime | None] = field(default_factory=dict)
    """When there will be something to do about a subject by itself, where that was decided; None for never."""
    written: dict[str, Record] = field(default_factory=dict)
    _dated: bool = False
    """Whether the database knows what time it is for this order."""

    @cached_property
    def rules(self) -> HouseRules:
        return settings.read_house_rules(self.connection)

    def new_id(self) -> str:
        return str(uuid4())

    def find(self, kind: str, document: str, lock: Lock = "") -> Record | None:
        """A document, whoever may see it."""
        return documents.find(self.connection, kind, document, lock)

    def get(self, kind: str, document: str, lock: Lock = "") -> Record:
        """A document that must be there, as another one names it."""
        record = self.find(kind, document, lock)
        if record is None:
            raise AssertionError(f"{kind} {document} is named but not there")
        return record

    def find_usable(self, kind: str, ids: Collection[str], lock: Lock = "") -> dict[str, Record]:
        """Those of the documents that the caller sees in full, and so may use in its own."""
        return documents.find_seen(self.connection, self.caller, kind, ids, in_full=True, lock=lock)

    def find_seen(self, kind: str, document: str, lock: Lock = "") -> Record | None:
        """A document of which the caller sees at least a part."""
        return documents.find_seen(self.connection, self.caller, kind, [document], in_full=False, lock=lock).get(
            document
        )

    def only_seen(self, conflicts: Sequence[Conflict]) -> list[Conflict]:
        """The conflicts with objects the caller sees; that there are others is not told."""
        seen: set[str] = set()
        for kind in {each.resource_type for each in conflicts}:
            ids = [each.resource_id for each in conflicts if each.resource_type == kind]
            seen |= documents.find_seen(self.connection, self.caller, kind, ids, in_full=False).keys()
        return [each for each in conflicts if each.resource_id in seen]

    def get_changeable(self, kind: str, document: str) -> Record:
        """A document the caller may change, locked. Refuses what it cannot see, and what others manage."""
        record = self.find_seen(kind, document, CHANGE_LOCK)
        if record is None:
            refuse_unknown()
        if not self.caller.acts_for(record.managing_account):
            refuse_denied("Only the managing account, or one above it, may change this.")
        return record

    def add(self, *records: Record) -> None:
        self._date(*records)
        documents.insert(self.connection, records)
        self.written.update((record.id, record) for record in records)

    def save(self, record: Record) -> Record:
        self._date(record)
        documents.save(self.connection, record)
        self.written[record.id] = record
        return record

    def latest(self, record: Record) -> Record:
        """The document as this order has left it; what it meant for others may have come back to it."""
        return self.written.get(record.id, record)

    def remove(self, record: Record) -> None:
        documents.remove(self.connection, record)

    def users(self, target: str, member: str, kind: str, lock: Lock = "") -> list[Record]:
        """The documents of a kind that name `target` in `member`."""
        return documents.find_users(self.connection, target, member, kind, lock)

    def is_used(self, target: str, member: str, kind: str, states: Collection[str] | None = None) -> bool:
        """Whether a document of a kind that names `target` in `member` holds something still, or is in such a state."""
        return documents.is_used(self.connection, target, member, kind, states)

    def take(self, wanted: Iterable[AnyClaim], record: Record) -> dict[AnyClaim, Holder | None]:
        """Takes claims for a document; returns those that others hold."""
        holder = Holder(record.id, record.consuming_account or "")
        return claims.take(self.connection, wanted, holder, self.now)

    def release(self, record: Record, kinds: Collection[str] | None = None) -> None:
        """Lets go of what a document holds, with the house's cool-down."""
        claims.release(
            self.connection, record.id, self.now, self.rules.cooldown, None if kinds is None else list(kinds)
        )

    def settle_later(self, *records: Record) -> None:
        """Has the reconciler see how far each of these can go now."""
        for record in records:
            self.queued.add(document_subject(record.id))

    def reconcile_later(self, *devices: str) -> None:
        """Has the reconciler bring these devices into line."""
        for device in devices:
            self.queued.add(device_subject(device))

    def settle_at(self, record: Record, moment: datetime | None) -> None:
        """Has the reconciler look at a document when its time has come, and at no other time that it had before."""
        self.dates[document_subject(record.id)] = moment

    def hand_over(self) -> None:
        """Writes what was queued, in one go at the end of the transaction."""
        for subject, moment in sorted(self.dates.items()):
            work.set_date(self.connection, subject, moment, self.now)
        work.queue(self.connection, self.queued, self.now)

    def _date(self, *records: Record) -> None:
        """Tells the database the time before a state may change; what has none is not followed by anybody."""
        if not self._dated and any(record.state for record in records):
            changes.tell_time(self.connection, self.now)
            self._dated = True
