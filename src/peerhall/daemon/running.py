"""Runs what assembly has put together: a server, its workers, a reconciler; and ends them in good order."""

import ctypes
import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from peerhall.api.problems import instance_of
from peerhall.contract import problems
from peerhall.daemon.assembly import Clock, build_application, build_reconciler
from peerhall.daemon.clock import wall_clock
from peerhall.daemon.logs import set_up_logging
from peerhall.daemon.settings import Settings
from peerhall.store.database import OrderPool
from peerhall.store.waking import Listener

GRACE_SECONDS: Final = 20
"""How long requests under way may take once the server is told to stop."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ALLOCATOR_OCTETS: Final = 64 * 1024 * 1024


class Protocol(HttpToolsProtocol):
    """HTTP whose every failure is a problem document, even of what is not HTTP at all."""

    def send_400_response(self, msg: str) -> None:
        body = json.dumps(
            {
                "type": problems.VALIDATION_ERROR.uri,
                "title": problems.VALIDATION_ERROR.title,
                "status": 400,
                "detail": "This is not a valid HTTP request.",
                "instance": instance_of("unreadable"),
                "properties": [],
            }
        ).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.logger.warning(msg)
        self.transport.write(head.encode() + body)
        self.transport.close()


def serve(settings: Settings, *, provisioning: bool) -> None:
    """Serves until signalled, with a reconciler beside the workers if asked for."""
    stop = threading.Event()
    # The server raises the signal it was ended by once more; without handlers that would end us before we are done.
    _on_signal(stop)
    with _beside(provisioning, settings, stop):
        if settings.workers == 1:
            make_server(settings, build_application(settings)).run()
        else:
            _serve_with_workers(settings)


def make_server(settings: Settings, application: ASGIApp) -> uvicorn.Server:
    """A server for one process."""
    tune_allocator()
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            http=Protocol,
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def provision(settings: Settings, stop: threading.Event, clock: Clock = wall_clock) -> None:
    """Reconciles until told to stop."""
    pool = OrderPool(settings.database, settings.connections)
    listener = Listener(settings.database)
    try:
        build_reconciler(settings, pool, clock).run(stop, lambda seconds: listener.wait(seconds, stop.wait))
    finally:
        listener.close()
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
    """A reconciler in a thread of its own for as long as the context lasts."""
    if not wanted:
        yield
        return
    thread = threading.Thread(target=provision, args=(settings, stop), name="provisioning")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _serve_with_workers(settings: Settings) -> None:
    """One process for each worker on one listening socket; the first to die ends all, and a supervisor starts anew."""
    listening = socket.create_server((settings.host, settings.port), backlog=2048, reuse_port=False)
    listening.set_inheritable(True)
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_work, args=(asdict(settings), listening), name=f"worker-{n}")
        for n in range(settings.workers)
    ]
    for worker in workers:
        worker.start()
    stopped = threading.Event()
    _on_signal(stopped)
    while not stopped.wait(0.2) and all(worker.is_alive() for worker in workers):
        pass
    died = not stopped.is_set()
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker.pid or 0, signal.SIGTERM)
    for worker in workers:
        worker.join(GRACE_SECONDS + 5)
    if died:
        sys.exit("peerhall: a worker died; see the log.")


def _work(members: dict[str, object], listening: socket.socket) -> None:
    settings = Settings(**members)  # type: ignore[arg-type]
    _on_signal(threading.Event())
    set_up_logging(settings.log_level)
    make_server(settings, build_application(settings)).run(sockets=[listening])


def tune_allocator() -> None:
    """Keeps glibc from giving back and fetching anew the memory of every long list: two thirds of its time."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _ALLOCATOR_OCTETS)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _ALLOCATOR_OCTETS)
        libc.mallopt(_M_ARENA_MAX, 2)
