"""A sandbox on a real socket: the very application of `peerhall demo`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from peerhall.daemon.settings import Settings
from peerhall.sandbox.sandbox import CONNECTIONS, Sandbox
from peerhall.sandbox.seeded import Seeded
from peerhall.store.embedded import EmbeddedPostgres
from tests.installation import webhook_keys
from tests.server import running

JSON = {"Content-Type": "application/json"}


class Rehearsal:
    """One exchange of the sandbox, and somebody who uses it."""

    def __init__(self, described: dict[str, Any], http: httpx.Client) -> None:
        self.described = described
        self.url = described["url"]
        self.controls = described["sandbox_url"]
        self.http = http
        self.token = ""

    def account(self, name: str) -> str:
        return next(str(each["account"]) for each in self.described["logins"] if each["name"] == name)

    def login(self, name: str = "member") -> None:
        """As whom everything is asked from now on."""
        login = next(each for each in self.described["logins"] if each["name"] == name)
        credentials = {member: login[member] for member in ("api_key", "api_secret")}
        answer = self.http.post(f"{self.url}/auth/token", json=credentials)
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["access_token"]

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        options = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.http.request(method, self.url + path, headers=headers, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        return self.call("GET", path, None, status)

    def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.http.request(method, self.controls + path, json={} if body is None else body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def turn(self, by: str) -> str:
        return str(self.control("PUT", "/clock", {"by": by})["at"])

    def order_connection(self) -> dict[str, Any]:
        """What the member has already, once more."""
        [before, *_] = self.get("/connections")
        body = {
            **{member: before[member] for member in ("managing_account", "consuming_account", "billing_account")},
            "mode": "standalone",
            "product_offering": before["product_offering"],
            "port_quantity": 1,
        }
        return dict(self.call("POST", "/connections", body, 201))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database with the demo's exchange, and the directory that its seeded state is kept in."""
    directory = tmp_path_factory.mktemp("sandbox")
    server = EmbeddedPostgres(directory / "data", durable=False, connections=CONNECTIONS)
    dsn = server.start()
    try:
        Seeded(dsn, directory).prepare()
        yield dsn, directory
    finally:
        server.stop()


@pytest.fixture(scope="session")
def origin(data: tuple[str, Path]) -> Iterator[str]:
    dsn, directory = data
    settings = Settings(database=dsn, connections=8, webhook_keys=webhook_keys())
    with running(Sandbox(settings, Seeded(dsn, directory), speed=1.0), settings) as origin:
        yield origin


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as client:
        yield client


@pytest.fixture
def make_tenant(origin: str, http: httpx.Client) -> Iterator[Callable[[str | None], Rehearsal]]:
    """Makes tenants that are removed after the test."""
    tenants = f"{origin}/api/ext/sandbox/v1/tenants"
    with ExitStack() as made:

        def make(name: str | None = None) -> Rehearsal:
            answer = http.post(tenants, json={"name": name})
            assert answer.status_code == 201, answer.text
            made.callback(http.delete, f"{tenants}/{answer.json()['name']}")
            return Rehearsal(answer.json(), http)

        yield make


@pytest.fixture
def main(origin: str, http: httpx.Client) -> Rehearsal:
    """The exchange at the root, which all tests share; nobody is logged in."""
    described = {"url": f"{origin}/api/v2", "sandbox_url": f"{origin}/api/ext/sandbox/v1", "logins": []}
    return Rehearsal(described, http)


@pytest.fixture
def tenant(make_tenant: Callable[[str | None], Rehearsal]) -> Rehearsal:
    """A tenant of its own, with the member logged in."""
    tenant = make_tenant(None)
    tenant.login()
    return tenant
