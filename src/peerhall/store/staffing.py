"""Which contacts fill which roles, asked across contacts, role assignments and roles."""

from collections.abc import Collection
from dataclasses import dataclass

from peerhall.store.database import SyncConnection


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role assignment with what the rules ask about it."""

    id: str
    role: str
    """The role's name."""
    required_fields: tuple[str, ...]
    contact: str
    managing_account: str | None
    consuming_account: str | None


_ASSIGNMENTS = """
    select assignment.id, role.body ->> 'name', role.body -> 'required_fields', contact.id,
           contact.managing_account, contact.consuming_account
    from document assignment
    join document role on role.id = assignment.body ->> 'role'
    join document contact on contact.id = assignment.body ->> 'contact'
    where assignment.kind = 'role-assignments' and """


def find_assignments(connection: SyncConnection, ids: Collection[str]) -> dict[str, Assignment]:
    """Those of the role assignments that exist, by id."""
    if not ids:
        return {}
    rows = connection.execute(_ASSIGNMENTS + "assignment.id = any(%s)", (list(ids),))
    return {row[0]: Assignment(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows}


def list_assignments_of_contact(connection: SyncConnection, contact: str) -> list[Assignment]:
    """All roles a contact fills."""
    rows = connection.execute(_ASSIGNMENTS + "contact.id = %s order by assignment.serial", (contact,))
    return [Assignment(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows]


def list_assignments_of_account(connection: SyncConnection, account: str) -> list[Assignment]:
    """All roles that contacts of an account fill."""
    rows = connection.execute(_ASSIGNMENTS + "contact.consuming_account = %s order by assignment.serial", (account,))
    return [Assignment(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows]
