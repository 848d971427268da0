"""The ASGI application: finds who answers a request, and sees to it that every answer is one a client can read."""

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import psycopg
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from peerhall.api import pages
from peerhall.api.extensions.extension import Extension
from peerhall.api.problems import Problem, render_problem, try_again
from peerhall.api.requests import read_request_id, refuse_unacceptable
from peerhall.api.resources import (
    authentication,
    cancellation,
    change_requests,
    discovery,
    documents,
    loas,
    oauth2,
    orders,
)
from peerhall.api.routing import Router
from peerhall.api.runtime import BASE_PATH, EXTENSIONS_PATH, Runtime
from peerhall.contract import problems
from peerhall.contract.filters import FILTERS
from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.orderdesk import commands, leaving
from peerhall.store.database import DatabaseUnavailable

logger = logging.getLogger("peerhall.api")

Handler = Callable[[Request, Runtime, Operation, tuple[str, ...]], Awaitable[Response]]

_SPECIAL: Final[dict[str, Handler]] = {
    "account_read": documents.answer_own_account,
    "api_extensions_list": discovery.answer_extensions,
    "api_health_read": discovery.answer_health,
    "api_implementation_read": discovery.answer_implementation,
    **dict.fromkeys(("connections_loa_download", "port_reservations_loa_download"), loas.answer_download),
    **dict.fromkeys(("connections_loa_upload", "port_reservations_loa_upload"), loas.answer_upload),
    "auth_token_create": authentication.answer_token_create,
    "auth_token_refresh": authentication.answer_token_refresh,
    "network_service_change_request_read": change_requests.answer_change_request,
}

OAUTH2_PATH: Final = "/oauth2/token"

_COMMON_HEADERS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def find_handler(operation: Operation) -> Handler | None:
    """Who answers an operation; None for those that do not work yet."""
    if operation.id in _SPECIAL:
        return _SPECIAL[operation.id]
    if operation.id in commands.TAKEN:
        return orders.answer_order
    if operation.answer == "CancellationPolicy" and operation.group in leaving.WHOLE:
        return cancellation.answer_policy
    if operation.group in FILTERS and operation.path == f"/{operation.group}" and operation.method == "GET":
        return documents.answer_list
    if operation.group in FILTERS and operation.path == f"/{operation.group}/{{id}}" and operation.method == "GET":
        return documents.answer_read
    return None


IMPLEMENTED: Final = frozenset(operation.id for operation in OPERATIONS if find_handler(operation) is not None)
"""Ids of the operations that can be made to work."""


class Application:
    """One worker's whole HTTP side. `start` and `stop` are called with the event loop running."""

    def __init__(
        self,
        make_runtime: Callable[[], Awaitable[Runtime]],
        available: Collection[str],
        extensions: Sequence[Extension] = (),
    ) -> None:
        self._make_runtime = make_runtime
        self._extensions = {f"{EXTENSIONS_PATH}/{each.address}": each for each in extensions}
        self._router = Router(available)
        self._handlers = {operation.id: find_handler(operation) for operation in OPERATIONS}
        self._runtime: Runtime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._runtime = await self._make_runtime()
        except Exception as error:
            logger.exception("could not start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._runtime.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        request_id = read_request_id(request.headers)
        request.state.id = request_id
        try:
            response = await self._answer(request)
        except Problem as problem:
            response = render_problem(problem, request_id)
        except ClientDisconnect:
            logger.info("client hung up", extra={"request": request_id})
            return
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            logger.warning("database unavailable", extra={"request": request_id, "reason": str(error)})
            response = render_problem(try_again("The server is busy; please try again."), request_id)
        except Exception:
            logger.exception("internal error", extra={"request": request_id})
            detail = "Something went wrong here. Please tell the exchange, with the instance of this problem."
            response = render_problem(Problem(problems.INTERNAL_ERROR, detail), request_id)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        response.raw_headers.extend(_COMMON_HEADERS)
        await response(scope, receive, send)
        _log(scope, response.status_code, request_id, started)

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        assert self._runtime is not None
        if path.startswith(BASE_PATH + "/"):
            return await self._answer_operation(request, path[len(BASE_PATH) :])
        if path.startswith(EXTENSIONS_PATH + "/"):
            return await self._answer_extension(request, path)
        if path == OAUTH2_PATH:
            return await oauth2.answer_token(request, self._runtime)
        return pages.answer_page(request, self._runtime)

    async def _answer_operation(self, request: Request, path: str) -> Response:
        assert self._runtime is not None
        if path == "/openapi.json":
            return pages.answer_page(request, self._runtime)
        operation, values = self._router.find(request.method, path)
        # A document that is not JSON is what it is, whatever the client would rather have.
        if operation.id != "api_health_read" and not (operation.method == "GET" and operation.answer is None):
            refuse_unacceptable(request)
        handler = self._handlers[operation.id]
        assert handler is not None
        return await handler(request, self._runtime, operation, values)

    async def _answer_extension(self, request: Request, path: str) -> Response:
        assert self._runtime is not None
        base = "/".join(path.split("/")[:5])
        extension = self._extensions.get(base)
        if extension is None:
            raise Problem(problems.NOT_FOUND, "There is no such extension here; GET /extensions lists those there are.")
        rest = path[len(base) :].rstrip("/")
        if not rest:
            return pages.answer_extension_page(request, extension)
        operation, values = extension.find(request.method, rest)
        if not extension.streams:
            refuse_unacceptable(request)
        return await extension.routes[operation](request, self._runtime, operation, values)


def _log(scope: Scope, status: int, request_id: str, started: float) -> None:
    """One line a request; the query and the headers stay out of it."""
    if logger.isEnabledFor(logging.INFO):
        logger.info(
            "request",
            extra={
                "request": request_id,
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "client": scope["client"][0] if scope.get("client") else None,
            },
        )
