"""Role assignments: which contact fills which role."""

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import ContactId, Id, RoleId


class RoleAssignmentRequest(Schema):
    """A contact to be given a role."""

    role: RoleId
    contact: ContactId


class RoleAssignment(RoleAssignmentRequest):
    """A contact in a role; never changed, only deleted."""

    id: Id
