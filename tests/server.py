"""Runs an ASGI application on a real socket for the duration of a test, by the server that production runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from starlette.types import ASGIApp

from peerhall.daemon.running import make_server
from peerhall.daemon.settings import Settings

START_SECONDS = 20
_ANYWHERE = Settings(host="127.0.0.1", port=0)


@contextmanager
def running(application: ASGIApp, settings: Settings = _ANYWHERE) -> Iterator[str]:
    """Yields the URL of the server, on a port of its own."""
    server = make_server(replace(settings, host="127.0.0.1", port=0), application)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise AssertionError("the server did not start")
        time.sleep(0.002)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
