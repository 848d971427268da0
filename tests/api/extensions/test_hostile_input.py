"""Whatever is sent to an extension, one that is yet to come too, is answered with what a client can read."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from peerhall.api.extensions import EXTENSIONS
from peerhall.api.extensions.extension import Extension
from peerhall.contract.operations import Operation
from peerhall.contract.schemas import get_variants
from tests.api.cast import MANAGER
from tests.hostile import METHODS, bodies, check, list_operations, paths, queries
from tests.installation import Caller, Site

ALL = list_operations(EXTENSIONS)
EACH = pytest.mark.parametrize(("extension", "operation"), ALL, ids=[operation.id for _, operation in ALL])
USUAL_MEMBERS = {"name", "url", "secret", "events", "kinds", "active", "description"}
"""Of bodies that no schema of the standard describes."""


@pytest.fixture(scope="module")
def manager(staged: Site) -> Caller:
    return staged.login(MANAGER)


@pytest.fixture(autouse=True)
def untroubled(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    troubles = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in troubles] == []


def url(site: Site, extension: Extension, path: str) -> str:
    return f"{site.origin}/api/ext/{extension.address}{path}"


def members_of(operation: Operation) -> set[str]:
    if operation.body is None:
        return USUAL_MEMBERS
    return {member for variant in get_variants(operation.body).values() for member in variant.model_fields}


@EACH
def test_nobody_is_answered_without_a_login(staged: Site, extension: Extension, operation: Operation) -> None:
    for path in paths(operation)[:3] if operation.permission != "open" else ():
        answer = staged.http.request(operation.method, url(staged, extension, path))
        assert check(answer) == 401


@EACH
def test_ids_of_others_and_of_nothing_are_alike(
    staged: Site, manager: Caller, extension: Extension, operation: Operation
) -> None:
    if "{" not in operation.path:
        return
    for path in paths(operation):
        answer = manager.request(operation.method, url(staged, extension, path))
        # Everybody sees the peering LAN, but only the exchange may change it.
        assert check(answer) == (403 if path == "/network-services/lan" else 404), path[:100]


@EACH
def test_parameters_that_make_no_sense(
    staged: Site, manager: Caller, extension: Extension, operation: Operation
) -> None:
    [path, *_] = paths(operation)
    for query in (*queries(operation), "%", "=", "&&&", "a=" + "x" * 5000, "&".join("a=1" for _ in range(2000))):
        check(manager.request(operation.method, f"{url(staged, extension, path)}?{query}"))


@EACH
def test_bodies_that_make_no_sense(staged: Site, manager: Caller, extension: Extension, operation: Operation) -> None:
    [path, *_] = paths(operation)
    if operation.method == "GET":
        return
    for options in bodies(members_of(operation)):
        check(manager.request(operation.method, url(staged, extension, path), **options))


@EACH
def test_methods_and_headers_that_do_not_belong_there(
    staged: Site, manager: Caller, extension: Extension, operation: Operation
) -> None:
    [path, *_] = paths(operation)
    known = {each.method for each in extension.routes if each.path == operation.path}
    for method in set(METHODS) - known:
        answer = manager.request(method, url(staged, extension, path))
        assert check(answer) == 405
        assert set(answer.headers["Allow"].split(", ")) == known
    unacceptable: dict[str, Any] = {"headers": {"Accept": "application/xml"}}
    assert check(manager.request(operation.method, url(staged, extension, path), **unacceptable)) == 406
    for name in ("Last-Event-ID", "Idempotency-Key", "Prefer", "X-Request-Id", "If-Match"):
        for value in ("x" * 5000, ")(", "=;,", "-1", "dry-run, dry-run"):
            headers = {name: value, "Accept": "application/json"}
            check(manager.request(operation.method, url(staged, extension, path), headers=headers))


@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda each: each.name)
def test_paths_that_lead_nowhere(staged: Site, manager: Caller, extension: Extension) -> None:
    for path in ("/%00", "/x/y/z", "/" + "x" * 5000, "/%ED%A0%80", "/..", "/connections", "//"):
        for method in METHODS:
            check(manager.request(method, url(staged, extension, path)))
