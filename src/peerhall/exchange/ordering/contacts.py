"""Contacts and the roles they fill."""

import re
from collections.abc import Iterable
from typing import Final

from peerhall.exchange.records import Body
from peerhall.exchange.refusals import Faults, refuse_unable

_TELEPHONE: Final = re.compile(r"\+[0-9](?:[ ()./-]*[0-9]){4,14}", re.ASCII)
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")


PERSONAL: Final = frozenset({"name", "telephone", "email"})
"""What tells of a person."""


def check_contact(faults: Faults, body: Body) -> None:
    """Whether a contact can be reached as it says: telephone in E.164 (separators allowed), email with an @."""
    telephone, email = body.get("telephone"), body.get("email")
    if telephone and not _TELEPHONE.fullmatch(telephone):
        faults.add("telephone", "must be an international number such as +353 20 912 2000")
    if email and not _EMAIL.fullmatch(email):
        faults.add("email", "must be an address such as noc@example.net")


def refuse_incomplete(body: Body, roles: Iterable[tuple[str, tuple[str, ...]]]) -> None:
    """Refuses a contact that lacks a member which one of its roles (name, required fields) needs."""
    for role, fields in roles:
        missing = [field for field in fields if not body.get(field)]
        if missing:
            refuse_unable(f"The role {role} needs a contact with {' and '.join(missing)}.")
