"""Subscriptions: who may have, see and change them, and that their secrets are nowhere in clear."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from peerhall.daemon.logs import JsonLines
from peerhall.exchange.webhook_targets import Reach
from peerhall.store.backup import write_backup
from tests.clock import Clock
from tests.installation import Caller, Site

SUBSCRIPTIONS = "/api/ext/webhooks/v1/subscriptions"
URL = "http://127.0.0.1:8080/hook"


def call(
    site: Site, caller: Caller, method: str, path: str = "", body: Any = None, status: int = 200, **headers: str
) -> Any:
    options = {} if body is None else {"json": body}
    answer = caller.request(method, f"{site.origin}{SUBSCRIPTIONS}{path}", headers=headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def subscribe(site: Site, caller: Caller, **members: Any) -> dict[str, Any]:
    return dict(call(site, caller, "POST", "", {"url": URL, **members}, 201))


def without_secret(subscription: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in subscription.items() if name != "secret"}


def test_a_subscription_is_made_read_changed_and_deleted(site: Site) -> None:
    member = site.login("member")
    answer = member.request("POST", site.origin + SUBSCRIPTIONS, json={"url": URL, "label": "NOC"})
    made = answer.json()
    assert answer.headers["Location"] == f"{SUBSCRIPTIONS}/{made['id']}"
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert (made["account"], made["active"], made["resource_types"], made["paused"]) == ("member", True, None, None)
    path = f"/{made['id']}"
    assert call(site, member, "GET") == [call(site, member, "GET", path)] == [without_secret(made)]
    changes = {"label": "", "active": False, "resource_types": ["ports", "connections", "ports"], "url": URL + "/2"}
    changed = call(site, member, "PATCH", path, changes)
    assert changed == {**without_secret(made), **changes, "resource_types": ["connections", "ports"]}
    assert call(site, member, "PATCH", path, {"resource_types": None})["resource_types"] is None
    assert call(site, member, "DELETE", path)["id"] == made["id"]
    assert call(site, member, "GET") == []
    call(site, member, "GET", path, status=404)


def test_strangers_find_nothing(site: Site) -> None:
    made = subscribe(site, site.login("member"))
    rival = site.login("rival")
    assert call(site, rival, "GET") == []
    for method, path, body in everything(made["id"]):
        gone = call(site, rival, method, path, body, 404)
        assert gone == {
            **call(site, rival, method, path.replace(made["id"], "none"), body, 404),
            "instance": gone["instance"],
        }
    for method, path, body in everything(made["id"]):
        answer = site.http.request(method, f"{site.origin}{SUBSCRIPTIONS}{path}", json=body)
        assert answer.status_code == 401


def everything(id_: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"/{id_}", None),
        ("GET", f"/{id_}/deliveries", None),
        ("PATCH", f"/{id_}", {"label": "x"}),
        ("POST", f"/{id_}/secrets", None),
        ("POST", f"/{id_}/tests", None),
        ("POST", f"/{id_}/replays", {"after": "now"}),
        ("DELETE", f"/{id_}", None),
    ]


def test_a_read_only_key_only_reads(site: Site) -> None:
    made = subscribe(site, site.login("member"))
    reader = site.login("member", read_only=True)
    assert call(site, reader, "GET") == [without_secret(made)]
    assert call(site, reader, "GET", f"/{made['id']}/deliveries") == []
    call(site, reader, "POST", "", {"url": URL}, 403)
    for method, path, body in everything(made["id"])[2:]:
        call(site, reader, method, path, body, 403)
    assert call(site, reader, "GET") == [without_secret(made)]


@pytest.mark.parametrize("above", ["reseller", None])
def test_who_stands_above_can_stop_it_and_not_lead_it_elsewhere(site: Site, above: str | None) -> None:
    made = subscribe(site, site.login("customer"))
    caller, path = site.login(above), f"/{made['id']}"
    assert call(site, caller, "GET") == [without_secret(made)]
    for change in ({"url": URL + "/mine"}, {"resource_types": ["ports"]}, {"url": URL + "/mine", "active": True}):
        call(site, caller, "PATCH", path, change, 403)
    call(site, caller, "POST", f"{path}/secrets", None, 403)
    assert call(site, caller, "PATCH", path, {"active": False})["active"] is False
    assert call(site, caller, "PATCH", path, {"active": True})["active"] is True
    call(site, caller, "DELETE", path)


def test_an_account_can_have_so_many(site: Site) -> None:
    member = site.login("member")
    for _ in range(10):
        subscribe(site, member)
    refused = call(site, member, "POST", "", {"url": URL}, 400)
    assert "10" in refused["detail"]
    subscribe(site, site.login("rival"))
    subscribe(site, site.login(None))
    call(site, member, "DELETE", f"/{call(site, member, 'GET')[0]['id']}")
    subscribe(site, member)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"url": "x"}, "url"),
        ({"url": "https://hooks.example.net/"}, "url"),
        ({"url": URL, "label": "x" * 81}, "label"),
        ({"url": URL, "label": None}, "label"),
        ({"url": URL, "resource_types": []}, "resource_types"),
        ({"url": URL, "resource_types": ["contacts"]}, "resource_types"),
        ({"url": URL, "resource_types": "ports"}, "resource_types"),
        ({"url": URL, "active": "yes"}, "active"),
        ({"url": URL, "activ": True}, "activ"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
        ([], ""),
    ],
)
def test_what_is_wrong_is_named(site: Site, body: Any, named: str) -> None:
    member = site.login("member")
    problem = call(site, member, "POST", "", body, 400)
    assert [each["name"] for each in problem["properties"]] == [named]
    assert call(site, member, "GET") == []


def test_what_is_wrong_with_a_replay_is_named(site: Site) -> None:
    member = site.login("member")
    path = f"/{subscribe(site, member)['id']}/replays"
    unknown = "00000000-0000-0000-0000-000000000000"
    for body, named in [
        ({}, "after"),
        ({"after": "now", "event": unknown}, "after"),
        ({"after": "x"}, "after"),
        ({"after": unknown}, "after"),
        ({"event": unknown}, "event"),
        ({"event": "now"}, "event"),
        ({"since": "now"}, "since"),
    ]:
        problem = call(site, member, "POST", path, body, 400)
        assert [each["name"] for each in problem["properties"]] == [named], body
    assert call(site, member, "GET", path.replace("replays", "deliveries"), status=200) == []


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "http://example.net/"]
)
def test_in_production_a_private_address_is_refused_at_once(database: str, clock: Clock, url: str) -> None:
    with Site(database, clock, reach=Reach()).open() as site:
        member = site.login("member")
        problem = call(site, member, "POST", "", {"url": url}, 400)
        assert [each["name"] for each in problem["properties"]] == ["url"]
        made = call(site, member, "POST", "", {"url": "https://hooks.example.net/"}, 201)
        call(site, member, "PATCH", f"/{made['id']}", {"url": url}, 400)


def test_a_trial_leaves_nothing_behind(site: Site) -> None:
    member = site.login("member")
    answer = member.request(
        "POST", site.origin + SUBSCRIPTIONS, json={"url": URL}, headers={"Prefer": "dry-run", "Idempotency-Key": "1"}
    )
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "dry-run")
    assert "Location" not in answer.headers
    assert call(site, member, "GET") == []
    made = subscribe(site, member)
    before = dump(site)
    for method, path, body in everything(made["id"])[2:]:
        answer = member.request(method, f"{site.origin}{SUBSCRIPTIONS}{path}", json=body, headers={"Prefer": "dry-run"})
        assert answer.is_success
    assert dump(site) == before


def dump(site: Site) -> list[Any]:
    tables = ("webhook", "webhook_delivery", "journal", "idempotency")
    return [site.connection.execute(f"select * from {table}").fetchall() for table in tables]


def test_repeated_under_its_key_it_is_the_same_with_its_secret(site: Site) -> None:
    member = site.login("member")
    first = call(site, member, "POST", "", {"url": URL}, 201, **{"Idempotency-Key": "once"})
    assert call(site, member, "POST", "", {"url": URL}, 201, **{"Idempotency-Key": "once"}) == first
    call(site, member, "POST", "", {"url": URL + "/2"}, 409, **{"Idempotency-Key": "once"})
    assert len(call(site, member, "GET")) == 1
    path = f"/{first['id']}/secrets"
    second = call(site, member, "POST", path, None, 201, **{"Idempotency-Key": "new"})
    assert call(site, member, "POST", path, None, 201, **{"Idempotency-Key": "new"}) == second
    assert second["secret"] != first["secret"]
    assert second["previous_secret_until"] == "2026-09-02T12:00:00Z"


def test_secrets_stand_nowhere_in_clear(
    site: Site, caplog: pytest.LogCaptureFixture, tmp_path: Path, clock: Clock
) -> None:
    caplog.set_level(logging.DEBUG)
    member = site.login("member")
    hidden = "a-secret-path"
    made = call(site, member, "POST", "", {"url": f"{URL}/{hidden}"}, 201, **{"Idempotency-Key": "once"})
    again = call(site, member, "POST", f"/{made['id']}/secrets", None, 201, **{"Idempotency-Key": "once"})
    call(site, member, "POST", "", {"url": f"https://user:{hidden}@x.example/{hidden}", "secret": made["secret"]}, 400)
    call(site, member, "POST", f"/{made['id']}/tests", None, 202)
    site.deliver()
    secrets = [secret.removeprefix("whsec_") for secret in (made["secret"], again["secret"])]
    formatter = JsonLines()
    lines = "\n".join(formatter.format(each) for each in caplog.records if not each.name.startswith("http"))
    assert "not delivered" in lines
    backup = tmp_path / "backup.zip"
    write_backup(site.connection, backup, clock(), lambda *_: None)
    stored = "\n".join(
        json.dumps([str(value) for value in row])
        for (table,) in site.connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
        for row in site.connection.execute(f"select * from {table}").fetchall()
    )
    for secret in secrets:
        assert secret not in lines
        assert secret not in stored
    journal = str(site.connection.execute("select detail::text from journal").fetchall())
    assert "http://127.0.0.1:8080/" in journal
    for text in (journal, lines):
        assert hidden not in text


def test_every_write_is_journalled(site: Site) -> None:
    member = site.login("member")
    made = subscribe(site, member)
    for method, path, body in everything(made["id"])[2:]:
        call(site, member, method, path, body, {"/secrets": 201, "/tests": 202, "/replays": 202}.get(path[37:], 200))
    call(site, site.login("rival"), "DELETE", f"/{made['id']}", None, 404)
    entries = site.connection.execute(
        "select operation, outcome, kind, document from journal where operation like 'webhooks%' order by serial"
    ).fetchall()
    assert {(kind, document) for _, _, kind, document in entries} == {("webhooks", made["id"])}
    assert [operation for operation, outcome, _, _ in entries if outcome == "accepted"] == [
        "webhooks_create",
        "webhooks_partial_update",
        "webhooks_secrets_create",
        "webhooks_tests_create",
        "webhooks_replays_create",
        "webhooks_destroy",
    ]
    assert entries[-1][1] == "refused"


def test_without_keys_there_are_none(database: str, clock: Clock) -> None:
    with Site(database, clock, webhook_keys="").open() as site:
        assert "webhooks" not in [each["name"] for each in site.http.get("/extensions").json()]
        call(site, site.login("member"), "GET", status=404)


def test_they_go_with_their_account(site: Site) -> None:
    subscribe(site, site.login("newcomer"))
    site.connection.execute("delete from account_tree where account = 'newcomer'")
    site.connection.execute("delete from document where id = 'newcomer'")
    assert site.connection.execute("select count(*) from webhook").fetchone() == (0,)


def test_limits_of_the_list_of_deliveries(site: Site) -> None:
    member = site.login("member")
    path = f"/{subscribe(site, member)['id']}"
    for _ in range(100):
        call(site, member, "POST", f"{path}/tests", None, 202)
    assert "100" in call(site, member, "POST", f"{path}/tests", None, 400)["detail"]
    assert len(call(site, member, "GET", f"{path}/deliveries?limit=7&state=pending")) == 7
    assert call(site, member, "GET", f"{path}/deliveries?state=delivered") == []
    for query, named in (("limit=0", "limit"), ("limit=x", "limit"), ("state=lost", "state")):
        problem = call(site, member, "GET", f"{path}/deliveries?{query}", status=400)
        assert [each["name"] for each in problem["properties"]] == [named]
