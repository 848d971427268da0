"""What the server tells about itself, to anybody."""

from collections.abc import Callable

import psycopg
import pytest

from peerhall.contract.schemas import get_schema
from peerhall.store import heartbeats
from tests.clock import Clock
from tests.installation import Site


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
def test_health_is_200_and_of_version_2_whoever_asks(staged: Site, token: str | None) -> None:
    headers = {"Content-Type": "application/json;"} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = staged.http.get("/health", headers=headers)
    assert (answer.status_code, answer.json()["version"]) == (200, "2")
    get_schema("HealthResponse").model_validate(answer.json())


def test_health_warns_of_a_reconciler_that_is_not_heard_of(site: Site) -> None:
    assert site.http.get("/health").json()["status"] == "warn"
    with site.connection.transaction():
        heartbeats.beat(site.connection, "provisioning", site.clock())
    assert site.http.get("/health").json()["status"] == "pass"
    site.clock.turn(seconds=61)
    health = site.http.get("/health").json()
    assert health["status"] == "warn"
    assert "last heard of at 2026-09-01T12:00:00Z" in health["output"]


def test_health_fails_but_answers_without_a_database(
    make_database: Callable[[str], str], cluster: str, clock: Clock
) -> None:
    dsn = make_database("world")
    with Site(dsn, clock).open() as site:
        name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
        with psycopg.connect(cluster, autocommit=True) as server:
            server.execute(f'alter database "{name}" allow_connections false')  # type: ignore[arg-type]
            server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        for _ in range(3):
            answer = site.http.get("/health")
            assert (answer.status_code, answer.json()["status"]) == (200, "fail")
        refused = site.http.post("/auth/token", json={"api_key": "a" * 16, "api_secret": "b" * 86})
        assert (refused.status_code, refused.json()["status"]) == (503, 503)
        assert refused.headers["Retry-After"]
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        refused = site.http.post(site.origin + "/oauth2/token", data=form)
        assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
        with psycopg.connect(cluster, autocommit=True) as server:
            server.execute(f'alter database "{name}" allow_connections true')  # type: ignore[arg-type]
        assert site.http.get("/health").json()["status"] == "warn"


def test_the_implementation_is_as_the_standard_describes_it(staged: Site) -> None:
    implementation = staged.http.get("/implementation").json()
    get_schema("ImplementationResponse").model_validate(implementation)
    assert implementation["schema_version"] == "2.7.1"


def test_groups_that_are_switched_off_are_not_there(database: str, clock: Clock) -> None:
    off = ("connections", "macs:write", "roles")
    with Site(database, clock, switched_off=off).open() as site:
        operations = site.http.get("/implementation").json()["supported_operations"]
        assert [each for each in operations if each.startswith(("connections", "roles"))] == []
        assert [each for each in operations if each.startswith("macs")] == ["macs_list", "macs_read"]
        member = site.login("member")
        member.get("/connections", 404)
        member.post("/connections", {}, 404)
        member.get("/roles/role-noc", 404)
        member.get("/macs")
        member.post("/macs", {}, 404)
        member.get("/contacts")
