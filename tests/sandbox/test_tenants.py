"""Several client test suites on one sandbox: each has an exchange to itself."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from peerhall.api.extensions import EXTENSIONS
from peerhall.daemon.settings import Settings
from peerhall.sandbox.sandbox import MOST_TENANTS, Sandbox
from peerhall.sandbox.seeded import Seeded
from peerhall.sandbox.tenant import Tenant
from tests.installation import Site
from tests.sandbox.conftest import Rehearsal
from tests.server import running

TENANTS = "/api/ext/sandbox/v1/tenants"


def rehearse(origin: str, number: int) -> tuple[int, int, str]:
    """What one suite does: orders, turns its clock its own way, and looks what there is."""
    with httpx.Client(timeout=60) as http:
        described = http.post(origin + TENANTS, json={"name": f"suite-{number}"})
        assert described.status_code == 201, described.text
        tenant = Rehearsal(described.json(), http)
        tenant.login()
        ordered = [tenant.order_connection()["id"] for _ in range(number % 3 + 1)]
        tenant.turn(f"P{number}DT10M")
        tenant.login()
        states = {tenant.get(f"/connections/{each}")["state"] for each in ordered}
        assert states == {"production"}
        return len(tenant.get("/connections")), number, tenant.control("GET", "/clock")["at"]


def test_ten_suites_share_a_sandbox(origin: str, http: httpx.Client) -> None:
    try:
        with ThreadPoolExecutor(10) as suites:
            found = list(suites.map(lambda number: rehearse(origin, number), range(10)))
        assert [connections for connections, _, _ in found] == [1 + number % 3 + 1 for number in range(10)]
        assert len({at[:10] for _, _, at in found}) == 10
        listed = {each["name"] for each in http.get(origin + TENANTS).json()}
        assert {f"suite-{number}" for number in range(10)} <= listed
    finally:
        for number in range(10):
            http.delete(f"{origin}{TENANTS}/suite-{number}")


def test_tenants_know_nothing_of_each_other(make_tenant: Callable[..., Rehearsal]) -> None:
    one, other = make_tenant(), make_tenant()
    one.login()
    other.token = one.token
    assert other.get("/account", 401)["type"].endswith("/authentication-error.html")
    other.login()

    one.control("PUT", "/reconciler", {"paused": True})
    one.control("POST", "/faults", {"kind": "refused"}, 201)
    mine, theirs = one.order_connection(), other.order_connection()
    assert other.get(f"/connections/{mine['id']}", 404)
    other.turn("P1D")
    other.login()
    assert other.get(f"/connections/{theirs['id']}")["state"] == "production"
    assert one.get(f"/connections/{mine['id']}")["state"] == "requested"
    assert one.control("GET", "/faults") == [{"kind": "refused"}]
    assert one.control("GET", "/clock")["at"] < other.control("GET", "/clock")["at"]

    one.control("POST", "/resets")
    assert other.get(f"/connections/{theirs['id']}")["state"] == "production"


def test_the_same_idempotency_key_is_another_one_in_another_tenant(make_tenant: Callable[..., Rehearsal]) -> None:
    """Even at the very same moment, and though their accounts have the same ids."""
    tenants = [make_tenant(), make_tenant()]
    for tenant in tenants:
        tenant.login()
    assert tenants[0].account("member") == tenants[1].account("member")
    owner = tenants[0].account("member")

    def order(tenant: Rehearsal, key: int) -> httpx.Response:
        body = {"managing_account": owner, "consuming_account": owner, "address": f"02:00:5e:00:54:{key:02x}"}
        headers = {"Authorization": f"Bearer {tenant.token}", "Idempotency-Key": str(key)}
        return httpx.post(f"{tenant.url}/macs", json=body, headers=headers, timeout=30)

    with ThreadPoolExecutor(2) as pool:
        for key in range(20):
            both = list(pool.map(lambda tenant, key=key: order(tenant, key), tenants))  # type: ignore[misc]
            assert [each.status_code for each in both] == [201, 201]
            assert both[0].json()["id"] != both[1].json()["id"]


def test_links_lead_back_to_the_tenant(tenant: Rehearsal, origin: str) -> None:
    base = tenant.url.removeprefix(origin)
    headers = {"Authorization": f"Bearer {tenant.token}"}
    page = tenant.http.get(f"{tenant.url}/devices?page_limit=1", headers=headers)
    assert f"<{base}/devices?" in page.headers["Link"]
    owner = tenant.account("member")
    body = {"managing_account": owner, "consuming_account": owner, "address": "02:00:5e:00:53:07"}
    made = tenant.http.post(f"{tenant.url}/macs", json=body, headers=headers)
    assert made.headers["Location"] == f"{base}/macs/{made.json()['id']}"
    announced = {each["name"]: each for each in tenant.get("/extensions")}
    guide = tenant.http.get(origin + announced["sandbox"]["documentation_url"])
    assert guide.text.startswith("# sandbox\n")
    assert tenant.http.get(tenant.url.removesuffix("/api/v2"), follow_redirects=True).url.path.endswith("/docs")
    assert tenant.http.get(f"{tenant.url}/openapi.json").json()["servers"] == [{"url": base}]
    login = tenant.described["logins"][0]
    granted = tenant.http.post(
        tenant.described["oauth2_token_url"],
        auth=(login["api_key"], login["api_secret"]),
        data={"grant_type": "client_credentials"},
    )
    assert granted.status_code == 200


def test_a_tenant_is_made_once_and_gone_when_it_is_deleted(
    origin: str, http: httpx.Client, make_tenant: Callable[..., Rehearsal], data: tuple[str, Path]
) -> None:
    tenant = make_tenant("mine")
    assert http.post(origin + TENANTS, json={"name": "mine"}).status_code == 409
    assert http.get(f"{origin}{TENANTS}/mine").json() == tenant.described
    assert http.delete(f"{origin}{TENANTS}/mine").status_code == 204
    assert http.delete(f"{origin}{TENANTS}/mine").status_code == 404
    assert http.get(f"{tenant.url}/health").status_code == 404
    with psycopg.connect(data[0]) as database:
        assert not database.execute("select from pg_namespace where nspname = 'tenant_mine'").fetchall()
    # Tenants are made and listed from the main exchange only.
    other = make_tenant()
    assert http.get(f"{other.controls}/tenants").status_code == 404


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a/b", "a" * 33, "ä", 'a"b', 7])
def test_what_is_no_name(origin: str, http: httpx.Client, name: Any) -> None:
    problem = http.post(origin + TENANTS, json={"name": name})
    assert (problem.status_code, [each["name"] for each in problem.json()["properties"]]) == (400, ["name"])


@pytest.mark.parametrize("path", ["/t", "/t/", "/t//api/v2/health", "/t/nobody/api/v2/health", "/t/nobody"])
def test_who_is_not_there_does_not_answer(origin: str, http: httpx.Client, path: str) -> None:
    answer = http.get(origin + path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_there_are_only_so_many(origin: str, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerhall.sandbox.sandbox.MOST_TENANTS", 0)
    refused = http.post(origin + TENANTS, json={})
    assert (refused.status_code, str(MOST_TENANTS) in refused.json()["detail"]) == (400, False)


def test_what_is_kept_is_there_again_and_no_clock_has_gone_back(data: tuple[str, Path], tmp_path: Path) -> None:
    with psycopg.connect(data[0], autocommit=True) as maintenance:
        maintenance.execute("create database kept")
    dsn = psycopg.conninfo.make_conninfo(data[0], dbname="kept")
    settings = Settings(database=dsn, connections=8)
    seeded = Seeded(dsn, tmp_path)
    seeded.prepare()
    # As after an upgrade from a version that did not keep the seeded state.
    (tmp_path / "seeded.zip").unlink()
    with running(Sandbox(settings, seeded, speed=1.0), settings) as origin, httpx.Client(timeout=60) as http:
        first = Rehearsal(http.post(origin + TENANTS, json={"name": "to-keep"}).json(), http)
        first.login()
        connection = first.order_connection()
        turned = first.turn("P1Y")
    with running(Sandbox(settings, seeded, speed=1.0), settings) as origin, httpx.Client(timeout=60) as http:
        again = Rehearsal(http.get(f"{origin}{TENANTS}/to-keep").json(), http)
        again.login()
        assert again.get(f"/connections/{connection['id']}")["state"] == "production"
        assert again.control("GET", "/clock")["at"] >= turned
        assert again.get("/health")["status"] == "pass"


def test_there_is_nothing_of_it_in_production(site: Site) -> None:
    assert "sandbox" not in {each.name for each in EXTENSIONS}
    assert "sandbox" not in {each["name"] for each in site.http.get("/extensions").json()}
    for path in ("/api/ext/sandbox/v1", "/api/ext/sandbox/v1/clock", "/t/a/api/v2/health"):
        assert site.http.get(site.origin + path).status_code == 404
    assert site.http.put(f"{site.origin}/api/ext/sandbox/v1/clock", json={"by": "P1Y"}).status_code == 404
    loaded = "import sys, peerhall.admin.serving; print([each for each in sys.modules if 'peerhall.sandbox' in each])"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example", "192.0.2.1", "0.0.0.0", "[", "@"])
def test_no_page_gets_at_the_sandbox_by_a_name_that_was_made_to_lead_here(main: Rehearsal, host: str) -> None:
    """For the browser such a page is from here: it has our Origin, and may read what we answer."""
    port = httpx.URL(main.url).port
    headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
    for method, url in (
        ("PUT", f"{main.controls}/clock"),
        ("GET", f"{main.controls}/tenants"),
        ("GET", f"{main.url}/health"),
    ):
        answer = main.http.request(method, url, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (403, 403), url
        assert "127.0.0.1" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "[::1]", "localhost", "LOCALHOST", "suite-1.localhost"])
def test_it_answers_to_the_names_of_this_machine(main: Rehearsal, host: str) -> None:
    port = httpx.URL(main.url).port
    for name in (host, f"{host}:{port}"):
        headers = {"Host": name, "Origin": f"http://{name}"}
        assert main.http.put(f"{main.controls}/clock", headers=headers).status_code == 200


def test_who_waits_in_one_tenant_is_not_in_the_way_of_another(data: tuple[str, Path]) -> None:
    """Turns of a clock that take long, many at once."""
    dsn, directory = data
    settings, seeded = Settings(database=dsn), Seeded(dsn, directory)
    one, other = (Tenant(name, f"tenant_{name}", settings, seeded, 1.0) for name in ("one", "other"))
    gate = threading.Event()

    async def wait() -> str:
        waiting = [asyncio.ensure_future(one.run(gate.wait)) for _ in range(50)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(10):
                return await other.run(lambda: "done")
        finally:
            gate.set()
            await asyncio.gather(*waiting)

    assert asyncio.run(wait()) == "done"
