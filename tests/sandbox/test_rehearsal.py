"""A client's rehearsals: time, faults, links and starting over, over real HTTP."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.sandbox.conftest import Rehearsal
from tests.waiting import wait_until


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def tags(order: dict[str, Any]) -> list[str]:
    return [entry["tag"] for entry in order["status"]]


def test_a_year_is_rehearsed_in_seconds(tenant: Rehearsal) -> None:
    connection = tenant.order_connection()
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"
    started = moment(tenant.control("GET", "/clock")["at"])
    last_day = (started + timedelta(days=365)).date().isoformat()
    leaving = tenant.call("DELETE", f"/connections/{connection['id']}", {"decommission_at": last_day}, 202)
    assert (leaving["state"], leaving["decommission_at"]) == ("decommission_requested", last_day)

    tenant.turn("P364D")
    tenant.login()
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "decommission_requested"
    tenant.turn("P2D")
    tenant.login()
    gone = tenant.get(f"/connections/{connection['id']}")
    assert gone["state"] == "decommissioned"
    # It was done when the day began, not when somebody looked: removing takes ten seconds.
    ports = [tenant.get(f"/ports/{port}") for port in gone["ports"]]
    assert all(port["state"] == "decommissioned" for port in ports)
    assert tenant.get("/health")["status"] == "pass"


def test_work_on_the_way_is_done_at_its_time(tenant: Rehearsal, data: tuple[str, Any]) -> None:
    connection = tenant.order_connection()
    tenant.turn("P400D")
    with psycopg.connect(data[0]) as database:
        schema = f"tenant_{tenant.described['name']}"
        rows = database.execute(
            f"select at from {schema}.journal where document = %s and operation = 'settle' order by at",  # type: ignore[arg-type]
            (connection["id"],),
        ).fetchall()
    ordered = database and rows[0][0]
    assert rows[-1][0] - ordered < timedelta(minutes=5)


def test_a_token_ends_when_its_time_is_over(tenant: Rehearsal) -> None:
    tenant.get("/account")
    tenant.turn("PT1H")
    tenant.get("/account")
    tenant.turn("PT1H1M")
    assert tenant.get("/account", 401)["type"].endswith("/signature-expired.html")
    tenant.login()
    tenant.get("/account")


def test_an_idempotency_key_is_forgotten_after_a_day(tenant: Rehearsal) -> None:
    body = {"managing_account": tenant.account("member"), "consuming_account": tenant.account("member")}

    def order(address: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {tenant.token}", "Idempotency-Key": "once"}
        return tenant.http.post(f"{tenant.url}/macs", json={**body, "address": address}, headers=headers)

    first = order("02:00:5e:00:53:01")
    assert first.status_code == 201
    assert order("02:00:5e:00:53:01").json()["id"] == first.json()["id"]
    assert order("02:00:5e:00:53:02").status_code == 409
    tenant.turn("P1DT1S")
    tenant.login()
    assert order("02:00:5e:00:53:02").status_code == 201


def test_turns_at_the_same_time_add_up(tenant: Rehearsal) -> None:
    tenant.control("PUT", "/clock", {"speed": 0})
    before = tenant.control("GET", "/clock")["at"]
    with ThreadPoolExecutor(8) as suites:
        list(suites.map(tenant.turn, ["P1M"] * 8))
    passed = moment(tenant.control("GET", "/clock")["at"]) - moment(before)
    assert passed > timedelta(days=7 * 30)


def test_failed_logins_are_forgiven_when_the_clock_is_turned(tenant: Rehearsal) -> None:
    def fail() -> int:
        wrong = {"api_key": "demo-key-member0", "api_secret": "wrong" * 20}
        return tenant.http.post(f"{tenant.url}/auth/token", json=wrong).status_code

    assert [fail() for _ in range(11)] == [401] * 10 + [429]
    tenant.turn("PT11M")
    assert fail() == 401


def test_the_clock_runs_at_a_speed_and_the_network_keeps_up(tenant: Rehearsal) -> None:
    connection = tenant.order_connection()
    assert tenant.control("PUT", "/clock", {"speed": 3600})["speed"] == 3600
    before = moment(tenant.control("GET", "/clock")["at"])
    wait_until(lambda: moment(tenant.control("GET", "/clock")["at"]) - before > timedelta(minutes=20), 30)
    tenant.control("PUT", "/clock", {"speed": 0})
    stands = tenant.control("GET", "/clock")["at"]
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"
    assert tenant.get("/health")["status"] == "pass"
    assert tenant.control("GET", "/clock")["at"] == stands


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"at": "2020-01-01T00:00:00Z"}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"at": "2026-02-31T00:00:00Z"}, "at"),
        ({"at": "3000-01-01T00:00:00Z"}, "at"),
        ({"by": "P300Y"}, "by"),
        ({"by": "a year"}, "by"),
        ({"by": "P1D", "at": "2090-01-01T00:00:00Z"}, "by"),
        ({"speed": 3601}, "speed"),
        ({"speed": -1}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"sped": 1}, "sped"),
        ([], ""),
    ],
)
def test_what_no_clock_can_be_turned_to(main: Rehearsal, body: Any, member: str) -> None:
    before = moment(main.control("GET", "/clock")["at"])
    problem = main.control("PUT", "/clock", body, 400)
    assert [fault["name"] for fault in problem["properties"]] == [member]
    assert moment(main.control("GET", "/clock")["at"]) - before < timedelta(minutes=1)


def test_the_reconciler_is_stepped(tenant: Rehearsal) -> None:
    assert tenant.control("PUT", "/reconciler", {"paused": True})["paused"] is True
    connection = tenant.order_connection()
    tenant.turn("PT1H")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "requested"
    first = tenant.control("POST", "/reconciler/steps")
    assert (first["done"], first["paused"]) == (1, True)
    while tenant.control("POST", "/reconciler/steps", {"steps": 100})["done"]:
        pass
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "allocated"
    tenant.control("PUT", "/reconciler", {"paused": False})
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"


def test_steps_fail_for_a_while(tenant: Rehearsal) -> None:
    assert tenant.control("POST", "/faults", {"kind": "transient", "count": 3}, 201) == [{"kind": "transient"}] * 3
    connection = tenant.order_connection()

    def delayed() -> bool:
        order = tenant.get(f"/connections/{connection['id']}")
        return order["state"] == "allocated" and "provisioning_delayed" in tags(order)

    tenant.control("PUT", "/clock", {"speed": 0})
    wait_until(delayed)
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"
    assert tenant.control("GET", "/faults") == []


@pytest.mark.parametrize("kind", ["refused", "broken"])
def test_steps_fail_for_good_until_they_are_tried_again(tenant: Rehearsal, kind: str) -> None:
    tenant.control("POST", "/faults", {"kind": kind}, 201)
    connection = tenant.order_connection()
    tenant.turn("P1D")
    tenant.login()
    stuck = tenant.get(f"/connections/{connection['id']}")
    assert (stuck["state"], "provisioning_failed" in tags(stuck)) == ("error", True)
    tenant.control("POST", f"/orders/{connection['id']}/retries", status=202)
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"


def test_steps_are_slow(tenant: Rehearsal) -> None:
    tenant.control("POST", "/faults", {"kind": "slow", "seconds": 86400}, 201)
    connection = tenant.order_connection()
    tenant.turn("PT23H")
    tenant.login()
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "allocated"
    tenant.turn("PT2H")
    tenant.login()
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"


def test_faults_are_dropped(tenant: Rehearsal) -> None:
    tenant.control("POST", "/faults", {"kind": "refused", "count": 1000}, 201)
    assert tenant.control("POST", "/faults", {"kind": "refused"}, 400)["properties"][0]["name"] == "count"
    assert tenant.control("DELETE", "/faults") == []
    connection = tenant.order_connection()
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "kind"),
        ({"kind": "odd"}, "kind"),
        ({"kind": "refused", "count": 0}, "count"),
        ({"kind": "slow"}, "seconds"),
        ({"kind": "refused", "seconds": 5}, "seconds"),
    ],
)
def test_what_is_no_fault(main: Rehearsal, body: Any, member: str) -> None:
    problem = main.control("POST", "/faults", body, 400)
    assert [fault["name"] for fault in problem["properties"]] == [member]


def test_a_port_flaps(tenant: Rehearsal) -> None:
    [port] = tenant.get("/ports")
    assert (port["operational_state"], port["status"]) == ("up", [])
    tenant.control("POST", f"/ports/{port['id']}/flaps", {"seconds": 3600}, 202)
    down = tenant.get(f"/ports/{port['id']}")
    assert (down["state"], down["operational_state"], tags(down)) == ("production", "down", ["link_down"])
    tenant.turn("PT59M")
    assert tenant.get(f"/ports/{port['id']}")["operational_state"] == "down"
    tenant.turn("PT2M")
    up = tenant.get(f"/ports/{port['id']}")
    assert (up["operational_state"], up["status"]) == ("up", [])
    tenant.control("POST", "/ports/nothing/flaps", status=404)


def test_a_port_that_flaps_again_comes_up_when_it_was_told_last(tenant: Rehearsal) -> None:
    [port] = tenant.get("/ports")
    for seconds in (60, 3600, 600):
        tenant.control("POST", f"/ports/{port['id']}/flaps", {"seconds": seconds}, 202)
    tenant.turn("PT9M")
    assert tenant.get(f"/ports/{port['id']}")["operational_state"] == "down"
    tenant.turn("PT2M")
    assert tenant.get(f"/ports/{port['id']}")["operational_state"] == "up"
    tenant.turn("PT1H")
    assert tenant.get(f"/ports/{port['id']}")["operational_state"] == "up"


def test_a_reset_brings_the_seeded_state_back(tenant: Rehearsal, data: tuple[str, Any]) -> None:
    def everything() -> dict[str, Any]:
        return {
            path: tenant.get(path)
            for path in ("/connections", "/ports", "/macs", "/network-service-configs", "/devices", "/ips")
        }

    before = everything()
    tenant.order_connection()
    tenant.control("PUT", "/reconciler", {"paused": True})
    tenant.control("POST", "/faults", {"kind": "refused", "count": 5}, 201)
    tenant.turn("P2Y")
    token = tenant.token
    with closing(psycopg.connect(data[0])) as other:
        # Somebody else is in the middle of reading.
        other.execute(f"select count(*) from tenant_{tenant.described['name']}.document")  # type: ignore[arg-type]
        assert tenant.control("POST", "/resets") == tenant.described
    tenant.token = token
    tenant.get("/account", 401)
    tenant.login()
    assert everything() == before
    clock = tenant.control("GET", "/clock")
    assert abs(moment(clock["at"]) - datetime.now(moment(clock["at"]).tzinfo)) < timedelta(minutes=1)
    assert tenant.control("GET", "/faults") == []
    assert tenant.control("GET", "/reconciler")["paused"] is False
    connection = tenant.order_connection()
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"


def test_a_reset_under_requests_of_others_fails_none_of_them_badly(tenant: Rehearsal) -> None:
    """They are answered before it, wait for it, or have lost their login by it."""
    stop = threading.Event()
    statuses: set[int] = set()

    def read() -> None:
        with httpx.Client(timeout=30) as http:
            while not stop.is_set():
                headers = {"Authorization": f"Bearer {tenant.token}"}
                statuses.add(http.get(f"{tenant.url}/connections", headers=headers).status_code)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        wait_until(lambda: 200 in statuses)
        tenant.control("POST", "/resets")
        wait_until(lambda: 401 in statuses)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert statuses == {200, 401}


def test_the_main_exchange_is_reset_as_well(main: Rehearsal, origin: str) -> None:
    described = main.control("POST", "/resets")
    assert (described["name"], described["url"]) == (None, f"{origin}/api/v2")
    main = Rehearsal(described, main.http)
    main.login()
    main.order_connection()
    main.turn("P1M")
    main.control("POST", "/resets")
    main.login()
    assert len(main.get("/connections")) == 1


def test_it_cannot_be_tried_out_and_pages_from_elsewhere_do_not_control_it(tenant: Rehearsal) -> None:
    dry = tenant.http.post(f"{tenant.controls}/resets", headers={"Prefer": "dry-run"})
    assert (dry.status_code, dry.json()["properties"][0]["name"]) == (400, "Prefer")
    elsewhere = tenant.http.post(f"{tenant.controls}/resets", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    tenant.get("/account")
