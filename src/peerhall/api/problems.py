"""Problem documents, and the one place where a refusal becomes one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic_core import to_json
from starlette.responses import Response

from peerhall.contract import problems
from peerhall.contract.problems import ProblemType
from peerhall.contract.validation import Fault
from peerhall.exchange import refusals
from peerhall.exchange.refusals import Reason, Refusal

MEDIA_TYPE: Final = "application/problem+json"

_TYPES: Final[dict[Reason, ProblemType]] = {
    Reason.INVALID: problems.VALIDATION_ERROR,
    Reason.UNFULFILLABLE: problems.UNABLE_TO_FULFILL,
    Reason.TOO_EARLY: problems.CANCELLATION_POLICY_ERROR,
    Reason.DENIED: problems.PERMISSION_DENIED,
    Reason.UNKNOWN: problems.NOT_FOUND,
    Reason.IN_USE: problems.CONSTRAINT_VIOLATION,
    Reason.KEY_REUSED: problems.IDEMPOTENCY_CONFLICT,
}


@dataclass
class Problem(Exception):
    """Ends a request with a problem document."""

    type: ProblemType
    detail: str
    members: dict[str, Any] = field(default_factory=dict)
    """Further members of the document."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.detail)


def of_refusal(refusal: Refusal) -> Problem:
    """The problem a refusal is told as."""
    members: dict[str, Any] = {}
    if refusal.reason is Reason.INVALID:
        members["properties"] = [fault._asdict() for fault in refusal.faults]
    if refusal.conflicts:
        members["conflicts"] = [asdict(conflict) for conflict in refusal.conflicts]
    if refusal.earliest is not None:
        members["decommission_at"], members["charged_until"] = refusal.earliest
    return Problem(_TYPES[refusal.reason], refusal.detail, members)


def invalid(*faults: Fault) -> Problem:
    """A request whose parameters, headers or body do not validate."""
    return of_refusal(refusals.invalid(*faults))


def unauthorized(type_: ProblemType, detail: str) -> Problem:
    """A request without, or with no longer valid, credentials."""
    return Problem(type_, detail, headers={"WWW-Authenticate": "Bearer"})


def try_again(detail: str, seconds: int = 1) -> Problem:
    """A request that may succeed a little later."""
    return Problem(problems.TEMPORARILY_UNAVAILABLE, detail, headers={"Retry-After": str(seconds)})


def instance_of(request_id: str) -> str:
    """How a problem document names the request it answers."""
    return f"urn:peerhall:request:{request_id}"


def render_problem(problem: Problem, request_id: str) -> Response:
    """The answer: an integer status, a string detail, always."""
    document = {
        "type": problem.type.uri,
        "title": problem.type.title,
        "status": problem.type.status,
        "detail": problem.detail,
        "instance": instance_of(request_id),
        **problem.members,
    }
    return Response(
        to_json(document), status_code=problem.type.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )
