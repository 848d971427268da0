"""Which IXP of earlier imports an IXP in an export is, so that what came from it is known again."""

import re
from collections.abc import Mapping
from typing import Any, Final

from peerhall.intake.ixf.export import Export, Ixp

SETTING: Final = "ixf"
"""The setting that keeps what is known of the IXPs, by origin."""


def slug(text: str) -> str:
    """Letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]


def assign_origins(export: Export, known: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """The origin of each IXP by its id in the export, and what to keep of them for the next time."""
    origins: dict[str, str] = {}
    kept = dict(known)
    for recognise in (_find_same, _find_alike):
        for ixp in export.ixps:
            free = {origin: facts for origin, facts in known.items() if origin not in origins.values()}
            if ixp.id not in origins and (origin := recognise(ixp, free)) is not None:
                origins[ixp.id] = origin
    for ixp in export.ixps:
        origin = origins.setdefault(ixp.id, _name(ixp, kept))
        kept[origin] = _facts(ixp)
    return origins, kept


def _facts(ixp: Ixp) -> dict[str, Any]:
    return {
        "ixp_id": ixp.id,
        "shortname": ixp.shortname,
        "ixf_id": ixp.ixf_id,
        "peeringdb_id": ixp.peeringdb_id,
    }


def _find_same(ixp: Ixp, known: Mapping[str, Any]) -> str | None:
    """The origin about which nothing has changed."""
    return next((origin for origin, facts in known.items() if facts == _facts(ixp)), None)


def _find_alike(ixp: Ixp, known: Mapping[str, Any]) -> str | None:
    """By an id that is one in the world, else by its short name, unless such an id says otherwise."""
    for member, value in (("ixf_id", ixp.ixf_id), ("peeringdb_id", ixp.peeringdb_id)):
        for origin, facts in known.items():
            if value and facts.get(member) == value:
                return origin
    alike = [
        origin
        for origin, facts in known.items()
        if str(facts.get("shortname", "")).casefold() == ixp.shortname.casefold()
        and not _differ(facts.get("ixf_id"), ixp.ixf_id)
        and not _differ(facts.get("peeringdb_id"), ixp.peeringdb_id)
    ]
    same_id = [origin for origin in alike if known[origin].get("ixp_id") == ixp.id]
    return next(iter(same_id or (alike if ixp.shortname else [])), None)


def _differ(one: Any, other: Any) -> bool:
    return bool(one) and bool(other) and one != other


def _name(ixp: Ixp, taken: Mapping[str, Any]) -> str:
    base = f"ixf:{slug(ixp.shortname) or slug(ixp.name) or 'ixp-' + (slug(ixp.id) or 'unknown')}"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
