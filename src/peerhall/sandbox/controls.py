"""Controls one tenant: turns its clock, steps its reconciler, has things fail, resets it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Le
from starlette.requests import Request

from peerhall.api.extensions.extension import Handler
from peerhall.api.problems import Problem, invalid, try_again
from peerhall.contract import problems
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import Instant, Positive, Text, Text80, write_instant
from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from peerhall.provisioning.driver import BrokenFault, RefusedFault, TransientFault
from peerhall.provisioning.drivers.simulator import Mishap, Slow
from peerhall.sandbox.answering import Answer, ControlBody, changing, operation, read_body, reading
from peerhall.sandbox.clock import FASTEST, LATEST, ClockTurnedBack, add_period
from peerhall.sandbox.pace import TurnTooLong
from peerhall.sandbox.tenant import Tenant
from peerhall.sandbox.tenants import describe_tenant

_MOST_FAULTS: Final = 1000
_LONGEST_DELAY: Final = 30 * 86400
_FAULTS: Final[dict[str, Callable[[], Mishap]]] = {
    "transient": lambda: TransientFault("The device did not answer (sandbox)."),
    "refused": lambda: RefusedFault("The device refused the configuration (sandbox)."),
    "broken": lambda: BrokenFault("The driver failed (sandbox)."),
}


CloudName = Literal["aws", "azure", "google", "oracle", "alibaba"]
"""The providers that are pretended."""


class ClockBody(ControlBody):
    at: Instant | None = None
    by: Text | None = None
    speed: Annotated[float, Ge(0), Le(FASTEST)] | None = None


class ReconcilerBody(ControlBody):
    paused: bool


class StepsBody(ControlBody):
    steps: Annotated[int, Ge(1), Le(10_000)] = 1


class FaultsBody(ControlBody):
    kind: Literal["transient", "refused", "broken", "slow"]
    count: Annotated[int, Ge(1), Le(_MOST_FAULTS)] = 1
    seconds: Annotated[float, Ge(1), Le(_LONGEST_DELAY)] | None = None
    cloud_provider: CloudName | None = None


class CircuitBody(ControlBody):
    cloud_provider: CloudName
    region: Text80 | None = None
    pop: Text80 | None = None
    bandwidth: Positive | None = None


class FlapBody(ControlBody):
    seconds: Annotated[float, Ge(1), Le(_LONGEST_DELAY)] = 30.0


class Controls:
    """Of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def routes(self) -> dict[Operation, Handler]:
        return {
            operation("clock_read", "GET", "/clock"): reading(self.read_clock),
            operation("clock_update", "PUT", "/clock"): changing(self.turn_clock),
            operation("reconciler_read", "GET", "/reconciler"): reading(self.read_reconciler),
            operation("reconciler_update", "PUT", "/reconciler"): changing(self.pause_reconciler),
            operation("steps_create", "POST", "/reconciler/steps"): changing(self.step),
            operation("faults_list", "GET", "/faults"): reading(self.list_faults),
            operation("faults_create", "POST", "/faults"): changing(self.add_faults),
            operation("faults_destroy", "DELETE", "/faults"): changing(self.clear_faults),
            operation("cloud_circuits_list", "GET", "/cloud-circuits"): reading(self.list_cloud_circuits),
            operation("cloud_circuits_create", "POST", "/cloud-circuits"): changing(self.order_cloud_circuit),
            operation("retries_create", "POST", "/orders/{id}/retries"): changing(self.retry),
            operation("flaps_create", "POST", "/ports/{id}/flaps"): changing(self.flap),
            operation("resets_create", "POST", "/resets"): changing(self.reset),
        }

    async def read_clock(self, _: Request, __: tuple[str, ...]) -> Answer:
        clock = self._tenant.now.clock
        return 200, {"at": write_instant(clock()), "speed": clock.speed}

    async def turn_clock(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await read_body(request, ClockBody)
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
        body = await read_body(request, ReconcilerBody)
        await self._tenant.run(self._tenant.now.pace.pause, body.paused)
        return await self.read_reconciler(request, ())

    async def step(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await read_body(request, StepsBody)
        done = await self._tenant.run(self._tenant.now.pace.step, body.steps)
        return 200, {"done": done, **(await self.read_reconciler(request, ()))[1]}

    async def list_faults(self, _: Request, __: tuple[str, ...]) -> Answer:
        now = self._tenant.now
        found = [_describe(each) for each in now.simulator.list_mishaps() if each is not None]
        for name, cloud in now.clouds.items():
            found += [{**_describe(each), "cloud_provider": name} for each in cloud.list_mishaps()]
        return 200, found

    async def add_faults(self, request: Request, _: tuple[str, ...]) -> Answer:
        body = await read_body(request, FaultsBody)
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
        body = await read_body(request, CircuitBody)
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
        body = await read_body(request, FlapBody)
        now = self._tenant.now
        if not await self._tenant.run(now.flap, values[0], body.seconds):
            raise Problem(problems.NOT_FOUND, "There is no port of this id that is in production.")
        await self._tenant.run(now.pace.look)
        return 202, {"port": values[0], "seconds": body.seconds}

    async def reset(self, request: Request, _: tuple[str, ...]) -> Answer:
        await self._tenant.reset()
        return 200, describe_tenant(self._tenant, request)


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
