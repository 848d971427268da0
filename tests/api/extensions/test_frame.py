"""What all extensions have in common: where they are, how they are announced and documented, how they say no."""

from pathlib import Path

import pytest

from peerhall.api.extensions import EXTENSIONS
from peerhall.api.extensions.extension import Extension
from peerhall.contract.schemas import get_schema
from peerhall.daemon.settings import Settings, SettingsError
from tests.clock import Clock
from tests.installation import Site

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "extensions.md"


def test_exactly_what_works_is_announced(staged: Site) -> None:
    announced = staged.http.get("/extensions").json()
    assert [each["name"] for each in announced] == [each.name for each in EXTENSIONS]
    for entry in announced:
        get_schema("ApiExtension").model_validate(entry)
        page = staged.http.get(staged.origin + entry["documentation_url"])
        assert page.status_code == 200
        assert page.text.startswith(f"# {entry['name']}\n")
        assert page.headers["X-Request-Id"]


def test_the_list_can_be_had_in_parts(staged: Site) -> None:
    names = [each.name for each in EXTENSIONS]
    part = staged.http.get("/extensions", params={"page_limit": 1, "page_offset": 0})
    assert [each["name"] for each in part.json()] == names[:1]
    assert part.status_code == (206 if len(names) > 1 else 200)


def test_they_stand_beside_the_public_url(database: str, clock: Clock) -> None:
    with Site(database, clock, public_url="https://ix.example.net/api/v2").open() as site:
        urls = [each["base_url"] for each in site.http.get("/extensions").json()]
    assert urls[0].startswith("https://ix.example.net/api/ext/")


@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda each: each.name)
def test_each_is_in_the_reference_with_its_operations(extension: Extension) -> None:
    text = REFERENCE.read_text()
    assert f"## {extension.name}\n" in text
    for operation in extension.routes:
        assert f"{operation.method} /api/ext/{extension.address}{operation.path}" in text


@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda each: each.name)
def test_each_can_be_switched_off(database: str, clock: Clock, extension: Extension) -> None:
    Settings(switched_off=(extension.name,)).checked()
    with Site(database, clock, switched_off=(extension.name,)).open() as site:
        assert extension.name not in [each["name"] for each in site.http.get("/extensions").json()]
        gone = site.http.get(f"{site.origin}/api/ext/{extension.address}")
        assert (gone.status_code, gone.json()["status"]) == (404, 404)


def test_an_unknown_extension_cannot_be_switched_off() -> None:
    with pytest.raises(SettingsError, match="teleport"):
        Settings(switched_off=("teleport",)).checked()


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/nothing/v1", "/nothing/v1/x", "/dry-run/v2", "/dry-run/v1/x"])
def test_what_is_not_there_is_a_problem_document(staged: Site, path: str) -> None:
    answer = staged.http.get(f"{staged.origin}/api/ext{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.headers["X-Request-Id"] in answer.json()["instance"]


def test_their_pages_can_only_be_read(staged: Site) -> None:
    answer = staged.http.post(f"{staged.origin}/api/ext/dry-run/v1")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
