"""How the sandbox's own operations are asked and answered: JSON both ways, and never by a page from elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.extensions.extension import Handler
from peerhall.api.preferences import read_dry_run
from peerhall.api.problems import Problem, invalid
from peerhall.api.requests import read_json
from peerhall.api.resources.documents import MEDIA_TYPE
from peerhall.api.runtime import Runtime
from peerhall.contract import problems
from peerhall.contract.marks import Schema
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault, InvalidBody, validate
from peerhall.sandbox.tenant import TenantGone

Answer = tuple[int, Any]
"""A status, and what to answer with; None is no body."""
B = TypeVar("B", bound=Schema)


class ControlBody(Schema, extra="forbid"):
    """A mistyped member must not go unnoticed."""


def operation(name: str, method: str, path: str) -> Operation:
    return Operation(f"sandbox_{name}", method, path, 200, None, permission="open")


def reading(answer: Callable[[Request, tuple[str, ...]], Awaitable[Answer]]) -> Handler:
    async def handle(request: Request, _: Runtime, __: Operation, values: tuple[str, ...]) -> Response:
        try:
            status, body = await answer(request, values)
        except TenantGone:
            raise Problem(problems.NOT_FOUND, "There is no such tenant.") from None
        return Response(status_code=204) if body is None else Response(to_json(body), status, media_type=MEDIA_TYPE)

    return handle


def changing(answer: Callable[[Request, tuple[str, ...]], Awaitable[Answer]]) -> Handler:
    handle = reading(answer)

    async def check(request: Request, runtime: Runtime, operation: Operation, values: tuple[str, ...]) -> Response:
        _refuse_other_origins(request)
        if read_dry_run(request, runtime):
            raise invalid(Fault("Prefer", "the sandbox itself cannot be tried out; nothing was done"))
        return await handle(request, runtime, operation, values)

    return check


def _refuse_other_origins(request: Request) -> None:
    """Raises Problem for what a web page from elsewhere has the browser of somebody on this machine send."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if origin not in (None, f"http://{host}", f"https://{host}"):
        raise Problem(problems.PERMISSION_DENIED, "Pages from elsewhere do not control the sandbox.")


async def read_body(request: Request, model: type[B]) -> B:
    value = await read_json(request, required=False)
    try:
        return validate(model, {} if value is None else value)
    except InvalidBody as error:
        raise invalid(*error.faults) from None
