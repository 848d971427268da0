"""The change request of a circuit, which no collection holds."""

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.admission import admit
from peerhall.api.problems import of_refusal
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended, not_found
from peerhall.api.runtime import Runtime
from peerhall.contract.operations import Operation
from peerhall.exchange.refusals import Refused
from peerhall.store.reading import LoginEnded


async def answer_change_request(
    request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]
) -> Response:
    """What the B-side has asked for and nobody has decided yet."""
    login = await admit(request, runtime.tokens)
    if "\x00" in path[0]:
        raise not_found()
    try:
        found = await runtime.threads.run(runtime.desk.read_change_request, login, path[0])
    except Refused as refused:
        raise of_refusal(refused.refusal) from refused
    except LoginEnded:
        raise login_ended() from None
    return Response(to_json(found), status_code=operation.status, media_type=MEDIA_TYPE)
