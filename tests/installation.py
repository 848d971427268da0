"""A whole installation in one process: database, application, reconciler and a stepped simulator, by one clock."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from peerhall.daemon.assembly import build_application, build_webhooks
from peerhall.daemon.settings import Settings
from peerhall.exchange.visibility import Caller as ExchangesOwn
from peerhall.exchange.webhook_targets import Reach
from peerhall.orderdesk import intervention
from peerhall.orderdesk.order import CHANGE_LOCK, Order, device_subject
from peerhall.provisioning.clouds import BothEnds, Clouds
from peerhall.provisioning.driver import Driver
from peerhall.provisioning.drivers.simulated_clouds import simulate_clouds
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.facts import list_devices
from peerhall.provisioning.reconciler import MassChangeLimit, Reconciler
from peerhall.store import credentials, documents, work
from peerhall.store.database import OrderPool, connect
from peerhall.store.sealing import ensure_keys
from peerhall.webhooks.delivering import Deliverer
from peerhall.webhooks.sending import Sender
from tests.clock import Clock
from tests.server import running

MOST_ROUNDS = 50
MOST_DELIVERIES = 500
THIS_MACHINE = Reach(loopback=True)


@cache
def webhook_keys() -> str:
    """A file of keys for secrets of webhooks, the same for all sites of this process."""
    directory = Path(tempfile.mkdtemp(prefix="peerhall-keys-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return str(ensure_keys(directory / "webhook-keys"))


class Site:
    """What a test talks to."""

    def __init__(
        self,
        dsn: str,
        clock: Clock,
        driver: Driver | None = None,
        reach: Reach = THIS_MACHINE,
        **settings: Any,
    ) -> None:
        self.dsn = dsn
        self.clock = clock
        self.settings = Settings(**{"database": dsn, "connections": 8, "webhook_keys": webhook_keys(), **settings})
        self.simulator = Simulator(clock, speed=None)
        self.clouds = simulate_clouds(self.simulator)
        clouds = Clouds(self.clouds)
        self.pool = OrderPool(dsn, 4)
        webhooks = build_webhooks(self.settings)
        if webhooks is not None:
            webhooks = replace(webhooks, reach=reach)
            self.deliverer = Deliverer(self.pool, webhooks.sealer, Sender(reach), clock, clock)
        self.application = build_application(self.settings, clock, clouds=clouds, webhooks=webhooks)
        self.origin = ""
        self.url = ""
        network = driver or self.simulator
        self.driver = BothEnds(network, clouds, by_hand=network)
        self.reconciler = Reconciler(self.pool, self.driver, clock, MassChangeLimit(1000, 100))
        self.connection = connect(dsn)

    @contextmanager
    def open(self) -> Iterator["Site"]:
        with (
            running(self.application, self.settings) as origin,
            httpx.Client(base_url=origin + "/api/v2", timeout=30) as self.http,
        ):
            self.origin = origin
            self.url = origin + "/api/v2"
            yield self
        self.pool.close()
        self.connection.close()

    def key(self, account: str | None, **options: Any) -> tuple[str, str]:
        """A new key and secret; account None is the operator."""
        return credentials.create_key(self.connection, account, self.clock(), **options)

    def login(self, account: str | None, **options: Any) -> "Caller":
        """Logs in with a new key of the account."""
        key, secret = self.key(account, **options)
        answer = self.http.post("/auth/token", json={"api_key": key, "api_secret": secret})
        assert answer.status_code == 201, answer.text
        return Caller(self.http, answer.json()["access_token"])

    def stored(self, document: str) -> dict[str, Any]:
        """A document as it is in the database, whoever may see it."""
        row = self.connection.execute("select body from document where id = %s", (document,)).fetchone()
        assert row is not None, f"there is no {document}"
        return dict(row[0])

    def reconcile(self) -> None:
        """Lets the reconciler and the simulator go on until nothing moves any more."""
        for _ in range(MOST_ROUNDS):
            worked = False
            while self.reconciler.work_once():
                worked = True
            finished = self.simulator.advance()
            if not worked and not finished:
                return
            if finished:
                self.look_again()
        raise AssertionError("the reconciler does not come to rest")

    def deliver(self) -> None:
        """Lets webhooks be sent to until nothing is due any more."""
        for _ in range(MOST_DELIVERIES):
            if not self.deliverer.work_once():
                return
        raise AssertionError("there is no end to what is sent")

    def take_turns(self, rounds: int) -> None:
        """Lets the reconciler do a few pieces of work and the simulator finish what that began, turn by turn."""
        for _ in range(rounds):
            self.reconciler.work_once()
            self.reconciler.work_once()
            self.simulator.advance()
            self.look_again()

    def restart_reconciler(self) -> None:
        """Another reconciler in the place of one that died in the middle of something."""
        self.reconciler = Reconciler(self.pool, self.reconciler._driver, self.clock, MassChangeLimit(1000, 100))
        self.connection.execute("delete from lease")

    def retry(self, document: str) -> None:
        """What `peerhall order retry` does."""
        with self.connection.transaction():
            desk = Order(self.connection, ExchangesOwn("operator:test", None, frozenset()), self.clock())
            intervention.retry(desk, documents.find_many(self.connection, [document], CHANGE_LOCK)[document])
            desk.hand_over()

    def look_again(self) -> None:
        """Has every device looked at, as the reconciler does now and then by itself."""
        work.queue(self.connection, map(device_subject, list_devices(self.connection)), self.clock())


class Caller:
    """Somebody logged in; answers are checked for the status given and returned as JSON."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self.http = http
        self.token = token

    def request(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        return self._checked(self.request("GET", path, **options), status)

    def post(self, path: str, body: Any, status: int = 201, **options: Any) -> Any:
        return self._checked(self.request("POST", path, json=body, **options), status)

    def put(self, path: str, body: Any, status: int = 202, **options: Any) -> Any:
        return self._checked(self.request("PUT", path, json=body, **options), status)

    def patch(self, path: str, body: Any, status: int = 202, **options: Any) -> Any:
        return self._checked(self.request("PATCH", path, json=body, **options), status)

    def delete(self, path: str, status: int = 202, **options: Any) -> Any:
        return self._checked(self.request("DELETE", path, **options), status)

    def faults(self, method: str, path: str, body: Any) -> dict[str, str]:
        """Sends what must not validate; returns what is wrong, by member."""
        problem = self._checked(self.request(method, path, json=body), 400)
        assert problem["type"].endswith("/validation-error.html"), problem
        return {fault["name"]: fault["reason"] for fault in problem["properties"]}

    def unable(self, method: str, path: str, body: Any = None) -> Any:
        """Sends what cannot be fulfilled; returns the problem."""
        problem = self._checked(self.request(method, path, **({} if body is None else {"json": body})), 400)
        assert problem["type"].endswith("/unable-to-fulfill.html"), problem
        return problem

    # What the walk-throughs keep ordering, with what they do not care about filled in.

    def order_connection(self, **members: Any) -> Any:
        return self.post(
            "/connections", {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1, **members}
        )

    def order_mac(self, address: str = "02:00:5e:10:00:01", **members: Any) -> Any:
        return self.post("/macs", {"address": address, **members})

    def order_peering(self, connection: str, status: int = 201, **members: Any) -> Any:
        body = {
            "type": "exchange_lan",
            "network_service": "lan",
            "product_offering": "peering",
            "connection": connection,
            "vlan_config": {"vlan_type": "dot1q", "vlan": None},
            "asns": [64496],
            "macs": [],
            **members,
        }
        return self.post("/network-service-configs", body, status)

    def order_router(self, **members: Any) -> Any:
        return self.post("/routing-functions", {"product_offering": "routing", "asn": 64496, **members})

    def order_leg(self, function: str, status: int = 201, **members: Any) -> Any:
        """A routing function's presence on the LAN."""
        body = {
            "type": "exchange_lan",
            "network_service": "lan",
            "product_offering": "peering",
            "routing_function": function,
            "l3_config": {},
            "asns": [64496],
            **members,
        }
        return self.post("/network-service-configs", body, status)

    def order_session(self, config: str, ip: str, feature: str = "rs1", status: int = 201, **members: Any) -> Any:
        body = {
            "type": "route_server",
            "network_feature": feature,
            "network_service_config": config,
            "asn": 64496,
            "as_set_v4": "AS-EXAMPLE@RIPE",
            "session_mode": "public",
            "bgp_session_type": "passive",
            "ip": ip,
            **members,
        }
        return self.post("/network-feature-configs", body, status)

    @staticmethod
    def _checked(answer: Any, status: int) -> Any:
        assert answer.status_code == status, (
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        )
        return answer.json()
