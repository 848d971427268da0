"""One exchange of the sandbox: schema, clock, pretended network and application, opened, reset and closed as one."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from peerhall.api.extensions.extension import Extension
from peerhall.api.wire import ON_SHUTDOWN
from peerhall.daemon.assembly import build_application, build_deliverer, build_webhooks
from peerhall.daemon.clock import wall_clock
from peerhall.daemon.settings import Settings
from peerhall.demo.seed import find_accounts
from peerhall.exchange.lifecycle import Network
from peerhall.exchange.visibility import Caller
from peerhall.exchange.webhook_targets import Reach
from peerhall.orderdesk import intervention, links
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.provisioning.clouds import BothEnds, Clouds
from peerhall.provisioning.desired import derive_wanted
from peerhall.provisioning.drivers.simulated_clouds import simulate_clouds
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.facts import list_devices, load_facts
from peerhall.provisioning.reconciler import Reconciler
from peerhall.sandbox.clock import SandboxClock
from peerhall.sandbox.pace import Pace
from peerhall.sandbox.seeded import Seeded
from peerhall.store import documents, heartbeats
from peerhall.store.database import OrderPool, SyncConnection
from peerhall.webhooks.delivering import Deliverer

logger = logging.getLogger("peerhall.sandbox")

CONTROLS: Final = "/api/ext/sandbox/"
"""What is not kept waiting while a tenant is reset."""

_ACTOR: Final = "operator:sandbox"
_PATIENCE_SECONDS: Final = 5.0
"""How long requests under way may take before a tenant is reset under them."""
_MARGIN: Final = timedelta(minutes=1)
_THREADS: Final = 4
"""For its own changes: who waits for a long turn of one tenant's clock is not in the way of another."""
_RECEIVERS: Final = 4
"""How many are sent to at the same time."""

T = TypeVar("T")


class StartFailed(Exception):
    """An application that could not be started; the message says why."""


class TenantGone(Exception):
    """It was removed."""


class Tenant:
    """Called like an application. All changes of its own are made on the event loop, one at a time."""

    def __init__(self, name: str, schema: str, settings: Settings, seeded: Seeded, speed: float) -> None:
        """`settings` name the schema's DSN; `speed` divides what steps of the pretended network take."""
        self.name = name
        self.schema = schema
        self.extensions: tuple[Extension, ...] = ()
        self._settings = settings
        self._seeded = seeded
        self._speed = speed
        self._threads = ThreadPoolExecutor(_THREADS, "sandbox")
        self._changing = asyncio.Lock()
        self._ready = asyncio.Event()
        self._under_way: list[Scope] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._running: _Running | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(CONTROLS):
            await self.now.application(scope, receive, send)
            return
        await self._ready.wait()
        application = self.now.application
        self._under_way.append(scope)
        self._idle.clear()
        try:
            await application(scope, receive, send)
        finally:
            self._under_way = [each for each in self._under_way if each is not scope]
            if not self._under_way:
                self._idle.set()

    @property
    def now(self) -> "_Running":
        """What runs now. Raises TenantGone."""
        if self._running is None:
            raise TenantGone
        return self._running

    async def open(self) -> None:
        """Begins to answer, from the state the schema is in. Raises StartFailed or DatabaseUnavailable."""
        async with self._changing:
            await self._open()

    async def reset(self) -> None:
        """Back to the seeded state and to the time on the wall; every login ends."""
        async with self._changing:
            await self._close()
            await self.run(self._seeded.put_into, self.schema)
            await self._open()

    async def close(self, last: Callable[[], None] | None = None) -> None:
        """Ends; then does something `last`, while nothing can open it again."""
        async with self._changing:
            await self._close()
            if last is not None:
                await self.run(last)
            self._running = None
            self._ready.set()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Does something in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def _open(self) -> None:
        running = await self.run(_Running, self._settings, self._speed, self.extensions)
        await running.start()
        self._running = running
        self._ready.set()

    async def _close(self) -> None:
        self._ready.clear()
        if self._running is None:
            return
        for scope in self._under_way:
            if (end := scope.get(ON_SHUTDOWN)) is not None:
                end()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._idle.wait()
        await self.run(self._running.quiet)
        await self._running.stop()


class _Running:
    """What a tenant consists of from its opening to its closing."""

    def __init__(self, settings: Settings, speed: float, extensions: tuple[Extension, ...]) -> None:
        self._pool = OrderPool(settings.database, 3)
        try:
            self.clock = SandboxClock(self._pool.run(_start_of))
            self.simulator = Simulator(self.clock, speed)
            self.clouds = simulate_clouds(self.simulator)
            clouds = Clouds(self.clouds)
            self.accounts = self._pool.run(find_accounts)
            self._pool.run(self._furnish)
            driver = BothEnds(self.simulator, clouds, by_hand=self.simulator)
            reconciler = Reconciler(self._pool, driver, self.clock, limit=None)
            self.pace = Pace(settings.database, self._pool, reconciler, self.clock)
            webhooks = _only_to_this_machine(build_webhooks(settings))
            self._events: Events | None = None
            if webhooks is not None:
                self._events = Events(build_deliverer(webhooks, self._pool, self.clock, _RECEIVERS))
            self.application = build_application(settings, self.clock, extensions, clouds, webhooks)
            self._lifespan = _Lifespan(self.application)
        except BaseException:
            self._pool.close()
            raise

    async def start(self) -> None:
        try:
            await self._lifespan.start()
            self.pace.start()
            if self._events is not None:
                self._events.start()
        except BaseException:
            self._pool.close()
            raise

    def quiet(self) -> None:
        """Has nothing happen by itself any more; returns when what is under way has ended."""
        self.pace.stop()
        if self._events is not None:
            self._events.stop()

    async def stop(self) -> None:
        """To be called when all is quiet."""
        await self._lifespan.stop()
        self._pool.close()

    def flap(self, port: str, seconds: float) -> bool:
        """Takes the link of a port down, and up again after so many seconds; False when it has none."""
        if not self._show_link(port, up=False):
            return False
        self.pace.plan(port, self.clock() + timedelta(seconds=seconds), partial(self._show_link, port, up=True))
        return True

    def retry(self, document: str) -> bool:
        """Has an order that the network did not take tried again; False when it is none."""

        def write(connection: SyncConnection) -> bool:
            record = intervention.find_order(connection, document, CHANGE_LOCK)
            if record is None:
                return False
            order = self._order(connection)
            intervention.retry(order, record)
            order.hand_over()
            return True

        return self._pool.run(write)

    def _show_link(self, port: str, *, up: bool) -> bool:
        def write(connection: SyncConnection) -> bool:
            order = self._order(connection)
            record = links.find_port(order, port)
            if record is None:
                return False
            links.show_link(order, record, up=up)
            order.hand_over()
            return True

        return self._pool.run(write)

    def _furnish(self, connection: SyncConnection) -> None:
        """Puts on the pretended devices what was there when the sandbox was last open, and has all links up."""
        order = self._order(connection)
        for device in list_devices(connection):
            facts = load_facts(connection, device)
            assert facts is not None
            there = {each.id for each in facts.orders if Network.of(each, facts.side).configured}
            wanted = [each for each in derive_wanted(facts, order.now) if each.document in there]
            self.simulator.furnish(device, {each.key: each.config for each in wanted})
            if (cloud := self.clouds.get(facts.device.provider or "")) is not None:
                cloud.remember(each.config for each in wanted)
        for port in documents.find_all(connection, "ports"):
            if port.body["operational_state"] == "down" and (found := links.find_port(order, port.id)) is not None:
                links.show_link(order, found, up=True)

    def _order(self, connection: SyncConnection) -> Order:
        return Order(connection, Caller(_ACTOR, None, frozenset()), self.clock())


class Events:
    """Sends to webhooks in a thread of its own between `start` and `stop`."""

    def __init__(self, deliverer: Deliverer) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=deliverer.run, args=(self._stop,), name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()


def _only_to_this_machine(webhooks: Webhooks | None) -> Webhooks | None:
    """Everybody knows the sandbox's keys: nobody is to have it send anything to anybody else."""
    return webhooks and replace(webhooks, reach=Reach(loopback=True))


def _start_of(connection: SyncConnection) -> datetime:
    """Now, or when the sandbox was last alive, if its clock had been turned ahead."""
    wall, last = wall_clock(), heartbeats.find_latest(connection)
    return wall if last is None or last <= wall else last + _MARGIN


class _Lifespan:
    """Starts and stops an application the way a server does."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self._task = asyncio.ensure_future(self._application(scope, self._told.get, self._heard.put))
        await self._told.put({"type": "lifespan.startup"})
        answer = await self._heard.get()
        if answer["type"] != "lifespan.startup.complete":
            raise StartFailed(answer.get("message", ""))

    async def stop(self) -> None:
        if self._task is not None:
            await self._told.put({"type": "lifespan.shutdown"})
            await self._task
