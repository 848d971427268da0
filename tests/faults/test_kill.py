"""The whole server is killed at fifty random moments of busy ordering; nothing is lost, double or left over."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from peerhall.store import credentials
from peerhall.store.database import connect
from peerhall.store.embedded import EmbeddedPostgres
from peerhall.store.schema import migrate
from tests import world
from tests.clock import RunningClock

KILLS = 50
SETTINGS = """
driver = "simulator"
[driver_options]
speed = 200
"""


class Victim:
    """A `peerhall serve` that is killed again and again, always on the same port."""

    def __init__(self, data: Path, settings: Path) -> None:
        self._command = [
            *(sys.executable, "-c", "from peerhall.admin.command import main; main()", "serve"),
            *("--data", str(data), "--settings", str(settings), "--port"),
        ]
        self._log = data.with_suffix(".log")
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v2"

    def start(self) -> None:
        """Returns once it answers; what it logs goes to a file beside the data."""
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*self._command, str(self._port)], stderr=log, stdout=log)
        deadline = time.monotonic() + 30
        while b'"listening"' not in (said := self._log.read_bytes()):
            assert self._process.poll() is None, said.decode()
            assert time.monotonic() < deadline, said.decode()
            time.sleep(0.01)
        self._port = int(said.split(b"http://127.0.0.1:")[1].split(b"/")[0])

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(30) == 0, "the server ends in good order"


class Member(threading.Thread):
    """Orders without end; whatever is not answered is sent again with the same key, as a careful client does."""

    def __init__(self, victim: Victim, key: tuple[str, str]) -> None:
        super().__init__(daemon=True)
        self._victim = victim
        self._key = key
        self._token = "none-yet"
        self._http = httpx.Client(timeout=10)
        self.enough = threading.Event()
        self.keys: dict[str, str] = {}
        """Idempotency key of each order that was answered, and what it made."""
        self.kept: list[str] = []
        self.left: list[str] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._order_for_ever()
        except BaseException as error:
            self.failure = error

    def close(self) -> None:
        self._http.close()

    def _order_for_ever(self) -> None:
        """One port, and configs on it, every now and then one given up."""
        port = self.post("/connections", {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1})
        for number in range(10_000):
            if self.enough.is_set():
                return
            mac = self.post("/macs", {"address": f"02:00:00:00:{number // 256:02x}:{number % 256:02x}"})
            config = self.post(
                "/network-service-configs",
                {
                    "type": "exchange_lan",
                    "network_service": "lan",
                    "product_offering": "peering",
                    "connection": port["id"],
                    "vlan_config": {"vlan_type": "dot1q"},
                    "asns": [64496],
                    "macs": [mac["id"]],
                },
            )
            self.post(
                "/network-feature-configs",
                {
                    "type": "route_server",
                    "network_feature": "rs1",
                    "network_service_config": config["id"],
                    "asn": 64496,
                    "as_set_v4": "AS-EXAMPLE",
                    "session_mode": "public",
                    "bgp_session_type": "passive",
                    "ip": config["ips"][0],
                },
            )
            self.kept.append(config["id"])
            if len(self.kept) > 5:
                leaving = self.kept.pop(random.randrange(len(self.kept)))
                self.send("DELETE", f"/network-service-configs/{leaving}", None, {})
                self.left.append(leaving)

    def post(self, path: str, body: object) -> dict[str, str]:
        key = str(uuid4())
        made: dict[str, str] = self.send("POST", path, body, {"Idempotency-Key": key})
        self.keys[key] = made["id"]
        return made

    def send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        deadline = time.monotonic() + 60
        while True:
            try:
                bearer = {"Authorization": f"Bearer {self._token}"}
                answer = httpx.request(
                    method, self._victim.url + path, json=body, headers={**headers, **bearer}, timeout=10
                )
            except httpx.TransportError as error:
                said = repr(error)
            else:
                said = f"{answer.status_code} {answer.text}"
                if answer.status_code in (200, 201, 202):
                    return answer.json()
                assert answer.status_code in (401, 409, 503), f"{method} {path}: {said}"
                if answer.status_code == 401:
                    self._log_in()
            assert time.monotonic() < deadline, f"{method} {path} is never answered: {said}"
            time.sleep(0.01)

    def _log_in(self) -> None:
        key, secret = self._key
        try:
            answer = self._http.post(self._victim.url + "/auth/token", json={"api_key": key, "api_secret": secret})
        except httpx.TransportError:
            return
        if answer.status_code == 201:
            self._token = answer.json()["access_token"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def key(data: Path) -> tuple[str, str]:
    """Of the member, in a database that a server can be started on."""
    server = EmbeddedPostgres(data)
    with connect(server.start()) as connection:
        migrate(connection)
        world.build(connection)
        made = credentials.create_key(connection, "member", RunningClock()())
    server.stop()
    return made


@pytest.fixture
def victim(data: Path, key: tuple[str, str], tmp_path: Path) -> Iterator[Victim]:
    (tmp_path / "settings.toml").write_text(SETTINGS)
    victim = Victim(data, tmp_path / "settings.toml")
    yield victim
    victim.kill()


def test_fifty_kills_lose_nothing_double_nothing_and_leave_nothing(
    victim: Victim, key: tuple[str, str], data: Path
) -> None:
    victim.start()
    member = Member(victim, key)
    member.start()
    moments = random.Random(50)
    for _ in range(KILLS):
        member.join(moments.uniform(0.0, 0.8))
        assert member.failure is None, member.failure
        victim.kill()
        victim.start()
    member.enough.set()
    member.join(60)
    assert member.failure is None, member.failure
    assert len(member.keys) > KILLS / 2, "there was something to lose"

    wait_for_all(member)
    member.close()
    victim.stop()
    assert not [entry for entry in processes() if str(data) in entry], "no process is left behind"
    server = EmbeddedPostgres(data)
    with connect(server.start()) as connection:
        made = connection.execute(
            """select d.id from document d where d.kind in ('connections', 'macs', 'network-feature-configs')
               or d.kind = 'network-service-configs'"""
        ).fetchall()
        assert sorted(row[0] for row in made) == sorted(member.keys.values()), "each order exists exactly once"
        held = connection.execute(
            "select distinct holder from claim where released_at is null and kind <> 'port'"
        ).fetchall()
        tags = connection.execute("select distinct holder from vlan_claim where released_at is null").fetchall()
        assert {row[0] for row in held} == {row[0] for row in tags} == set(member.kept), "no claim is leaked"
        assert connection.execute("select count(*) from task").fetchone() == (0,)
    server.stop()


def wait_for_all(member: Member) -> None:
    """Until every accepted order is where it would have got to without any kill."""
    deadline = time.monotonic() + 90
    while True:
        states: dict[str, set[str]] = {"kept": set(), "left": set()}
        for config in member.send("GET", "/network-service-configs", None, {}):
            states["kept" if config["id"] in member.kept else "left"].add(config["state"])
        sessions = {each["state"] for each in member.send("GET", "/network-feature-configs", None, {})}
        settled = states["kept"] <= {"production"} and states["left"] <= {"decommissioned", "cancelled"}
        if settled and sessions <= {"production", "decommissioned", "cancelled"}:
            return
        assert time.monotonic() < deadline, f"orders do not come to an end: {states} {sessions}"
        time.sleep(0.1)


def processes() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found.append((entry / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return found
