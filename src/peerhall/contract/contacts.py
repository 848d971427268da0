"""Contacts: functions in a member's company, and how to reach them."""

from peerhall.contract.marks import Schema
from peerhall.contract.members import Ownable, Owned
from peerhall.contract.vocabulary import EchoedId, Id, Text40, Text80, Text128


class Reachable(Schema):
    """Every way to reach a contact is optional; roles decide which are needed. Telephone in E.164."""

    name: Text128 | None = None
    telephone: Text40 | None = None
    email: Text80 | None = None


class Contact(Owned, Reachable):
    """A function of the consuming account."""

    id: Id


class ContactRequest(Ownable, Reachable):
    """A contact to be created."""

    id: EchoedId = None


class ContactUpdate(Owned, Reachable):
    """All of a contact that can change."""

    id: EchoedId = None
