"""What an exchange file would change: the difference between what it asks for and what is there; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from peerhall.exchange.records import Record
from peerhall.intake.identity import is_from_file, name_of

OURS: Final = {"network-services": ("state", "status"), "accounts": ("state", "status", "asns")}
"""Members of what a file describes that are kept up to date elsewhere."""

_KEPT_WHOLE: Final = "accounts"
"""Of the exchange's own account a file says a part; the rest is its own affair."""


@dataclass(frozen=True, slots=True)
class Change:
    """A document before and after."""

    before: Record
    after: Record

    def members(self) -> dict[str, tuple[Any, Any]]:
        """The members that differ, ours in meta after those of the standard."""
        return {
            **_differences(self.before.body, self.after.body),
            **_differences(
                {name: value for name, value in self.before.meta.items() if name not in _QUIET},
                {name: value for name, value in self.after.meta.items() if name not in _QUIET},
            ),
        }


_QUIET: Final = frozenset({"origin", "key", "inferred", "imported", "network_service", "network_feature", "periods"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; documents in the order in which the file has them."""

    added: tuple[Record, ...]
    changed: tuple[Change, ...]
    removed: tuple[Record, ...]
    unchanged: int
    rules: dict[str, tuple[Any, Any]]
    """House rules that change: before, after."""
    names: Mapping[str, str]
    """What people call the documents that these name, by id."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.rules)


def draw_up_plan(
    wanted: Sequence[Record],
    stored: Mapping[str, Record],
    rules_before: Mapping[str, Any],
    rules_after: Mapping[str, Any],
) -> Plan:
    """The plan for documents wanted and those there are, by id; only what came from a file is ever removed."""
    ids = {record.id for record in wanted}
    changes = [_change(stored[record.id], record) for record in wanted if record.id in stored]
    changed = tuple(change for change in changes if change is not None)
    return Plan(
        added=tuple(record for record in wanted if record.id not in stored),
        changed=changed,
        removed=tuple(record for record in stored.values() if is_from_file(record) and record.id not in ids),
        unchanged=len(changes) - len(changed),
        rules=_differences(rules_before, rules_after),
        names={record.id: name_of(record) for record in (*stored.values(), *wanted)},
    )


def _change(before: Record, wanted: Record) -> Change | None:
    ours = {name: before.body[name] for name in OURS.get(before.kind, ()) if name in before.body}
    rest = before.body if before.kind == _KEPT_WHOLE else {}
    body = {**rest, **wanted.body, **ours}
    after = Record(before.id, before.kind, body, wanted.meta, before.serial)
    return None if (after.body, after.meta) == (before.body, before.meta) else Change(before, after)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names: Iterable[str] = dict.fromkeys((*before, *after))
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
