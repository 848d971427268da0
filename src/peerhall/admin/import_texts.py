"""How what an import comes to is written, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import click

from peerhall.admin.plan_texts import describe_change, describe_record, write_change
from peerhall.intake.identity import name_kind
from peerhall.intake.ixf.export import Export
from peerhall.intake.ixf.importing import Imported
from peerhall.intake.ixf.remarks import Remark, Topic
from peerhall.intake.ixf.vanished import Vanished, write_vanished

_SHOWN: Final = 8
"""How many lines of a group are written before the rest is only counted."""

_ALWAYS: Final = (Topic.CONFLICT, Topic.SKIPPED)
"""What is told even when nothing changes."""

_COLOURS: Final = {Topic.CONFLICT: "red", Topic.VANISHED: "red", Topic.SKIPPED: "yellow"}


def write_import(imported: Imported, export: Export, *, retiring: bool) -> None:
    """Shows what would be added and changed, what has vanished, and everything there is to tell."""
    for topic in Topic:
        if topic is Topic.VANISHED:
            _write_vanished(imported, retiring=retiring)
        elif not imported.is_empty or topic in _ALWAYS:
            _write_group(topic, [remark for remark in imported.remarks if remark.topic is topic])
    changes = [line for change in imported.merged.changed for line in write_change(change, imported.merged.names)]
    _write_lines("To be changed", changes, "yellow")
    counts = Counter(record.kind for record in imported.merged.added)
    if imported.is_empty:
        click.echo(f"Nothing to change: all {imported.members} members are here as the export has them.")
        return
    click.echo()
    click.echo(
        f"{imported.members} members, IX-F {export.version}" + (f" of {export.timestamp}" if export.timestamp else "")
    )
    for kind, count in counts.items():
        click.secho(f"  + {count:>6} {name_kind(kind, count)}", fg="green")
    retired = sum(each.retired for each in imported.vanished)
    figures = (
        ("changed", len(imported.merged.changed)),
        ("retired", retired),
        ("unchanged", imported.merged.unchanged),
    )
    for word, count in figures:
        if count:
            click.echo(f"  {'~' if word == 'changed' else '-' if word == 'retired' else ' '} {count:>6} {word}")


def describe_import(imported: Imported, export: Export) -> dict[str, Any]:
    """The same for a program."""
    return {
        "version": export.version,
        "timestamp": export.timestamp,
        "members": imported.members,
        "added": dict(Counter(record.kind for record in imported.merged.added)),
        "changed": [describe_change(change) for change in imported.merged.changed],
        "unchanged": imported.merged.unchanged,
        "vanished": [
            {
                **describe_record(each.record),
                "account": each.account,
                "retired": each.retired,
                "reason": each.reason or None,
            }
            for each in imported.vanished
        ],
        "remarks": [
            {"topic": remark.topic.name.lower(), "subject": remark.subject, "text": remark.text}
            for remark in imported.remarks
        ],
    }


def _write_group(topic: Topic, remarks: list[Remark]) -> None:
    """Remarks that say the same of several are brought together."""
    subjects: dict[str, list[str]] = {}
    for remark in remarks:
        subjects.setdefault(remark.text, []).append(remark.subject)
    lines = []
    for text, named in subjects.items():
        few = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
        lines.append(f"{few}: {text}")
    _write_lines(topic.value, lines, _COLOURS.get(topic, "cyan"), len(remarks))


def _write_vanished(imported: Imported, *, retiring: bool) -> None:
    names: Mapping[str, str] = imported.merged.names
    lines = [
        f"{names.get(each.account, each.account)}: {write_vanished(each)}{_outcome(each, retiring=retiring)}"
        for each in imported.vanished
        if not each.in_parent
    ]
    _write_lines(Topic.VANISHED.value, lines, "red")
    if lines and not retiring:
        click.echo("  It stays as it is; to take it out of use, import with --retire-missing.")


def _outcome(vanished: Vanished, *, retiring: bool) -> str:
    if not retiring:
        return ""
    return ", retired" if vanished.retired else f", not retired: {vanished.reason}"


def _write_lines(title: str, lines: Iterable[str], colour: str, count: int | None = None) -> None:
    written = list(lines)
    if not written:
        return
    click.secho(f"{title} ({count or len(written)})", fg=colour, bold=True)
    for line in written[:_SHOWN]:
        click.echo(f"  {line}")
    if len(written) > _SHOWN:
        click.echo(f"  … and {len(written) - _SHOWN} more; --json lists all")
