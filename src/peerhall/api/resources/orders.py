"""Everything that changes something goes to the order desk; here it is only unwrapped and wrapped again."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from peerhall.api import preferences
from peerhall.api.admission import admit
from peerhall.api.problems import of_refusal
from peerhall.api.requests import read_bytes, read_idempotency_key, read_json
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended, not_found
from peerhall.api.runtime import Runtime
from peerhall.contract.operations import Operation
from peerhall.exchange.refusals import Refused
from peerhall.orderdesk.commands import Answer, Command
from peerhall.store.reading import Login, LoginEnded


async def answer_order(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """Places an order and answers with the object; a new one's address is in Location."""
    login = await admit(request, runtime.tokens)
    trial = preferences.read_dry_run(request, runtime)
    document = path[0] if path else ""
    if "\x00" in document:
        raise not_found()
    if operation.body is None:
        await read_bytes(request)
        body = None
    else:
        body = await read_json(request, required=operation.method != "DELETE")
    key = read_idempotency_key(request) if operation.method == "POST" else None
    command = Command(operation, body, document, key, request.state.id, trial=trial)
    answer, headers = await place(runtime, login, command)
    if answer.status == 201 and not trial:
        headers = {"Location": f"{runtime.base_url}/{operation.group}/{answer.document}"}
    return Response(answer.text, status_code=answer.status, headers=headers, media_type=MEDIA_TYPE)


async def place(runtime: Runtime, login: Login, command: Command) -> tuple[Answer, Mapping[str, str]]:
    """The answer to an order, and what its headers say of a trial. Raises Problem when it is refused."""
    headers = preferences.APPLIED if command.trial else {}
    try:
        return await runtime.threads.run(runtime.desk.place, login, command), headers
    except Refused as refused:
        problem = of_refusal(refused.refusal)
        problem.headers = headers
        raise problem from refused
    except LoginEnded:
        raise login_ended() from None
