"""Webhooks: the events of the change feed, signed, sent to a URL of the member's own."""

from functools import partial
from typing import Any, Final

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api import preferences
from peerhall.api.admission import admit
from peerhall.api.extensions.extension import Extension
from peerhall.api.filters import parse_filters
from peerhall.api.problems import of_refusal
from peerhall.api.requests import read_idempotency_key, read_json
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended
from peerhall.api.resources.orders import place
from peerhall.api.runtime import Runtime
from peerhall.contract.filters import choice, integer
from peerhall.contract.operations import Operation
from peerhall.exchange.refusals import Refused
from peerhall.orderdesk import webhooks
from peerhall.orderdesk.commands import Command
from peerhall.store.reading import LoginEnded

_MOST: Final = 500
_USUAL: Final = 100

_PATH: Final = "/subscriptions"
_ONE: Final = f"{_PATH}/{{id}}"
_LIST: Final = Operation("webhooks_list", "GET", _PATH, 200, None)
_CREATE: Final = Operation("webhooks_create", "POST", _PATH, 201, None, permission="write")
_READ: Final = Operation("webhooks_read", "GET", _ONE, 200, None)
_UPDATE: Final = Operation("webhooks_partial_update", "PATCH", _ONE, 200, None, permission="write")
_REMOVE: Final = Operation("webhooks_destroy", "DELETE", _ONE, 200, None, permission="write")
_SECRETS: Final = Operation("webhooks_secrets_create", "POST", f"{_ONE}/secrets", 201, None, permission="write")
_TESTS: Final = Operation("webhooks_tests_create", "POST", f"{_ONE}/tests", 202, None, permission="write")
_REPLAYS: Final = Operation("webhooks_replays_create", "POST", f"{_ONE}/replays", 202, None, permission="write")
_DELIVERIES: Final = Operation(
    "webhooks_deliveries_list",
    "GET",
    f"{_ONE}/deliveries",
    200,
    None,
    filters=(choice("state", "pending", "delivered", "failed", "skipped"), integer("limit", 1)),
)


async def answer_look(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """A list of subscriptions or deliveries, or a subscription."""
    login = await admit(request, runtime.tokens)
    filters = parse_filters(operation, request.scope["query_string"])
    look: Any
    match operation.id:
        case _LIST.id:
            look = webhooks.read_all
        case _READ.id:
            look = partial(webhooks.read, document=path[0])
        case _:
            limit = min(filters.get("limit", _USUAL), _MOST)
            look = partial(webhooks.read_deliveries, document=path[0], state=filters.get("state"), limit=limit)
    try:
        found = await runtime.threads.run(runtime.desk.look, login, look)
    except Refused as refused:
        raise of_refusal(refused.refusal) from refused
    except LoginEnded:
        raise login_ended() from None
    return Response(to_json(found), media_type=MEDIA_TYPE)


async def answer_write(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """Places the order, like any other; a new subscription's address is in Location."""
    login = await admit(request, runtime.tokens)
    trial = preferences.read_dry_run(request, runtime)
    document = path[0] if path else ""
    body = await read_json(request, required=False)
    key = read_idempotency_key(request) if operation.method == "POST" else None
    command = Command(operation, body, document, key, request.state.id, trial=trial)
    answer, headers = await place(runtime, login, command)
    if operation is _CREATE and not trial:
        headers = {"Location": f"{runtime.extensions_url}/{EXTENSION.address}{_PATH}/{answer.document}"}
    return Response(answer.text, status_code=answer.status, headers=headers, media_type=MEDIA_TYPE)


NAME: Final = "webhooks"

EXTENSION: Final = Extension(
    NAME,
    "Sends the events of the change feed, signed, to a URL of yours.",
    """
`POST …/subscriptions` with `{"url": "https://…", "label": "…", "resource_types": ["connections"]}`; the last two may be
left out. The answer has the `secret`, which is shown only then; `POST …/secrets` gives a new one, and for 24 hours
events are signed with both. `GET …/deliveries` tells what was sent and what came of it, `POST …/tests` sends a test.

An event is a POST of the JSON that the change feed tells it in, with `Webhook-Id` (the event's id),
`Webhook-Timestamp` (seconds since 1970) and `Webhook-Signature` (`v1,` and the Base64 of an HMAC-SHA256 over
`id.timestamp.body`), as Standard Webhooks 1.0 has them. Any 2xx within 10 seconds takes it. Until then the next one
waits: it is tried again after 5 seconds, 10, 20 and so on up to an hour, and after three days, or a 410, the
subscription is `paused`. `PATCH` with `{"active": true}` has it go on where it was. Events come in order, each at least
once: tell by the id which you know. `POST …/replays` with `{"after": "<event id>"}` goes back (or ahead) to behind an
event, with `{"after": "now"}` to the newest; with `{"event": "<event id>"}` that event is sent once more.

What you may see is decided when an event is sent, by the key that set the subscription up or last activated it; when
that key ends, the subscription is paused. The URL must lead to a public address; redirects are not followed.
""",
    {
        _LIST: answer_look,
        _CREATE: answer_write,
        _READ: answer_look,
        _UPDATE: answer_write,
        _REMOVE: answer_write,
        _SECRETS: answer_write,
        _TESTS: answer_write,
        _REPLAYS: answer_write,
        _DELIVERIES: answer_look,
    },
)
