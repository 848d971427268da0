"""Runs what assembly has put together: a server, its workers, a reconciler; and ends them in good order."""

import ctypes
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from multiprocessing.synchronize import Semaphore
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from peerhall.api.runtime import BASE_PATH
from peerhall.api.wire import Protocol
from peerhall.daemon.assembly import (
    Clock,
    build_application,
    build_deliverer,
    build_reconciler,
    build_webhooks,
)
from peerhall.daemon.clock import wall_clock
from peerhall.daemon.listening import address_of, listen
from peerhall.daemon.logs import set_up_logging
from peerhall.daemon.settings import Settings
from peerhall.provisioning.reconciler import Reconciler
from peerhall.store.database import OrderPool
from peerhall.store.waking import Listener

logger = logging.getLogger("peerhall.daemon")

GRACE_SECONDS: Final = 20
"""How long requests under way may take once the server is told to stop."""

_DELIVERY_CONNECTIONS: Final = 4
"""To the database; those who wait for a receiver hold none."""
_PR_SET_PDEATHSIG: Final = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ALLOCATOR_OCTETS: Final = 64 * 1024 * 1024


class Server(uvicorn.Server):
    """A server that tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def serve(settings: Settings, *, provisioning: bool, on_ready: Callable[[str], None] | None = None) -> None:
    """Serves until signalled, with a reconciler beside the workers if asked for; `on_ready` is told the API's URL.

    Raises ListenError.
    """
    stop = threading.Event()
    # The server raises the signal it was ended by once more; without handlers that would end us before we are done.
    _on_signal(stop)
    listening = listen(settings.host, settings.port)

    def tell() -> None:
        url = f"http://{address_of(listening)}{BASE_PATH}"
        logger.info("listening", extra={"url": url})
        if on_ready is not None:
            on_ready(url)

    with _beside(provisioning, settings, stop), listening:
        if settings.workers == 1:
            make_server(settings, build_application(settings), tell).run([listening])
        else:
            _serve_with_workers(settings, listening, tell)


def serve_application(settings: Settings, application: ASGIApp, on_ready: Callable[[str], None]) -> None:
    """Serves an application from this process alone until signalled; `on_ready` is told the API's URL.

    Raises ListenError.
    """
    _on_signal(threading.Event())
    with listen(settings.host, settings.port) as listening:
        url = f"http://{address_of(listening)}{BASE_PATH}"
        make_server(settings, application, lambda: on_ready(url)).run([listening])


def make_server(settings: Settings, application: ASGIApp, on_ready: Callable[[], None] = lambda: None) -> Server:
    """A server for one process."""
    tune_allocator()
    # The application logs each request itself, without the query, in which there may be anything.
    logging.getLogger("uvicorn.access").disabled = True
    return Server(
        uvicorn.Config(
            application,
            http=Protocol,
            ws="none",
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=GRACE_SECONDS,
        ),
        on_ready,
    )


def provision(settings: Settings, stop: threading.Event, clock: Clock = wall_clock) -> None:
    """Reconciles until told to stop."""
    pool = OrderPool(settings.database, settings.connections)
    reconciler = build_reconciler(settings, pool, clock)
    with _delivering(settings, stop, clock):
        _reconcile(settings, reconciler, pool, stop)


def _reconcile(settings: Settings, reconciler: Reconciler, pool: OrderPool, stop: threading.Event) -> None:
    listener = Listener(settings.database)
    try:
        reconciler.run(stop, lambda seconds: listener.wait(seconds, stop.wait))
    finally:
        listener.close()
        pool.close()


@contextmanager
def _delivering(settings: Settings, stop: threading.Event, clock: Clock = wall_clock) -> Iterator[None]:
    """Sends events to webhooks, in threads of their own, for as long as the context lasts."""
    webhooks = build_webhooks(settings)
    if webhooks is None:
        logger.info("webhooks are off", extra={"reason": "there is no setting webhook_keys, or they are switched off"})
        yield
        return
    pool = OrderPool(settings.database, _DELIVERY_CONNECTIONS)
    thread = threading.Thread(target=build_deliverer(webhooks, pool, clock).run, args=(stop,), name="webhooks")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        pool.close()


def run_until_signalled(stop: threading.Event, work: Callable[[], None]) -> None:
    """Does the work; SIGTERM and SIGINT set `stop`, on which the work is to end."""
    _on_signal(stop)
    work()


def _on_signal(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


@contextmanager
def _beside(wanted: bool, settings: Settings, stop: threading.Event) -> Iterator[None]:
    """A reconciler in a thread of its own, and what sends to webhooks, for as long as the context lasts."""
    if not wanted:
        yield
        return
    pool = OrderPool(settings.database, settings.connections)
    # Made here and not in the thread, so that a driver that cannot be had ends the server, and not provisioning alone.
    reconciler = build_reconciler(settings, pool)
    thread = threading.Thread(target=_reconcile, args=(settings, reconciler, pool, stop), name="provisioning")
    with _delivering(settings, stop):
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _serve_with_workers(settings: Settings, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    """One process for each worker on one listening socket; the first to die ends all, and a supervisor starts anew."""
    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    workers = [
        context.Process(target=_work, args=(asdict(settings), listening, ready), name=f"worker-{n}")
        for n in range(settings.workers)
    ]
    for worker in workers:
        worker.start()
    stopped = threading.Event()
    _on_signal(stopped)
    waiting = settings.workers
    while not stopped.wait(0.1) and all(worker.is_alive() for worker in workers):
        if waiting and ready.acquire(block=False):
            waiting -= 1
            if not waiting:
                on_ready()
    died = not stopped.is_set()
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker.pid or 0, signal.SIGTERM)
    for worker in workers:
        worker.join(GRACE_SECONDS + 5)
    if died:
        sys.exit("peerhall: a worker died; see the log.")


def _work(members: dict[str, object], listening: socket.socket, ready: Semaphore) -> None:
    settings = Settings(**members)  # type: ignore[arg-type]
    _end_with_parent()
    _on_signal(threading.Event())
    set_up_logging(settings.log_level)
    make_server(settings, build_application(settings), ready.release).run([listening])


def _end_with_parent() -> None:
    """Has the kernel end this worker when the process that started it goes away, however it goes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        sys.exit(1)


def tune_allocator() -> None:
    """Keeps glibc from giving back and fetching anew the memory of every long list: two thirds of its time."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _ALLOCATOR_OCTETS)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _ALLOCATOR_OCTETS)
        libc.mallopt(_M_ARENA_MAX, 2)
