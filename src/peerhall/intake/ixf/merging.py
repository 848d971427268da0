"""Whether an export has something new to say: compared with what the last one said, not only with what is there.

So a member's own change is not undone by an export that only repeats itself; and when the export, too, has changed the
same thing, that is told, and left to people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from peerhall.exchange.records import Record
from peerhall.intake.identity import name_kind, name_of
from peerhall.intake.ixf.remarks import Remarks, Topic
from peerhall.intake.ixf.stock import IMPORTED, Draft, Stock, is_live
from peerhall.intake.plan import Change


@dataclass(frozen=True, slots=True)
class Merged:
    """What an export adds and changes."""

    added: tuple[Record, ...]
    changed: tuple[Change, ...]
    unchanged: int
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call the documents that these name, by id."""


def merge(stock: Stock) -> Merged:
    """Compares all drafts with what is stored."""
    dropped = _dropped(stock)
    added: list[Record] = []
    changed: list[Change] = []
    unchanged = 0
    for draft in stock.drafts.values():
        if draft.record.id in dropped:
            continue
        if draft.record.id not in stock.stored:
            added.append(_without(draft, dropped).complete())
            continue
        before = stock.records[draft.record.id]
        after = _merge_one(before, _without(draft, dropped), stock.remarks)
        if after == before:
            unchanged += 1
        else:
            changed.append(Change(before, after))
    names = {record.id: name_of(record) for record in (*stock.records.values(), *added)}
    return Merged(tuple(added), tuple(changed), unchanged, names)


def _dropped(stock: Stock) -> frozenset[str]:
    """Ids of drafts that an import brought in before and that somebody has removed here since."""
    ever: set[str] = set()
    for record in stock.records.values():
        if record.id in stock.stored and is_live(record):
            for value in record.meta.get(IMPORTED, {}).values():
                ever.update(value if isinstance(value, list) else ())
    gone = {each for each in ever if each in stock.drafts and each not in stock.stored}
    for each in sorted(gone):
        record = stock.records[each]
        text = f"{name_kind(record.kind, 1)}: it was removed here; the export still has it"
        stock.remarks.add(Topic.CONFLICT, name_of(record), text)
    return frozenset(gone)


def _without(draft: Draft, dropped: frozenset[str]) -> Draft:
    lists = {name: tuple(each for each in ids if each not in dropped) for name, ids in draft.lists.items()}
    return Draft(draft.record, draft.says, lists)


def _merge_one(before: Record, draft: Draft, remarks: Remarks) -> Record:
    said: dict[str, Any] = dict(before.meta.get(IMPORTED, {}))
    body: dict[str, Any] = {}
    for member, value in draft.says.items():
        if member in said and said[member] == value:
            continue
        current = before.body.get(member)
        if member in said and current not in (said[member], value):
            text = f"{member}: the export has {value!r} now, but it was changed here to {current!r}"
            remarks.add(Topic.CONFLICT, f"{name_kind(before.kind, 1)} {name_of(before)}", text)
            continue
        said[member] = value
        body[member] = value
    for member, ids in draft.lists.items():
        new = _new_in(ids, said.get(member, ()))
        if new:
            body[member] = [*(before.body.get(member) or ()), *_new_in(new, before.body.get(member) or ())]
            said[member] = [*said.get(member, ()), *new]
    return before.with_body(**body).with_meta(**({IMPORTED: said} if body else {}))


def _new_in(ids: Iterable[str], known: Iterable[str]) -> list[str]:
    listed = set(known)
    return [each for each in ids if each not in listed]
