"""Runs an ASGI application on a real socket for the duration of a test, by the server that production runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from peerhall.daemon.listening import address_of, listen
from peerhall.daemon.running import make_server
from peerhall.daemon.settings import Settings

START_SECONDS = 20


@contextmanager
def running(application: ASGIApp, settings: Settings | None = None) -> Iterator[str]:
    """Yields the URL of the server, on a port of its own."""
    ready = threading.Event()
    with listen("127.0.0.1", 0) as listening:
        server = make_server(settings or Settings(), application, ready.set)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        if not ready.wait(START_SECONDS):
            raise AssertionError("the server did not start")
        try:
            yield f"http://{address_of(listening)}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)
