"""Groups of members that several resources carry: status, dates, accounts, refs."""

from typing import Any

from pydantic import Field

from peerhall.contract.marks import Maybe, Schema, Sensitive
from peerhall.contract.vocabulary import (
    AccountId,
    Date,
    Instant,
    RoleAssignmentId,
    State,
    Text,
    Text80,
    Text128,
)


class Status(Schema):
    """One present fact about an object, for people (message) and programs (tag, attrs).

    Severity follows syslog: 5 and below asks somebody to act, 6 is progress.
    """

    severity: int = Field(ge=0, le=7)
    tag: Text
    message: Text
    attrs: dict[str, Any]
    timestamp: Instant
    id: Maybe[Text] = None
    """Ours: pyixapi can only change objects whose lists hold members with an id."""


class Observed(Schema):
    """Where an object is in its life."""

    state: Sensitive[State]
    status: Sensitive[Maybe[list[Status]]] = None


class Cancellable(Observed):
    """What is contracted and can be cancelled: dates are days, the last one exclusive."""

    decommission_at: Sensitive[Date | None] = None
    charged_until: Sensitive[Date | None] = None
    current_billing_start_date: Sensitive[Date | None] = None


class Owned(Schema):
    """Who may change an object through the API, and who uses it."""

    managing_account: Sensitive[AccountId]
    consuming_account: Sensitive[AccountId]
    external_ref: Sensitive[Text128 | None] = None


class Invoiced(Owned):
    """Who pays, and what is printed on the invoice."""

    purchase_order: Sensitive[Text80 | None] = ""
    contract_ref: Sensitive[Text128 | None] = None
    billing_account: Sensitive[AccountId]


class Ownable(Schema):
    """`Owned` in an order: accounts left out are the caller's own."""

    managing_account: Sensitive[Maybe[AccountId]] = None
    consuming_account: Sensitive[Maybe[AccountId]] = None
    external_ref: Sensitive[Text128 | None] = None


class Invoiceable(Ownable):
    """`Invoiced` in an order: accounts left out are the caller's own."""

    purchase_order: Sensitive[Text80 | None] = ""
    contract_ref: Sensitive[Text128 | None] = None
    billing_account: Sensitive[Maybe[AccountId]] = None


class Staffed(Schema):
    """Contacts in the roles that the offering or service asks for."""

    role_assignments: Sensitive[list[RoleAssignmentId]]


class Staffable(Schema):
    """`Staffed` in an order: clients leave an empty list out."""

    role_assignments: Sensitive[Maybe[list[RoleAssignmentId]]] = None
