"""Our contract is the standard's, but for what docs/contract/divergences.md says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from peerhall.api.application import IMPLEMENTED
from peerhall.contract.openapi import write_openapi
from tests.contract.facts import Facts, parse_facts, read_facts

DIVERGENCES: Final = Path(__file__).parents[2] / "docs/contract/divergences.md"
KINDS: Final = ("added", "optional", "nullable", "sensitive", "changed")

_ROW = re.compile(r"\| `([^`]+)` \| (\w+) \| (.+?) \|")


class Entry(NamedTuple):
    """A line of the page."""

    pattern: str
    kind: str

    def covers(self, difference: tuple[str, str]) -> bool:
        fact, kind = difference
        return kind == self.kind and bool(re.fullmatch(re.escape(self.pattern).replace(r"\*", ".*"), fact))


@pytest.fixture(scope="module")
def ours() -> Facts:
    return read_facts(write_openapi(IMPLEMENTED))


@pytest.fixture(scope="module")
def standard() -> Facts:
    return parse_facts((Path(__file__).parent / "facts.txt").read_text())


def test_every_difference_from_the_standard_is_on_the_page(ours: Facts, standard: Facts) -> None:
    entries = read_entries()
    unexplained = [each for each in differences(ours, standard) if not any(entry.covers(each) for entry in entries)]
    assert not unexplained, f"add these to {DIVERGENCES.name}, or mend the models"


def test_every_line_of_the_page_is_still_a_difference(ours: Facts, standard: Facts) -> None:
    found = list(differences(ours, standard))
    stale = [entry for entry in read_entries() if not any(map(entry.covers, found))]
    assert not stale, f"take these out of {DIVERGENCES.name}"


def test_lines_of_the_page_can_be_read() -> None:
    entries = read_entries()
    assert len(entries) == sum(line.startswith("| `") for line in DIVERGENCES.read_text().splitlines())
    assert {entry.kind for entry in entries} == set(KINDS)


def test_nothing_of_the_standard_is_missing(ours: Facts, standard: Facts) -> None:
    assert standard.keys() <= ours.keys()


def test_the_reference_says_what_the_facts_say(shared: Path, standard: Facts) -> None:
    assert read_facts(read_reference(shared)) == standard


def test_every_difference_from_the_reference_is_on_the_page(shared: Path, ours: Facts) -> None:
    entries = read_entries()
    found = differences(ours, read_facts(read_reference(shared)))
    assert not [each for each in found if not any(entry.covers(each) for entry in entries)]


def differences(ours: Facts, standard: Facts) -> Iterator[tuple[str, str]]:
    """Each fact that is not the same, and how it differs."""
    for fact in sorted(ours.keys() | standard.keys()):
        if ours.get(fact) != standard.get(fact):
            yield fact, kind_of(ours.get(fact), standard.get(fact))


def kind_of(here: str | None, there: str | None) -> str:
    if there is None:
        return "added"
    if here is None:
        return "missing"
    if f"{here} required" == there:
        return "optional"
    return next((mark for mark in ("nullable", "sensitive") if here == f"{there} {mark}"), "changed")


def read_entries() -> list[Entry]:
    rows = map(_ROW.fullmatch, DIVERGENCES.read_text().splitlines())
    return [Entry(row[1], row[2]) for row in rows if row]


def read_reference(shared: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((shared / "ixapi/ixapi-2.7.1.openapi.json").read_text())
    return document
