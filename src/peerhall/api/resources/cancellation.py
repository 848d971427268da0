"""Cancellation policies: what a DELETE would come to, before anybody sends one."""

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.admission import admit
from peerhall.api.filters import parse_filters
from peerhall.api.problems import of_refusal
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended, not_found
from peerhall.api.runtime import Runtime
from peerhall.contract.operations import Operation
from peerhall.exchange.refusals import Refused
from peerhall.store.reading import LoginEnded


async def answer_policy(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """The day of disconnection and the first day that is no longer charged."""
    login = await admit(request, runtime.tokens)
    document = path[0]
    if "\x00" in document:
        raise not_found()
    wished = parse_filters(operation, request.scope["query_string"]).get("decommission_at")
    try:
        policy = await runtime.threads.run(runtime.desk.read_policy, login, operation.group, document, wished)
    except Refused as refused:
        raise of_refusal(refused.refusal) from refused
    except LoginEnded:
        raise login_ended() from None
    days = {"decommission_at": policy.decommission_at, "charged_until": policy.charged_until}
    return Response(to_json(days), media_type=MEDIA_TYPE)
