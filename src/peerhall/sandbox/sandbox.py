"""All exchanges of one sandbox behind one socket: the main one at the root, the others below `/t/<name>`."""

import logging
import re
from contextlib import suppress
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from peerhall.api.problems import Problem, render_problem
from peerhall.api.requests import read_request_id
from peerhall.api.runtime import BASE_PATH
from peerhall.contract import problems
from peerhall.contract.problems import ProblemType
from peerhall.daemon.settings import Settings
from peerhall.exchange.webhook_targets import is_address
from peerhall.sandbox.extension import make_extension
from peerhall.sandbox.seeded import MAIN, Seeded
from peerhall.sandbox.tenant import Tenant, TenantGone
from peerhall.store import schemas
from peerhall.store.database import connect

logger = logging.getLogger("peerhall.sandbox")

MOST_TENANTS: Final = 20
"""Each has some threads and up to nine connections to the database."""
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)

_PREFIX: Final = "tenant_"
_CONNECTIONS: Final = 4
CONNECTIONS: Final = 60 + 10 * MOST_TENANTS
"""Of the database, for all of it together."""


class NameTaken(Exception):
    """There is a tenant of that name."""


class TooManyTenants(Exception):
    """There are as many as there may be."""


class Sandbox:
    """The ASGI application. Everything but a request's own work is done on the event loop."""

    def __init__(self, settings: Settings, seeded: Seeded, speed: float) -> None:
        self._settings = settings
        self._seeded = seeded
        self._speed = speed
        self._tenants: dict[str, Tenant] = {}
        self._making: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    @property
    def names(self) -> list[str]:
        """Of all tenants; the main exchange is none."""
        return sorted(self._tenants.keys() - {""})

    def find(self, name: str) -> Tenant | None:
        return self._tenants.get(name) if name else None

    async def create(self, name: str) -> Tenant:
        """A new tenant in the seeded state. Raises NameTaken or TooManyTenants."""
        if name in self._tenants or name in self._making:
            raise NameTaken
        if len(self.names) + len(self._making) >= MOST_TENANTS:
            raise TooManyTenants
        self._making.add(name)
        try:
            tenant = self._make(name)
            await tenant.run(self._seeded.put_into, tenant.schema)
            await tenant.open()
            self._tenants[name] = tenant
        finally:
            self._making.discard(name)
        return tenant

    async def remove(self, tenant: Tenant) -> None:
        """Ends a tenant and deletes all that was in it. Raises TenantGone when somebody else does."""
        if self._tenants.pop(tenant.name, None) is None:
            raise TenantGone
        self._making.add(tenant.name)
        try:
            await tenant.close(lambda: self._drop(tenant.schema))
        finally:
            self._making.discard(tenant.name)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            for name in await self._open_all():
                logger.info("open", extra={"tenant": name})
        except Exception as error:
            logger.exception("could not start")
            await self._close_all()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._close_all()
        await send({"type": "lifespan.shutdown.complete"})

    async def _open_all(self) -> list[str]:
        for name in ["", *self._list_kept()]:
            tenant = self._make(name)
            await tenant.open()
            self._tenants[name] = tenant
        return self.names

    async def _close_all(self) -> None:
        for tenant in self._tenants.values():
            await tenant.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_named_by(Request(scope).headers.get("host", "")):
            detail = "The sandbox answers to the names of this machine only, such as 127.0.0.1 or localhost, in Host."
            await _refuse(scope, problems.PERMISSION_DENIED, detail)(scope, receive, send)
            return
        name, rest = _split(scope["path"])
        tenant = self._tenants.get("") if name is None else self.find(name)
        response: Response | None = None
        if name is not None and rest in ("", "/") and tenant is not None:
            response = RedirectResponse(f"/t/{name}/docs")
        elif name is not None:
            scope["path"] = rest
        if tenant is not None and response is None:
            with suppress(TenantGone):
                await tenant(scope, receive, send)
                return
        if response is None:
            detail = "There is no such tenant; GET /api/ext/sandbox/v1/tenants lists those there are."
            response = _refuse(scope, problems.NOT_FOUND, detail)
        await response(scope, receive, send)

    def _is_named_by(self, host: str) -> bool:
        """Whether a Host header names this machine, or nothing.

        Any other name is one that was made to lead here, so that the browser takes us for the server of a page from
        elsewhere, and lets that page ask us and read the answers.
        """
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        if name is None:
            return not host
        if name in ("localhost", self._settings.host.lower()) or name.endswith(".localhost"):
            return True
        return is_address(name) and ip_address(name).is_loopback

    def _make(self, name: str) -> Tenant:
        schema = _PREFIX + name.replace("-", "_") if name else MAIN
        settings = Settings(
            database=schemas.in_schema(self._settings.database, schema),
            connections=_CONNECTIONS if name else self._settings.connections,
            public_url=f"/t/{name}{BASE_PATH}" if name else None,
            log_level=self._settings.log_level,
            webhook_keys=self._settings.webhook_keys,
        )
        tenant = Tenant(name, schema, settings, self._seeded, self._speed)
        tenant.extensions = (make_extension(self, tenant),)
        return tenant

    def _list_kept(self) -> list[str]:
        """Tenants of an earlier run. One that was not complete is dropped."""
        with connect(self._settings.database) as connection:
            found = schemas.list_schemas(connection, _PREFIX)
            complete = {name for name in found if schemas.has_table(connection, name, "schema_version")}
            for name in set(found) - complete:
                schemas.drop_schema(connection, name)
        return [name.removeprefix(_PREFIX).replace("_", "-") for name in found if name in complete]

    def _drop(self, schema: str) -> None:
        with connect(self._settings.database) as connection:
            schemas.drop_schema(connection, schema)


def _refuse(scope: Scope, type_: ProblemType, detail: str) -> Response:
    request_id = read_request_id(Request(scope).headers)
    response = render_problem(Problem(type_, detail), request_id)
    response.headers["X-Request-Id"] = request_id
    return response


def _split(path: str) -> tuple[str | None, str]:
    """The tenant that a path names, None for the main exchange, and the path within it."""
    if not path.startswith("/t/"):
        return None, path
    name, slash, rest = path[3:].partition("/")
    return name, slash + rest
