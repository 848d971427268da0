"""The documentation of the exchange file says what is so."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from peerhall.intake.applying import read_exchange_file
from peerhall.intake.checks import advise
from peerhall.intake.sections import EXCHANGE, SECTIONS, ExchangeEntry

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference/exchange-file.md").read_text()

MEMBERS = {
    EXCHANGE: frozenset(ExchangeEntry.model_fields),
    **{section.name: section.list_members() for section in SECTIONS},
}


@pytest.mark.parametrize("section", MEMBERS)
def test_the_reference_names_every_member_and_no_other(section: str) -> None:
    (text,) = re.findall(rf"^## `{section}`\n(.*?)(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    named = {word for cell in cells for word in re.findall(r"`([a-z0-9_.*]+)`", cell) if "." not in word}
    patterns = {word for word in named if "*" in word}
    covered = {member for member in MEMBERS[section] if any(fnmatch(member, pattern) for pattern in patterns)}
    assert (named - patterns) | covered == MEMBERS[section]


def test_the_file_in_the_how_to_can_be_applied(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "how-to/run-your-own-exchange.md").read_text(), re.DOTALL)
    (tmp_path / "exchange.yaml").write_text(text)
    assert list(advise(read_exchange_file(tmp_path / "exchange.yaml"))) == []


def test_the_example_in_the_reference_can_be_applied(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    (tmp_path / "exchange.yaml").write_text(text)
    assert read_exchange_file(tmp_path / "exchange.yaml").rules["name"] == "Example IX"
