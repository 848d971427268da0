"""The sandbox's own extension: turns the clock, steps the reconciler, has things fail, resets, makes tenants.

Nobody has to log in for it: a sandbox answers on loopback addresses only and its keys are published, and whoever has
turned the clock beyond the life of his token must still be able to go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.extensions.extension import Extension, Handler
from peerhall.api.preferences import read_dry_run
from peerhall.api.problems import Problem, invalid, try_again
from peerhall.api.requests import read_json
from peerhall.api.resources.documents import MEDIA_TYPE
from peerhall.api.runtime import BASE_PATH, Runtime
from peerhall.contract import problems
from peerhall.contract.marks import Schema
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault, InvalidBody, validate
from peerhall.contract.vocabulary import Instant, Positive, Text, Text80, write_instant
from peerhall.demo.logins import tell_logins
from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from peerhall.provisioning.driver import BrokenFault, RefusedFault, TransientFault
from peerhall.provisioning.drivers.simulator import Mishap, Slow
from peerhall.sandbox import guide
from peerhall.sandbox.clock import FASTEST, LATEST, ClockTurnedBack, add_period
from peerhall.sandbox.pace import TurnTooLong
from peerhall.sandbox.tenant import Tenant, TenantGone

if TYPE_CHECKING:
    from peerhall.sandbox.sandbox import Sandbox

Answer = tuple[int, Any]
"""A status, and what to answer with; None is no body."""
B = TypeVar("B", bound=Schema)

_MOST_FAULTS: Final = 1000
_LONGEST_DELAY: Final = 30 * 86400
_FAULTS: Final[dict[str, Callable[[], Mishap]]] = {
    "transient": lambda: TransientFault("The device did not answer (sandbox)."),
    "refused": lambda: RefusedFault("The device refused the configuration (sandbox)."),
    "broken": lambda: BrokenFault("The driver failed (sandbox)."),
}


CloudName = Literal["aws", "azure", "google", "oracle", "alibaba"]
"""The providers that are pretended."""


class _Body(Schema, extra="forbid"):
    """A mistyped member must not go unnoticed."""


class ClockBody(_Body):
    at: Instant | None = None
    by: Text | None = None
    speed: Annotated[float, Ge(0), Le(FASTEST)] | None = None


class ReconcilerBody(_Body):
    paused: bool


class StepsBody(_Body):
    steps: Annotated[int, Ge(1), Le(10_000)] = 1


class FaultsBody(_Body):
    kind: Literal["transient", "refused", "broken", "slow"]
    count: Annotated[int, Ge(1), Le(_MOST_FAULTS)] = 1
    seconds: Annotated[float, Ge(1), Le(_LONGEST_DELAY)] | None = None
    cloud_provider: CloudName | None = None


class CircuitBody(_Body):
    cloud_provider: CloudName
    region: Text80 | None = None
    pop: Text80 | None = None
    bandwidth: Positive | None = None


class FlapBody(_Body):
    seconds: Annotated[float, Ge(1), Le(_LONGEST_DELAY)] = 30.0


class TenantBody(_Body):
    name: Text80 | None = None


def make_extension(sandbox: Sandbox, tenant: Tenant) -> Extension:
    """What controls one tenant, and from the main exchange also which there are."""
    controls = _Controls(tenant)
    routes = controls.routes if tenant.name else {**controls.routes, **_Tenants(sandbox).routes}
    return Extension("sandbox", guide.SUMMARY, guide.GUIDE, routes)


class _Controls:
    """Of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def routes(self) -> dict[Operation, Handler]:
        return {
            _operation("clock_read", "GET", "/clock"): _reading(self.read_clock),
            _operation("clock_update", "PUT", "/clock"): _changing(self.turn_clock),
            _operation("reconciler_read", "GET", "/reconciler"): _reading(self.read_reconciler),
            _operation("reconciler_update", "PUT", "/reconciler"): _changing(self.pause_reconciler),
            _operation("steps_create", "POST", "/reconciler/steps"): _changing(self.step),
            _operation("faults_list", "GET", "/faults"): _reading(self.list_faults),
            _operation("faults_create", "POST", "/faults"): _changing(self.add_faults),
            _operation("faults_destroy", "DELETE", "/faults"): _changing(self.clear_faults),
            _operation("cloud_circuits_list", "GET", "/cloud-circuits"): _reading(self.list_cloud_circuits),
            _operation("cloud_circuits_create", "POST", "/cloud-circuits"): _changing(self.order_cloud_circuit),
            _operation("retries_create", "POST", "/orders/{id}/retries"): _changing(self.retry),
            _operation("flaps_create", "POST", "/ports/{id}/flaps"): _changing(self.flap),
            _operation("resets_create", "POST", "/resets"): _changing(self.reset),
        }

    async def read_clock(self, _: Request, __: tuple[str, ...]) -> Answer:
        clock = self._tenant.now.clock
        return 200, {"at": write_instant(clock()), "speed": clock.speed}

    async def turn_clock(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await _read(request, ClockBody)
        now = self._tenant.now
        if body.at is not None and body.by is not None:
            raise invalid(Fault("by", "goes without at; give one of them"))
        if body.at is not None or body.by is not None:
            try:
                await self._tenant.run(now.pace.turn, partial(_target, body))
            except ClockTurnedBack:
                detail = "is past; only POST /resets goes back, to the seeded state"
                raise invalid(Fault("at", detail)) from None
            except TurnTooLong:
                at = write_instant(now.clock())
                raise try_again(f"There was much to do; the clock stands at {at}. Turn it again.") from None
        if body.speed is not None:
            now.clock.run_at(body.speed)
            await self._tenant.run(now.pace.look)
        return await self.read_clock(request, ())

    async def read_reconciler(self, _: Request, __: tuple[str, ...]) -> Answer:
        pace = self._tenant.now.pace
        due = await self._tenant.run(pace.next_due)
        return 200, {"paused": pace.paused, "next_due_at": None if due is None else write_instant(due)}

    async def pause_reconciler(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await _read(request, ReconcilerBody)
        await self._tenant.run(self._tenant.now.pace.pause, body.paused)
        return await self.read_reconciler(request, ())

    async def step(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await _read(request, StepsBody)
        done = await self._tenant.run(self._tenant.now.pace.step, body.steps)
        return 200, {"done": done, **(await self.read_reconciler(request, ()))[1]}

    async def list_faults(self, _: Request, __: tuple[str, ...]) -> Answer:
        now = self._tenant.now
        found = [_describe(each) for each in now.simulator.list_mishaps() if each is not None]
        for name, cloud in now.clouds.items():
            found += [{**_describe(each), "cloud_provider": name} for each in cloud.list_mishaps()]
        return 200, found

    async def add_faults(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await _read(request, FaultsBody)
        if (body.kind == "slow") != (body.seconds is not None):
            detail = "is required" if body.kind == "slow" else "is only for slow steps"
            raise invalid(Fault("seconds", detail))
        now = self._tenant.now
        aim = now.simulator if body.cloud_provider is None else now.clouds[body.cloud_provider]
        if len(aim.list_mishaps()) + body.count > _MOST_FAULTS:
            raise invalid(Fault("count", f"is too much: at most {_MOST_FAULTS} steps can be told to fail"))
        slow = body.seconds
        aim.fail_next(*(Slow(slow) if slow is not None else _FAULTS[body.kind]() for _ in range(body.count)))
        return 201, (await self.list_faults(request, ()))[1]

    async def clear_faults(self, _: Request, __: tuple[str, ...]) -> Answer:
        now = self._tenant.now
        now.simulator.clear_mishaps()
        for cloud in now.clouds.values():
            cloud.clear_mishaps()
        return 200, []

    async def list_cloud_circuits(self, _: Request, __: tuple[str, ...]) -> Answer:
        clouds = self._tenant.now.clouds.values()
        return 200, [_describe_circuit(each.name, *sold) for each in clouds for sold in each.list_sold().items()]

    async def order_cloud_circuit(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await _read(request, CircuitBody)
        cloud = self._tenant.now.clouds[body.cloud_provider]
        circuit = CustomersCircuit(body.region, body.pop, body.bandwidth)
        try:
            key = cloud.sell(circuit)
        except ValueError as error:
            member, reason = str(error).split(" ", 1)
            raise invalid(Fault(member, reason)) from None
        return 201, _describe_circuit(cloud.name, key, circuit)

    async def retry(self, _: Request, values: tuple[str, ...]) -> Answer:
        if not await self._tenant.run(self._tenant.now.retry, values[0]):
            raise Problem(problems.NOT_FOUND, "There is no such order.")
        await self._tenant.run(self._tenant.now.pace.look)
        return 202, {"id": values[0]}

    async def flap(self, request: Request, values: tuple[str, ...]) -> Answer:
        body = await _read(request, FlapBody)
        now = self._tenant.now
        if not await self._tenant.run(now.flap, values[0], body.seconds):
            raise Problem(problems.NOT_FOUND, "There is no port of this id that is in production.")
        await self._tenant.run(now.pace.look)
        return 202, {"port": values[0], "seconds": body.seconds}

    async def reset(self, request: Request, _: tuple[str, ...]) -> Answer:
        await self._tenant.reset()
        return 200, describe_tenant(self._tenant, request)


class _Tenants:
    """Of the whole sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def routes(self) -> dict[Operation, Handler]:
        return {
            _operation("tenants_list", "GET", "/tenants"): _reading(self.list),
            _operation("tenants_create", "POST", "/tenants"): _changing(self.create),
            _operation("tenants_read", "GET", "/tenants/{name}"): _reading(self.read),
            _operation("tenants_destroy", "DELETE", "/tenants/{name}"): _changing(self.remove),
        }

    async def list(self, request: Request, _: tuple[str, ...]) -> Answer:
        found = [self._sandbox.find(name) for name in self._sandbox.names]
        return 200, [describe_tenant(each, request) for each in found if each is not None]

    async def create(self, request: Request, _: tuple[str, ...]) -> Answer:
        from peerhall.sandbox.sandbox import MOST_TENANTS, NAME, NameTaken, TooManyTenants

        body = await _read(request, TenantBody)
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


def _operation(name: str, method: str, path: str) -> Operation:
    return Operation(f"sandbox_{name}", method, path, 200, None, permission="open")


def _reading(answer: Callable[[Request, tuple[str, ...]], Awaitable[Answer]]) -> Handler:
    async def handle(request: Request, _: Runtime, __: Operation, values: tuple[str, ...]) -> Response:
        try:
            status, body = await answer(request, values)
        except TenantGone:
            raise Problem(problems.NOT_FOUND, "There is no such tenant.") from None
        return Response(status_code=204) if body is None else Response(to_json(body), status, media_type=MEDIA_TYPE)

    return handle


def _changing(answer: Callable[[Request, tuple[str, ...]], Awaitable[Answer]]) -> Handler:
    handle = _reading(answer)

    async def check(request: Request, runtime: Runtime, operation: Operation, values: tuple[str, ...]) -> Response:
        _refuse_other_origins(request)
        if read_dry_run(request, runtime):
            raise invalid(Fault("Prefer", "the sandbox itself cannot be tried out; nothing was done"))
        return await handle(request, runtime, operation, values)

    return check


def _refuse_other_origins(request: Request) -> None:
    """Raises Problem for what a web page from elsewhere has the browser of somebody on this machine send."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem(problems.PERMISSION_DENIED, "Pages from elsewhere do not control the sandbox.")


async def _read(request: Request, model: type[B]) -> B:
    value = await read_json(request, required=False)
    try:
        return validate(model, {} if value is None else value)
    except InvalidBody as error:
        raise invalid(*error.faults) from None


def _target(body: ClockBody, now: datetime) -> datetime:
    """The moment the clock is to be turned to. Raises Problem."""
    member = "by" if body.by is not None else "at"
    try:
        target = add_period(now, body.by) if body.by is not None else datetime.fromisoformat(body.at or "")
    except ValueError as error:
        raise invalid(Fault(member, str(error))) from None
    except OverflowError:
        target = datetime.max.replace(tzinfo=LATEST.tzinfo)
    if target > LATEST:
        raise invalid(Fault(member, f"must not go beyond {write_instant(LATEST)}"))
    return target


def _describe_circuit(provider: str, key: str, circuit: CustomersCircuit) -> dict[str, Any]:
    return {
        "cloud_provider": provider,
        "cloud_key": key,
        "region": circuit.region,
        "pop": circuit.pop,
        "bandwidth": circuit.bandwidth,
    }


def _describe(mishap: Mishap) -> dict[str, Any]:
    if isinstance(mishap, Slow):
        return {"kind": "slow", "seconds": mishap.seconds}
    return {"kind": getattr(mishap, "kind", "test")}
