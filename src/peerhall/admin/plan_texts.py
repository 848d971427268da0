"""How the plan for an exchange file is written, for people and for programs."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import click

from peerhall.exchange.records import Record
from peerhall.intake.catalogue import Catalogue
from peerhall.intake.identity import name_kind, name_of
from peerhall.intake.plan import Change, Plan

_HIDDEN: Final = "ips"
"""Follow from a LAN and its route servers; they are not shown by themselves."""

_KINDS: Final = {
    "accounts": "exchange",
    "network-features": "route server",
    "network-services": "exchange LAN",
    "pops": "PoP",
}
_LONGEST: Final = 60


def write_plan(plan: Plan, catalogue: Catalogue) -> None:
    """Shows what would be added, changed and removed."""
    if plan.is_empty:
        click.echo(f"Nothing to change: {catalogue.rules['name']} is as {catalogue.file} says.")
        return
    if "account" not in plan.rules:
        for member, (before, after) in plan.rules.items():
            click.secho(f"~ {'house rule':<20} {member}: {_write(before, {})} → {_write(after, {})}", fg="yellow")
    for record in _shown(plan.added):
        click.secho(f"+ {_label(record)}", fg="green")
    for change in plan.changed:
        if change.after.kind != _HIDDEN:
            click.secho(f"~ {_label(change.after)}", fg="yellow")
            for line in _write_members(change, plan.names):
                click.echo(f"    {line}")
    for record in _shown(plan.removed):
        click.secho(f"- {_label(record)}", fg="red")
    counts = describe_counts(plan)
    click.echo(", ".join(f"{count} {word}" for word, count in counts.items()) + ".")


def write_advice(advice: Iterable[str]) -> None:
    for sentence in advice:
        click.secho(f"Note: {sentence}", fg="cyan")


def describe_counts(plan: Plan) -> dict[str, int]:
    changed = [change for change in plan.changed if change.after.kind != _HIDDEN]
    return {
        "added": len(_shown(plan.added)),
        "changed": len(changed),
        "removed": len(_shown(plan.removed)),
        "unchanged": plan.unchanged,
    }


def describe_plan(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    """The plan for a program."""
    return {
        "file": catalogue.file,
        "exchange": catalogue.rules["name"],
        "added": [describe_record(record) for record in plan.added],
        "changed": [describe_change(change) for change in plan.changed],
        "removed": [describe_record(record) for record in plan.removed],
        "unchanged": plan.unchanged,
        "house_rules": {name: {"from": before, "to": after} for name, (before, after) in plan.rules.items()},
    }


def describe_change(change: Change) -> dict[str, Any]:
    members = {name: {"from": before, "to": after} for name, (before, after) in change.members().items()}
    return {**describe_record(change.after), "members": members}


def describe_record(record: Record) -> dict[str, Any]:
    return {"kind": record.kind, "id": record.id, "name": name_of(record)}


def _shown(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.kind != _HIDDEN]


def _label(record: Record) -> str:
    kind = _KINDS.get(record.kind) or name_kind(record.kind, 1)
    about = f" ({record.type})" if record.kind == "product-offerings" else ""
    return f"{kind:<20} {name_of(record)}{about}"


def write_change(change: Change, names: Mapping[str, str]) -> list[str]:
    """A change in a list of them: what it is of, then each member."""
    return [f"{_label(change.after)}: {line}" for line in _write_members(change, names)]


def _write_members(change: Change, names: Mapping[str, str]) -> Iterable[str]:
    for member, (before, after) in change.members().items():
        if _is_list_of_words(before) and _is_list_of_words(after):
            new = [f"+{names.get(each, each)}" for each in after if each not in before]
            gone = [f"-{names.get(each, each)}" for each in before if each not in after]
            yield f"{member}: {_shorten(' '.join((*new, *gone)) or 'in another order')}"
        else:
            yield f"{member}: {_write(before, names)} → {_write(after, names)}"


def _is_list_of_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _write(value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, str):
        return _shorten(names.get(value, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _shorten(_write_parts(value))


def _write_parts(value: Any) -> str:
    """A nested value, without the quotes and brackets that nobody needs to read."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_write_parts(member)}" for name, member in value.items())
    if isinstance(value, list):
        return "; ".join(_write_parts(member) for member in value)
    return str(value)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
