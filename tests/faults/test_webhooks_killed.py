"""Whoever sends is killed while it does; the next one sends what was not taken, in order, and nothing is lost."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.api.extensions.test_change_feed import change_state
from tests.api.extensions.test_webhooks import call
from tests.clock import RunningClock
from tests.installation import Site, webhook_keys
from tests.waiting import wait_until
from tests.webhooks.receiver import receiving

STATES = ["error", "production"] * 10

WORKER = """
import sys
from pathlib import Path
from threading import Event

from peerhall.daemon.assembly import build_deliverer
from peerhall.exchange.webhook_targets import Reach
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.store.database import OrderPool
from peerhall.store.sealing import read_sealer

database, keys = sys.argv[1:]
build_deliverer(Webhooks(read_sealer(Path(keys)), Reach(loopback=True)), OrderPool(database, 2)).run(Event())
"""


class Workers:
    """One process after the other."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER, self._dsn, webhook_keys()])

    def kill(self, *_: BaseHTTPRequestHandler) -> None:
        self.process.kill()
        self.process.wait()

    def replace(self) -> None:
        self.process = self._start()


@pytest.fixture
def workers(database: str) -> Iterator[Workers]:
    workers = Workers(database)
    yield workers
    workers.kill()


def test_what_was_not_taken_is_sent_by_the_next(database: str, workers: Workers) -> None:
    kills = 3
    with receiving() as receiver, Site(database, RunningClock()).open() as site:
        receiver.answers += [204, 204, workers.kill, 204, workers.kill, workers.kill]
        call(site, site.login("member"), "POST", "", {"url": receiver.url}, 201)
        for state in STATES:
            change_state(site.connection, "member", state)
        for _ in range(kills):
            wait_until(lambda: workers.process.poll() is not None, 60)
            workers.replace()
        wait_until(lambda: len(receiver.received) >= len(STATES) + kills, 60)
        once = {each.headers["webhook-id"]: each.event["state"] for each in receiver.received}
        assert list(once.values()) == STATES
        assert len(receiver.received) == len(STATES) + kills, "only what was not taken comes again"
