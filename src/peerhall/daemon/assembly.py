"""Wires everything together by hand: pools, tokens, desk and reader into an application; driver into a reconciler."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from peerhall import __version__
from peerhall.api.application import IMPLEMENTED, Application
from peerhall.api.browsers import CrossOrigin
from peerhall.api.extensions import EXTENSIONS
from peerhall.api.extensions.extension import Extension
from peerhall.api.extensions.webhooks import NAME as WEBHOOKS
from peerhall.api.feed import Feed
from peerhall.api.runtime import Runtime
from peerhall.api.threads import Threads
from peerhall.api.tokens import Tokens
from peerhall.daemon.clock import wall_clock
from peerhall.daemon.settings import Settings
from peerhall.exchange.webhook_targets import Reach
from peerhall.orderdesk.desk import OrderDesk
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.provisioning.clouds import BothEnds, Clouds, load_clouds
from peerhall.provisioning.driver import DriverContext, load_driver
from peerhall.provisioning.reconciler import MassChangeLimit, Reconciler
from peerhall.store import credentials
from peerhall.store.database import OrderPool, connect
from peerhall.store.read_pool import ReadPool
from peerhall.store.reading import Reader
from peerhall.store.schema import require_current
from peerhall.store.sealing import read_sealer
from peerhall.store.waking import Waker
from peerhall.webhooks.delivering import AT_ONCE, Deliverer
from peerhall.webhooks.sending import Sender

Clock = Callable[[], datetime]

_ORDERS_AT_A_TIME = 4
"""In one process. One thread computes at a time; more of them would hold locks while they wait for their turn."""
_GZIP_LEAST_OCTETS = 1000
_GZIP_LEVEL = 4


class GZipWhereAsked(GZipMiddleware):
    """Compression that stays out of the way of clients that do not ask for it: a tenth of a small read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope.get("headers", ()))
        await (super().__call__ if asked else self.app)(scope, receive, send)


def build_application(
    settings: Settings,
    clock: Clock = wall_clock,
    further: tuple[Extension, ...] = (),
    clouds: Clouds | None = None,
    webhooks: Webhooks | None = None,
) -> ASGIApp:
    """The ASGI application of one worker process; it opens its connections when the server starts it.

    `further` are extensions beside those that every exchange can offer; `clouds` are by default those that are
    installed, and `webhooks` those of the settings. Raises SealingError when their keys cannot be used.
    """
    available = frozenset(operation for operation in IMPLEMENTED if settings.is_offered(operation))
    webhooks = webhooks or build_webhooks(settings)
    off = {*settings.switched_off, *(() if webhooks else (WEBHOOKS,))}
    extensions = (*(each for each in EXTENSIONS if each.name not in off), *further)

    async def make_runtime() -> Runtime:
        return open_runtime(settings, available, clock, extensions, clouds, webhooks)

    application: ASGIApp = Application(make_runtime, available, extensions)
    application = GZipWhereAsked(application, minimum_size=_GZIP_LEAST_OCTETS, compresslevel=_GZIP_LEVEL)
    if settings.cors_origins:
        application = CrossOrigin(application, settings.cors_origins)
    return application


def open_runtime(
    settings: Settings,
    available: frozenset[str],
    clock: Clock,
    extensions: tuple[Extension, ...] = (),
    clouds: Clouds | None = None,
    webhooks: Webhooks | None = None,
) -> Runtime:
    """Opens what handlers work with; SchemaError when the database is not migrated."""
    with connect(settings.database) as connection:
        require_current(connection)
        credentials.ensure_signing_key(connection, clock())
        signing_keys = credentials.list_signing_keys(connection)
    half = max(settings.connections // 2, 1)
    orders, reads = OrderPool(settings.database, half), ReadPool(settings.database, half)
    if clouds is None:
        clouds = load_clouds(DriverContext(orders, clock), settings.cloud_options)
    waker = Waker(settings.database)
    waker.start()
    threads = Threads(min(half, _ORDERS_AT_A_TIME))

    async def load_signing_keys() -> list[credentials.SigningKey]:
        return await threads.run(orders.run, credentials.list_signing_keys)

    return Runtime(
        clock=clock,
        orders=orders,
        reads=reads,
        reader=Reader(reads),
        desk=OrderDesk(orders, clock, waker, clouds.find, webhooks),
        tokens=Tokens(signing_keys, load_signing_keys, clock),
        threads=threads,
        waker=waker,
        feed=Feed(reads, orders, threads, clock),
        available=available,
        public_url=settings.public_url,
        software_version=__version__,
        extensions=extensions,
        ask_providers=clouds.find_everywhere,
    )


def build_reconciler(settings: Settings, pool: OrderPool, clock: Clock = wall_clock) -> Reconciler:
    """A reconciler with the driver that the settings name, and the cloud providers that are installed."""
    context = DriverContext(pool, clock, settings.driver_options)
    network = load_driver(settings.driver, context)
    # What an exchange's own driver knows nothing of is done by people.
    by_hand = (
        network if settings.driver in ("manual", "simulator") else load_driver("manual", DriverContext(pool, clock))
    )
    driver = BothEnds(network, load_clouds(context, settings.cloud_options), by_hand)
    limit = MassChangeLimit(settings.mass_change_objects, settings.mass_change_percent)
    return Reconciler(pool, driver, clock, limit)


def build_webhooks(settings: Settings) -> Webhooks | None:
    """What webhooks need, None where the settings name no keys for their secrets. Raises SealingError."""
    if not settings.webhook_keys or WEBHOOKS in settings.switched_off:
        return None
    reach = Reach(refused=tuple(map(ip_network, settings.webhook_refused_networks)))
    return Webhooks(read_sealer(Path(settings.webhook_keys)), reach)


def build_deliverer(
    webhooks: Webhooks, pool: OrderPool, clock: Clock = wall_clock, at_once: int = AT_ONCE
) -> Deliverer:
    """What sends the events; receivers go by the time on the wall, whatever `clock` says."""
    return Deliverer(pool, webhooks.sealer, Sender(webhooks.reach), clock, wall_clock, at_once)
