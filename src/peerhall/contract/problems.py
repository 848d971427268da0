"""Problem documents: the one shape of every answer that is not a success."""

from typing import Annotated, Final, NamedTuple

from annotated_types import Ge

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import Date, Integer, Text

BASE: Final = "https://errors.ix-api.net/v2/"
"""Where the standard's problem types live."""

OURS: Final = "urn:peerhall:problem:"
"""Where the types live for which the standard has none."""


class ProblemType(NamedTuple):
    """A kind of problem: its stable URI, its HTTP status, its constant title."""

    uri: str
    status: int
    title: str


VALIDATION_ERROR: Final = ProblemType(BASE + "validation-error.html", 400, "Some fields did not validate.")
UNABLE_TO_FULFILL: Final = ProblemType(BASE + "unable-to-fulfill.html", 400, "Unable to fulfill your request.")
CANCELLATION_POLICY_ERROR: Final = ProblemType(
    BASE + "cancellation-policy-error.html", 400, "Requested cancellation date outside of notice period."
)
AUTHENTICATION_ERROR: Final = ProblemType(BASE + "authentication-error.html", 401, "Authentication Credentials Invalid")
SIGNATURE_EXPIRED: Final = ProblemType(BASE + "signature-expired.html", 401, "Authentication Credentials Invalid")
NOT_AUTHENTICATED: Final = ProblemType(BASE + "not-authenticated.html", 401, "Authentication Credentials Invalid")
PERMISSION_DENIED: Final = ProblemType(
    BASE + "permission-denied.html", 403, "You do not have permission to perform this action."
)
NOT_FOUND: Final = ProblemType(BASE + "not-found.html", 404, "Not found.")
METHOD_NOT_ALLOWED: Final = ProblemType(OURS + "method-not-allowed", 405, "Method not allowed.")
NOT_ACCEPTABLE: Final = ProblemType(OURS + "not-acceptable", 406, "Not acceptable.")
CONSTRAINT_VIOLATION: Final = ProblemType(BASE + "constraint-violation.html", 409, "The object is still in use.")
IDEMPOTENCY_CONFLICT: Final = ProblemType(OURS + "idempotency-conflict", 409, "Idempotency key already in use.")
CONTENT_TOO_LARGE: Final = ProblemType(OURS + "content-too-large", 413, "Content too large.")
UNSUPPORTED_MEDIA_TYPE: Final = ProblemType(OURS + "unsupported-media-type", 415, "Unsupported media type.")
TOO_MANY_REQUESTS: Final = ProblemType(OURS + "too-many-requests", 429, "Too many requests.")
HEAD_TOO_LARGE: Final = ProblemType(OURS + "head-too-large", 431, "Request header fields too large.")
INTERNAL_ERROR: Final = ProblemType(OURS + "internal-error", 500, "Internal error.")
TEMPORARILY_UNAVAILABLE: Final = ProblemType(OURS + "temporarily-unavailable", 503, "Temporarily unavailable.")


class Conflict(Schema):
    """One object that is in the way, and the member through which it uses the other."""

    resource_type: Maybe[Text] = None
    resource_id: Maybe[Text] = None
    resource_property: Text | None = None
    remote_resource_type: Maybe[Text] = None
    remote_resource_id: Maybe[Text] = None


class ProblemResponse(Schema):
    """What went wrong, after RFC 9457; `instance` names this very occurrence."""

    type: Text
    title: Maybe[Text] = None
    status: Maybe[Annotated[Integer, Ge(100)]] = None
    detail: Maybe[Text] = None
    instance: Maybe[Text] = None
    conflicts: Maybe[list[Conflict]] = None
    """Ours: what is in the way, where something is."""
    decommission_at: Maybe[Date] = None
    """Ours: the earliest day of disconnection, where the one asked for cannot be had."""
    charged_until: Maybe[Date] = None


class ValidationErrorProperty(Schema):
    """One member or parameter at fault, nested ones written with dots."""

    name: Maybe[Text] = None
    reason: Maybe[Text] = None


class ValidationErrorResponse(ProblemResponse):
    """All that is wrong with a request, at once."""

    properties: Maybe[list[ValidationErrorProperty]] = None
