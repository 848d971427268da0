"""Everything in the database at one moment, as plain data for rules to choose from and invariants to compare."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from peerhall.store.database import SyncConnection

CATALOGUE = (
    "availability-zones",
    "devices",
    "facilities",
    "metro-area-networks",
    "metro-areas",
    "network-features",
    "pops",
    "product-offerings",
    "roles",
)
OVER = ("decommissioned", "cancelled", "archived")
LEAVING = (*OVER, "decommission_requested")


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """One row: the standard's members and ours."""

    id: str
    kind: str
    serial: int
    body: dict[str, Any]
    meta: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """How Hypothesis shows it in a failing run."""
        printer.text(repr(self))

    def __getitem__(self, member: str) -> Any:
        return self.body.get(member)

    @property
    def state(self) -> str:
        return str(self.body.get("state"))

    @property
    def live(self) -> bool:
        """Neither leaving nor gone."""
        return self.state not in LEAVING


@dataclass(frozen=True)
class Picture:
    """All documents, in the order of their creation."""

    documents: dict[str, Document] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Document]:
        return (each for each in self.documents.values() if each.kind in kinds)

    def get(self, document: str) -> Document:
        return self.documents[document]

    def owners(self, document: Document) -> tuple[str | None, str | None]:
        """Managing and consuming account, of parts those of the whole."""
        match document.kind:
            case "port-reservations":
                return self.owners(self.get(document["connection"]))
            case "role-assignments":
                return self.owners(self.get(document["contact"]))
            case _:
                return document["managing_account"], document["consuming_account"]

    def tree(self, account: str) -> set[str]:
        """An account with all below it."""
        found = {account}
        while more := {
            each.id for each in self.of("accounts") if each["managing_account"] in found and each.id not in found
        }:
            found |= more
        return found

    def manages(self, account: str, document: Document) -> bool:
        return self.owners(document)[0] in self.tree(account)

    def owns(self, account: str, document: Document) -> bool:
        """Whether the account sees all of it."""
        if document.kind == "accounts":
            return document.id in self.tree(account)
        return not self.tree(account).isdisjoint(self.owners(document))

    def users(self, kind: str, member: str, target: str) -> list[Document]:
        return [each for each in self.of(kind) if each[member] == target]


def take_picture(connection: SyncConnection) -> Picture:
    rows = connection.execute("select id, kind, serial, body, meta from document order by serial").fetchall()
    return Picture({row[0]: Document(*row) for row in rows})
