"""Where the lifecycle is played: an installation that is set back to its beginning before each run, and its people."""

import logging
import random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from peerhall.exchange.visibility import Caller as ExchangesOwn
from peerhall.orderdesk import intervention
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.provisioning import closing
from peerhall.provisioning.reconciler import MassChangeLimit, Reconciler
from peerhall.store import documents, plans, tasks
from tests.clock import Clock
from tests.installation import Site
from tests.lifecycle import exchange
from tests.lifecycle.picture import Picture, take_picture

OPERATOR = "operator"

_KEPT = ("schema_version", "signing_key")
_CUSTOMERS = CustomersCircuit(region="north-1", bandwidth=500)
_TOKEN_LASTS = timedelta(hours=1)
_MOST_RETRIES = 20


class Stage:
    """What the rules of the machine act on, and what the invariants look at."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.clock = site.clock
        self.simulator = site.simulator
        self.cut_off: set[str] = set()
        self.cloud_keys: tuple[str, ...] = ()
        """Of circuits that customers have ordered at a cloud provider themselves."""
        self.complaints = Complaints()
        self._keys: dict[str, tuple[str, str]] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._tables = [
            name
            for (name,) in site.connection.execute(
                "select tablename from pg_tables where schemaname = current_schema() order by tablename"
            )
            if name not in _KEPT
        ]

    def begin(self) -> None:
        """Back to the first day: nothing ordered, nothing in the network."""
        connection = self.site.connection
        connection.execute(f"truncate {', '.join(self._tables)} restart identity cascade")  # type: ignore[call-overload]
        self.clock.now = Clock().now
        exchange.build(connection)
        self.simulator.forget()
        self.simulator.clear_mishaps()
        for device in self.cut_off:
            self.simulator.cut_off(device, unreachable=False)
        self.cut_off.clear()
        self.site.reconciler = Reconciler(self.site.pool, self.site.driver, self.clock, MassChangeLimit(4, 50))
        self._tokens.clear()
        self._keys = {
            name: self.site.key(None if name == OPERATOR else name)
            for name in (*exchange.PLAYERS, exchange.STRANGER, OPERATOR)
        }
        self.cloud_keys = tuple(self.site.clouds["azure"].sell(_CUSTOMERS) for _ in range(2))
        self.complaints.found.clear()

    def look(self) -> Picture:
        """Everything as it is in the database now."""
        return take_picture(self.site.connection)

    def request(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token(who)}", **options.pop("headers", {})}
        return self.site.http.request(method, path, headers=headers, **options)

    def read(self, who: str, path: str) -> Any:
        answer = self.request(who, "GET", path)
        assert answer.status_code == 200, f"GET {path} as {who}: {answer.status_code} {answer.text}"
        return answer.json()

    def photograph(self) -> list[Any]:
        """All that an order could have changed, as text to be compared."""
        return [
            self.site.connection.execute(
                f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"  # type: ignore[arg-type]
            ).fetchone()
            for table in self._tables
            if table not in ("session", "api_key", "login_failure", "heartbeat")
        ]

    # What the exchange's people do.

    def close_tasks(self, accept: bool) -> None:
        for task in tasks.list_tasks(self.site.connection):
            with self.site.connection.transaction():
                # Closing one may have closed others about the same.
                current = tasks.find_task(self.site.connection, task.number)
                if current is None or current.state != "open":
                    continue
                if accept:
                    closing.close_as_done(self.site.connection, task.number, "operator:test", None, self.clock())
                else:
                    closing.close_as_failed(self.site.connection, task.number, "operator:test", "No.", self.clock())

    def approve_plans(self) -> None:
        for plan in plans.list_plans(self.site.connection):
            plans.approve(self.site.connection, plan.number, "operator:test", self.clock())
        self.site.look_again()

    def turn_down(self, document: str) -> None:
        with self.site.connection.transaction():
            order = Order(self.site.connection, ExchangesOwn("operator:test", None, frozenset()), self.clock())
            record = intervention.find_order(self.site.connection, document, CHANGE_LOCK)
            assert record is not None
            intervention.refuse(order, record, "We cannot do this.")
            order.hand_over()

    def retry_all(self) -> None:
        """Has another try at everything that is stuck."""
        for document in documents.find_all(self.site.connection, "network-feature-configs"):
            self.site.retry(document.id)
        for kind in ("connections", "network-services", "network-service-configs", "routing-functions"):
            for document in documents.find_all(self.site.connection, kind):
                if intervention.is_order(document):
                    self.site.retry(document.id)

    def come_to_rest(self) -> None:
        """Lets the network follow; a step that failed for a moment is tried again without the minutes that takes."""
        self.site.reconcile()
        rounds = 0
        while not self.cut_off and (failed := self._list_failed_for_a_moment()):
            rounds += 1
            assert rounds < _MOST_RETRIES, f"tried again and again: {failed}"
            self.site.look_again()
            self.site.reconcile()

    def _list_failed_for_a_moment(self) -> list[str]:
        rows = self.site.connection.execute(
            """select id from document where not meta ? 'released'
               and 'transient' in (meta -> 'network' ->> 'fault', meta -> 'provider' ->> 'fault')"""
        )
        return [row[0] for row in rows]

    def set_reachable(self, device: str, reachable: bool) -> None:
        """Cuts a device off, or connects it again and has it looked at without the minutes that takes by itself."""
        self.simulator.cut_off(device, unreachable=not reachable)
        (self.cut_off.discard if reachable else self.cut_off.add)(device)
        if reachable:
            self.site.look_again()

    def list_open_plans(self) -> list[plans.HeldPlan]:
        return plans.list_plans(self.site.connection)

    def list_network(self) -> dict[str, dict[str, Any]]:
        """All that is configured anywhere, by device and key; what is at a provider for a cloud is a device, too."""
        boxes = self.simulator._boxes.items()
        return {device: dict(box.objects) for device, box in boxes if box.objects}

    def _token(self, who: str) -> str:
        token, since = self._tokens.get(who, ("", datetime.min.replace(tzinfo=self.clock().tzinfo)))
        if self.clock() - since > _TOKEN_LASTS:
            key, secret = self._keys[who]
            answer = self.site.http.post("/auth/token", json={"api_key": key, "api_secret": secret})
            assert answer.status_code == 201, answer.text
            token = answer.json()["access_token"]
            self._tokens[who] = token, self.clock()
        return token


class Complaints(logging.Handler):
    """What our own code has logged as a mistake: a reconciler that fails only tries again, so nobody else would see."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        why = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.found.append(f"{record.getMessage()}\n{why}")


@contextmanager
def counted_ids() -> Iterator[random.Random]:
    """Has ids come from a generator that a run can seed: sets and queues go by them, and a run has to be repeatable."""
    source = random.Random(0)
    with patch("peerhall.orderdesk.order.uuid4", lambda: UUID(int=source.getrandbits(128), version=4)):
        yield source
