"""What the drawing up of an entry goes by, and the steps that all entries have in common."""

from dataclasses import dataclass, field
from typing import Any, Final

from peerhall.contract.marks import Schema
from peerhall.contract.validation import Body, Fault, InvalidBody, blank, check_document, validate
from peerhall.exchange.records import Meta, Record
from peerhall.intake.exchange_file import Entry
from peerhall.intake.identity import KEY, ORIGIN, file_origin, identify
from peerhall.intake.positions import Mistakes, Node
from peerhall.intake.sections import EXCHANGE, ExchangeEntry

NOT_THERE: Final = "?"
"""Stands in for what a wrong reference should have named, so that one mistake is not told twice."""


@dataclass(slots=True)
class Drawing:
    """What the drawing up of one entry needs of all the others."""

    mistakes: Mistakes
    exchange: ExchangeEntry
    written: frozenset[tuple[str, str]]
    records: list[Record] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)

    def id_of(self, section: str, key: str) -> str:
        return identify(self.exchange.key, section, key)

    @property
    def account(self) -> str:
        return self.id_of("accounts", EXCHANGE)

    def find(self, document: Any) -> Record | None:
        """What was drawn up under this id."""
        return next((record for record in self.records if record.id == document), None)

    def add(self, kind: str, section: str, key: str, body: Body, meta: Meta, node: Node) -> None:
        document = self.id_of(section, key)
        origin = {ORIGIN: file_origin(self.exchange.key), KEY: f"{section}/{key}"}
        self.records.append(Record(document, kind, {"id": document, **body}, {**origin, **meta}))
        self.nodes[document] = node

    def resolve(self, node: Node, section: str, member: str = "") -> str:
        """The id of the entry whose key stands at a node."""
        place = node.find(member)
        if isinstance(place.value, str) and (section, place.value) in self.written:
            return self.id_of(section, place.value)
        keys = ", ".join(sorted(key for name, key in self.written if name == section))
        known = f"there are {keys}" if keys else f"there is no section {section} yet, add one"
        self.mistakes.add(node, f"{place.what} is not the key of an entry in {section}; {known}", member)
        return NOT_THERE


def read_members(drawing: Drawing, entry: Entry) -> tuple[Body, dict[str, Any]]:
    """The members an entry gives: the standard's, with the ids of what they name, and ours."""
    given: Body = entry.node.plain()
    for member, section in entry.section.names.items():
        if given.get(member) is not None:
            given[member] = drawing.resolve(entry.node, section, member)
    extra = entry.section.extra
    own: dict[str, Any] = {name: given.pop(name) for name in list(given) if name in extra.model_fields}
    return given, _read_extra(drawing, entry, extra, own)


def _read_extra(drawing: Drawing, entry: Entry, model: type[Schema], given: Body) -> dict[str, Any]:
    try:
        return validate(model, given).model_dump()
    except InvalidBody as error:
        report_faults(drawing.mistakes, entry.node, error.faults)
        return {}


def finish(drawing: Drawing, entry: Entry, body: Body, meta: Meta | None = None) -> None:
    """Adds the document, once its schema has been asked about it."""
    type_ = str(body.get("type", ""))
    whole = {**blank(entry.section.schema, type_), **body}
    document = drawing.id_of(entry.section.name, entry.key)
    try:
        checked = check_document(entry.section.schema, {"id": document, **whole})
    except InvalidBody as error:
        report_faults(drawing.mistakes, entry.node, error.faults)
        checked = whole
    checked = {name: value for name, value in checked.items() if name != "id"}
    drawing.add(entry.section.kind, entry.section.name, entry.key, checked, meta or {}, entry.node)


def report_faults(mistakes: Mistakes, node: Node, faults: list[Fault]) -> None:
    for fault in faults:
        place = node.find(fault.name)
        quotes = fault.reason == "must be a string" and isinstance(place.value, int | float)
        mistakes.add(node, fault.reason + ("; put it in quotes" if quotes else ""), fault.name)
