"""Keeps the lists right that are only the other end of a member, such as a PoP's devices."""

from collections.abc import Iterable, Sequence

from peerhall.exchange.records import Record
from peerhall.exchange.relations import REVERSE


def complete_lists(parents: Sequence[Record], children: Iterable[Record]) -> list[Record]:
    """The parents with their computed lists naming all of the children that name them; what was listed stays first."""
    naming: dict[tuple[str, str, str], list[str]] = {}
    members = {pair for lists in REVERSE.values() for pair in lists.values()}
    for child in children:
        for kind, member in members:
            if child.kind == kind and isinstance(child.body.get(member), str):
                naming.setdefault((kind, member, child.body[member]), []).append(child.id)
    return [_complete(parent, naming) for parent in parents]


def _complete(parent: Record, naming: dict[tuple[str, str, str], list[str]]) -> Record:
    lists = {}
    for member, (kind, names) in REVERSE.get(parent.kind, {}).items():
        listed = parent.body.get(member)
        if isinstance(listed, list):
            found = naming.get((kind, names, parent.id), [])
            lists[member] = [
                *(each for each in listed if each in found),
                *(each for each in found if each not in listed),
            ]
    return parent.with_body(**lists)
