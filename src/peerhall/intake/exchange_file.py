"""The exchange file as it is written: its sections and entries, and whether they say only what can be said."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from peerhall.contract import schemas
from peerhall.intake.positions import Mistakes, Node
from peerhall.intake.sections import EXCHANGE, SECTIONS, ExchangeEntry, Section

_LONGEST_KEY: Final = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a section describes."""

    section: Section
    key: str
    node: Node

    @property
    def name(self) -> str:
        """How the file calls it."""
        return f"{self.section.name}.{self.key}"


@dataclass(frozen=True, slots=True)
class ExchangeFile:
    """All that the file says, entries in the order of `SECTIONS`."""

    name: str
    exchange: Node
    entries: tuple[Entry, ...]
    written: frozenset[tuple[str, str]]
    """Section and key of everything that has an entry, readable or not."""
    sections: frozenset[str]
    """Names of the sections that are there."""


def read_sections(name: str, root: Node, mistakes: Mistakes) -> ExchangeFile:
    """The file's entries; what cannot be understood is left out, with a mistake."""
    if root.members is None:
        mistakes.add(root, f"is {root.what}; it must be a mapping of sections, the first of them {EXCHANGE}")
        return ExchangeFile(name, root, (), frozenset(), frozenset())
    known = [EXCHANGE, *(section.name for section in SECTIONS)]
    for word, node in root.members.items():
        if word not in known:
            mistakes.add(node, _unknown("section", word, known))
    exchange = root.members.get(EXCHANGE)
    if exchange is None:
        mistakes.add(root, "is required: the exchange itself, at least with its key and name", EXCHANGE)
    elif exchange.members is None:
        mistakes.add(exchange, f"is {exchange.what}; it must be a mapping with at least key and name")
    else:
        _check_members(exchange, ExchangeEntry.model_fields.keys(), mistakes)
    entries: list[Entry] = []
    written: set[tuple[str, str]] = set()
    for section in SECTIONS:
        listed = root.members.get(section.name)
        if listed is not None and not listed.is_empty:
            written |= {(section.name, key) for key in listed.members or ()}
            entries += _read_section(section, listed, mistakes)
    return ExchangeFile(name, exchange or root, tuple(entries), frozenset(written), frozenset(root.members))


def _read_section(section: Section, node: Node, mistakes: Mistakes) -> Iterator[Entry]:
    if node.members is None:
        mistakes.add(node, f"is {node.what}; it must be a mapping, each entry under a key of your choice")
        return
    for key, entry in node.members.items():
        if not key.strip() or len(key) > _LONGEST_KEY:
            mistakes.add(entry, f"a key has 1 to {_LONGEST_KEY} characters")
        elif entry.members is None and not entry.is_empty:
            mistakes.add(entry, f"is {entry.what}; it must be a mapping of members")
        else:
            readable = entry if entry.members is not None else Node(entry.line, entry.path, members={})
            _check_members(readable, section.list_members(_type_of(section, readable, mistakes)), mistakes)
            yield Entry(section, key, readable)


def _type_of(section: Section, node: Node, mistakes: Mistakes) -> str:
    """The variant an entry chooses; empty where the section has none, or the entry does not say."""
    variants = schemas.get_variants(section.schema)
    if section.type or "" in variants:
        return section.type
    chosen = node.members.get("type") if node.members else None
    if chosen is None:
        mistakes.add(node, f"is required; one of {', '.join(variants)}", "type")
        return ""
    if chosen.value not in variants:
        mistakes.add(chosen, f"is {chosen.what}; it must be one of {', '.join(variants)}")
        return ""
    return str(chosen.value)


def _check_members(node: Node, known: Collection[str], mistakes: Mistakes) -> None:
    for word, member in (node.members or {}).items():
        if word not in known:
            mistakes.add(member, _unknown("member", word, known))


def _unknown(what: str, word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, 1)
    meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"there is no such {what}; {meant}"
