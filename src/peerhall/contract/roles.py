"""Roles: what a contact can be responsible for, and what it must tell us to be so."""

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Id, Text80


class Role(Schema):
    """A function such as `noc` or `legal`; required_fields are members of a contact."""

    id: Id
    name: Text80
    required_fields: list[Text80]
