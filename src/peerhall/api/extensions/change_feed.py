"""The change feed: each change of a state or status of what the caller may see, once and in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import psycopg
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from peerhall.api.admission import admit
from peerhall.api.extensions.extension import Extension
from peerhall.api.feed import Subscription
from peerhall.api.filters import parse_filters
from peerhall.api.problems import Problem, invalid
from peerhall.api.requests import refuse_unacceptable
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended
from peerhall.api.runtime import Runtime
from peerhall.api.wire import ON_SHUTDOWN
from peerhall.contract.filters import integer, text
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.store import changes
from peerhall.store.changes import Change
from peerhall.store.database import DatabaseUnavailable
from peerhall.store.reading import Login, LoginEnded

KEEP_ALIVE_SECONDS: Final = 15.0
_LONGEST_WAIT: Final = 60
_USUAL_WAIT: Final = 25
_MOST: Final = 500
_NOW: Final = "now"

_EVENTS: Final = Operation(
    "change_feed_events",
    "GET",
    "/events",
    200,
    None,
    filters=(text("after"), integer("wait", 0), integer("limit", 1)),
)


async def answer_events(request: Request, runtime: Runtime, operation: Operation, _: tuple[str, ...]) -> Response:
    """A stream for those who accept one, else what there is, or what there will be within `wait` seconds."""
    streams = "text/event-stream" in request.headers.get("accept", "").lower()
    if not streams:
        refuse_unacceptable(request)
    login = await admit(request, runtime.tokens)
    filters = parse_filters(operation, request.scope["query_string"])
    after = request.headers.get("last-event-id") or filters.get("after") or ""
    try:
        await runtime.feed.catch_up()
        cursor, place = await _find_start(runtime, login, after)
        if request.method == "HEAD":
            return Response(media_type="text/event-stream" if streams else MEDIA_TYPE)
        if streams:
            return _Stream(request, runtime, login, cursor, place)
        limit = min(filters.get("limit", _MOST), _MOST)
        found = await _poll(runtime, login, place, min(filters.get("wait", _USUAL_WAIT), _LONGEST_WAIT), limit, request)
    except LoginEnded:
        raise login_ended() from None
    cursor = found[-1].id if found else cursor
    listed = b",".join(change.text for change in found)
    return Response(b'{"events":[' + listed + b'],"cursor":"' + cursor.encode() + b'"}', media_type=MEDIA_TYPE)


async def _find_start(runtime: Runtime, login: Login, after: str) -> tuple[str, int]:
    """The cursor and the place to go on from: the first change of all when nothing is said. Raises Problem."""
    if not after:
        return "", 0
    if after == _NOW:
        return await changes.find_latest(runtime.reads, login, runtime.clock())
    try:
        cursor = str(UUID(after))
    except ValueError:
        cursor = ""
    place = await changes.find_place(runtime.reads, cursor) if cursor else None
    if place is None:
        raise invalid(Fault("after", "is not the id of an event; leave it out to start from the first one, or say now"))
    return cursor, place


async def _poll(
    runtime: Runtime, login: Login, place: int, seconds: float, limit: int, request: Request
) -> Sequence[Change]:
    """The changes after a place; when there are none, those that come first within so many seconds."""
    subscription = runtime.feed.subscribe(login)
    request.scope[ON_SHUTDOWN] = subscription.end
    watching = asyncio.create_task(_watch_for_end(request.receive, subscription))
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        while True:
            found, place = await changes.read_after(runtime.reads, login, runtime.clock(), place, limit)
            left = deadline - asyncio.get_running_loop().time()
            if found or subscription.over or left <= 0 or not await subscription.wait(left):
                return found
    finally:
        watching.cancel()
        runtime.feed.unsubscribe(subscription)


async def _watch_for_end(receive: Receive, subscription: Subscription) -> None:
    """Ends a subscription when its client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end()


class _Stream(StreamingResponse):
    """Server-sent events, until the client or its login goes, or the server does."""

    def __init__(self, request: Request, runtime: Runtime, login: Login, cursor: str, place: int) -> None:
        super().__init__((), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._request = request
        self._runtime = runtime
        self._login = login
        self._cursor = cursor
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        subscription = self._runtime.feed.subscribe(self._login)
        scope[ON_SHUTDOWN] = subscription.end
        watching = asyncio.create_task(_watch_for_end(receive, subscription))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _write(send, b": changes\n" + (f"id: {self._cursor}\n".encode() if self._cursor else b"") + b"\n")
            # A stream that fails is ended: the client comes back with the id it has got to.
            with suppress(LoginEnded, Problem, psycopg.Error, DatabaseUnavailable):
                await self._tell(subscription, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watching.cancel()
            self._runtime.feed.unsubscribe(subscription)

    async def _tell(self, subscription: Subscription, send: Send) -> None:
        while not subscription.over:
            # Also of a stream on which much happens the token runs out.
            await admit(self._request, self._runtime.tokens)
            found, self._place = await changes.read_after(
                self._runtime.reads, self._login, self._runtime.clock(), self._place, _MOST
            )
            if found:
                await _write(send, b"".join(map(_event, found)))
            while len(found) < _MOST and not await subscription.wait(KEEP_ALIVE_SECONDS):
                await admit(self._request, self._runtime.tokens)
                await _write(send, b": still here\n\n")


def _event(change: Change) -> bytes:
    return b"id: " + change.id.encode() + b"\nevent: change\ndata: " + change.text + b"\n\n"


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


_ROUTES: Final[dict[Operation, Any]] = {_EVENTS: answer_events}

EXTENSION: Final = Extension(
    "change-feed",
    "Tells every change of the state or status of what you may see, once and in order.",
    """
`GET …/events` with `Accept: text/event-stream` is a stream of server-sent events; without, it is JSON:
`{"events": [...], "cursor": "…"}`, answered as soon as there is an event, at the latest after `wait` seconds
(0 to 60, 25 if you do not say). An event has `id`, `serial` (1 for the first change of that object, 2 for the next),
`at`, `resource_type`, `resource_id`, `previous_state` (null for a new object), `state`, and `status` as it was then.

Go on where you were with `Last-Event-ID`, or with `?after=` and the `cursor`. Without, you get all there is from the
first event on; with `?after=now` only what is new. `limit` is the most events in one JSON answer (at most 500).

What you may see is decided when an event is sent. A stream ends with its token, or when the server is restarted:
connect again with the last id, and nothing is lost or told twice.
""",
    _ROUTES,
    streams=True,
)
