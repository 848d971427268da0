"""Finds the operation for a method and a path: a walk down a tree, one dictionary a segment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from peerhall.api.problems import Problem
from peerhall.contract import problems
from peerhall.contract.operations import OPERATIONS, Operation


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    operations: dict[str, Operation] = field(default_factory=dict)


class Router:
    """The paths of the operations that work here; the others are as good as not there."""

    def __init__(self, available: Collection[str], operations: Iterable[Operation] = OPERATIONS) -> None:
        self._root = _Node()
        self._available = available
        for operation in operations:
            node = self._root
            for segment in operation.path.strip("/").split("/"):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.children.setdefault(segment, _Node())
            node.operations[operation.method] = operation

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """The operation, and the values of its path's parameters. A trailing slash makes no difference.

        Raises Problem: 404 for what is not there or does not work here, 405 for methods the standard does not know.
        """
        node: _Node | None = self._root
        values: list[str] = []
        for segment in path.strip("/").split("/"):
            assert node is not None
            child = node.children.get(segment)
            if child is None and node.parameter is not None and segment:
                values.append(segment)
                child = node.parameter
            if child is None:
                raise _nothing_there()
            node = child
        assert node is not None
        operation = node.operations.get("GET" if method == "HEAD" else method)
        if operation is not None and operation.id in self._available:
            return operation, tuple(values)
        allowed = [each.method for each in node.operations.values() if each.id in self._available]
        if operation is not None or not allowed:
            raise _nothing_there()
        raise Problem(
            problems.METHOD_NOT_ALLOWED,
            f"{method} is not possible here; use {' or '.join(allowed)}.",
            headers={"Allow": ", ".join(allowed)},
        )


def _nothing_there() -> Problem:
    return Problem(problems.NOT_FOUND, "There is nothing at this path; /implementation lists what this server does.")
