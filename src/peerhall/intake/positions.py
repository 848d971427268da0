"""YAML of which every value knows its line, so that whatever turns out wrong with it can be pointed at.

Scalars are read as YAML 1.2 does: `NO` is a country, `2026-01-31` and `12:30` are text, only `true` and `false` are
booleans. Anchors, aliases and the merge key `<<` may be used to say things once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

_NUMBER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", re.ASCII)
_WORDS: Final[dict[str, Any]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LONGEST_NUMBER: Final = 40
_DEEPEST: Final = 50
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Something wrong with a file: where (line 0 where there is none), what is wrong, and the way out."""

    line: int
    path: str
    reason: str

    def write(self, file: str) -> str:
        """One line for people."""
        place = f"{file}:{self.line}" if self.line else file
        return f"{place}: {self.path}: {self.reason}" if self.path else f"{place}: {self.reason}"


class MistakesFound(Exception):
    """A file cannot be used as it is; all that is wrong with it, in order of lines."""

    def __init__(self, file: str, mistakes: list[Mistake]) -> None:
        self.file = file
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(mistake.write(file) for mistake in self.mistakes))


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: a mapping, a list or a scalar."""

    line: int
    path: str
    """Where it stands, such as `devices.sw1.pop`."""
    value: Any = None
    """Of a scalar."""
    members: Mapping[str, "Node"] | None = None
    items: tuple["Node", ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands there, as after a key and its colon."""
        return self.members is None and self.items is None and self.value is None

    @property
    def what(self) -> str:
        """What kind of value it is, in a sentence."""
        if self.members is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return "nothing" if self.value is None else repr(self.value)

    def plain(self) -> Any:
        """The value with all below it, as Python has it."""
        if self.members is not None:
            return {name: member.plain() for name, member in self.members.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.value

    def find(self, path: str) -> "Node":
        """The value at a dotted path below this one, or the nearest above it that is there."""
        node = self
        for part in path.split(".") if path else ():
            if node.members is not None and part in node.members:
                node = node.members[part]
            elif node.items is not None and part.isdecimal() and int(part) < len(node.items):
                node = node.items[int(part)]
            else:
                break
        return node


@dataclass(slots=True)
class Mistakes:
    """Collects what is wrong, so that all of it is told at once."""

    found: list[Mistake] = field(default_factory=list)

    def add(self, node: Node, reason: str, member: str = "") -> None:
        """A mistake at a member below the node, or at the node when it has no such member."""
        path = ".".join(part for part in (node.path, member) if part)
        self.found.append(Mistake(node.find(member).line, path, reason))


@dataclass(slots=True)
class _Reader:
    mistakes: Mistakes
    _open: list[int] = field(default_factory=list)

    def read(self, node: yaml.Node, path: str, line: int) -> Node:
        if id(node) in self._open:
            itself = Node(line, path)
            self.mistakes.add(itself, "refers to itself; write it out instead")
            return itself
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path, line)
            if isinstance(node, yaml.SequenceNode):
                items = (self.read(each, f"{path}.{index}", _line(each)) for index, each in enumerate(node.value))
                return Node(line, path, items=tuple(items))
            return Node(line, path, value=_resolve(node.value, node.tag, getattr(node, "style", None)))
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: str, line: int) -> Node:
        members: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == _MERGE_TAG:
                for source in self._merged(value, path):
                    merged = {**source, **merged}
                continue
            if not isinstance(key, yaml.ScalarNode):
                self.mistakes.add(Node(_line(key), path), "a key must be a word, not a list or a mapping")
                continue
            below = f"{path}.{key.value}" if path else key.value
            if key.value in members:
                first = members[key.value].line
                reason = f"stands here a second time (first in line {first}); keep one of them"
                self.mistakes.add(Node(_line(key), below), reason)
                continue
            members[key.value] = self.read(value, below, _line(key))
        return Node(line, path, members={**merged, **members})

    def _merged(self, node: yaml.Node, path: str) -> Iterator[Mapping[str, Node]]:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            read = self.read(source, path, _line(source))
            if read.members is None:
                self.mistakes.add(Node(read.line, path), "<< takes a mapping, or a list of mappings")
            else:
                yield read.members


def read_yaml(file: Path, mistakes: Mistakes) -> Node:
    """The one document in a YAML file; what is wrong with parts of it is added to the mistakes.

    Raises MistakesFound when nothing can be made of it, or OSError when there is no such file.
    """
    content = file.read_bytes()
    try:
        if _is_too_deep(content):
            raise MistakesFound(file.name, [Mistake(0, "", "is nested too deeply")])
        root = yaml.compose(content, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise MistakesFound(file.name, [Mistake(line, "", _explain(error, content, line))]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = f"is not text that YAML can be read from: {str(error).splitlines()[0]}"
        raise MistakesFound(file.name, [Mistake(0, "", reason)]) from None
    if root is None:
        raise MistakesFound(file.name, [Mistake(0, "", "is empty")])
    return _Reader(mistakes).read(root, "", _line(root))


def _is_too_deep(content: bytes) -> bool:
    """Whether lists and mappings are nested more deeply than makes sense; the C library would end the process."""
    depth = 0
    for event in yaml.parse(content, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return True
    return False


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _explain(error: yaml.MarkedYAMLError, content: bytes, line: int) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    written = content.splitlines()[line - 1 : line]
    hint = ""
    if written and b"\t" in written[0][: len(written[0]) - len(written[0].lstrip())]:
        hint = "; indent with spaces, not tabs"
    elif "mapping values are not allowed" in said:
        hint = "; put text that contains a colon in quotes"
    elif "single document" in said:
        hint = "; take the line --- and what follows it out"
    return f"is not YAML here: {said}{hint}"


def _resolve(text: str, tag: str, style: str | None) -> Any:
    if style:
        return text
    if text in _WORDS and tag != _TEXT_TAG:
        return _WORDS[text]
    if tag == _TEXT_TAG or len(text) > _LONGEST_NUMBER:
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
