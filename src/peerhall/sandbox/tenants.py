"""Makes, lists and removes the tenants of a sandbox."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from peerhall.api.extensions.extension import Handler
from peerhall.api.problems import Problem, invalid
from peerhall.api.runtime import BASE_PATH
from peerhall.contract import problems
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import Text80
from peerhall.demo.logins import tell_logins
from peerhall.sandbox.answering import Answer, ControlBody, changing, operation, read_body, reading
from peerhall.sandbox.tenant import Tenant, TenantGone

if TYPE_CHECKING:
    from peerhall.sandbox.sandbox import Sandbox


class TenantBody(ControlBody):
    name: Text80 | None = None


class Tenants:
    """Of the whole sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def routes(self) -> dict[Operation, Handler]:
        return {
            operation("tenants_list", "GET", "/tenants"): reading(self.list),
            operation("tenants_create", "POST", "/tenants"): changing(self.create),
            operation("tenants_read", "GET", "/tenants/{name}"): reading(self.read),
            operation("tenants_destroy", "DELETE", "/tenants/{name}"): changing(self.remove),
        }

    async def list(self, request: Request, _: tuple[str, ...]) -> Answer:
        found = [self._sandbox.find(name) for name in self._sandbox.names]
        return 200, [describe_tenant(each, request) for each in found if each is not None]

    async def create(self, request: Request, _: tuple[str, ...]) -> Answer:
        from peerhall.sandbox.sandbox import MOST_TENANTS, NAME, NameTaken, TooManyTenants

        body = await read_body(request, TenantBody)
        name = secrets.token_hex(4) if body.name is None else body.name
        if not NAME.fullmatch(name):
            raise invalid(Fault("name", "must be 1 to 32 of a-z, 0-9 and -, and neither begin nor end with -"))
        try:
            tenant = await self._sandbox.create(name)
        except NameTaken:
            raise Problem(
                problems.CONSTRAINT_VIOLATION, f"There is a tenant {name} already; reset or delete it."
            ) from None
        except TooManyTenants:
            detail = f"There are {MOST_TENANTS} tenants, as many as there may be; delete one first."
            raise Problem(problems.UNABLE_TO_FULFILL, detail) from None
        return 201, describe_tenant(tenant, request)

    async def read(self, request: Request, values: tuple[str, ...]) -> Answer:
        return 200, describe_tenant(self._find(values[0]), request)

    async def remove(self, _: Request, values: tuple[str, ...]) -> Answer:
        await self._sandbox.remove(self._find(values[0]))
        return 204, None

    def _find(self, name: str) -> Tenant:
        tenant = self._sandbox.find(name)
        if tenant is None:
            raise TenantGone
        return tenant


def describe_tenant(tenant: Tenant, request: Request) -> dict[str, Any]:
    """All a client needs, like the ready-file of `peerhall demo`."""
    base = str(request.base_url).rstrip("/") + (f"/t/{tenant.name}" if tenant.name else "")
    return {
        "name": tenant.name or None,
        "url": base + BASE_PATH,
        "oauth2_token_url": f"{base}/oauth2/token",
        "sandbox_url": f"{base}/api/ext/sandbox/v1",
        "logins": tell_logins(tenant.now.accounts),
    }
