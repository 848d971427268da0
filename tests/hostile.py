"""Requests that nobody should send, for operations beside the standard's; whatever they are, no answer is a 5xx."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import httpx

from peerhall.api.extensions.extension import Extension
from peerhall.contract.operations import Operation
from tests.api.test_bad_input import BROKEN

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONG: Final = 5000

IDS: Final = (
    *("no-such-thing", "null", "-1", "0", "x" * LONG, "..%2Faccounts", "%00", "a%00b", "%ED%A0%80", "%FF", "%20"),
    *("%F0%9F%90%9F", "'%3B--", "9" * 40, "connection-of-rival", "config-of-rival", "rival", "lan"),
)
"""Of nothing, and of what others have; as they stand in a path."""

VALUES: Final[tuple[Any, ...]] = (
    *("", "x", "x" * LONG, "\U0001f41f", "2026-99-99", "P1X", "http://", "1", -1, 10**30, 1.5, 1e308, [], {}, [None]),
    *([[[]]], {"x": {}}, ["x"] * LONG),
)
"""That suit hardly any member."""

_BODIES: Final = {name: sent[:2] for name, sent in BROKEN.items() if len(sent[0]) < 1_000_000}
_QUERIES: Final = ("", "-1", "x", "%00", "%FF", "9" * 30, "1e9", "x" * LONG, "%F0%9F%90%9F", "1&{}=2")


def list_operations(extensions: Iterable[Extension]) -> list[tuple[Extension, Operation]]:
    return [(extension, operation) for extension in extensions for operation in extension.routes]


def paths(operation: Operation) -> list[str]:
    """The operation's path with every hostile id in it, or just the path."""
    if "{" not in operation.path:
        return [operation.path]
    parameter = operation.path[operation.path.index("{") : operation.path.index("}") + 1]
    return [operation.path.replace(parameter, id_) for id_ in IDS]


def queries(operation: Operation) -> Iterator[str]:
    """A wrong value for every parameter."""
    for parameter in operation.filters:
        for value in _QUERIES:
            yield f"{parameter.name}={value.format(parameter.name)}"


def bodies(members: Iterable[str], values: Iterable[Any] = VALUES) -> Iterator[dict[str, Any]]:
    """Bodies that are hardly JSON, and objects that have a wrong value for one of the members, or are of none."""
    for content, media_type in _BODIES.values():
        yield {"content": content, "headers": {"Content-Type": media_type}}
    for member in (*members, "no_such_member", "__proto__", "x" * LONG):
        for value in values:
            content = json.dumps({member: value}).encode()
            yield {"content": content, "headers": {"Content-Type": "application/json"}}


def check(answer: httpx.Response) -> int:
    """The status of an answer that a client could read."""
    told = (answer.request.method, str(answer.request.url)[:200], answer.request.content[:200], answer.text[:500])
    assert answer.status_code < 500, told
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", told
        problem = answer.json()
        assert problem["status"] == answer.status_code, told
        assert isinstance(problem["detail"], str), told
        assert len(answer.content) < 100_000
    return answer.status_code
