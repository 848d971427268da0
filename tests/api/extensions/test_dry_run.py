"""`Prefer: dry-run`: every write answers as it would, and leaves nothing behind."""

from typing import Any

import psycopg
import pytest

from peerhall.api.application import IMPLEMENTED
from peerhall.contract.operations import OPERATIONS, Operation
from tests.api.cast import MANAGER, STRANGER
from tests.api.orders import fresh, fresh_circuit, request_body
from tests.api.test_access import CALLERS, ROWS
from tests.api.test_secrets import dump
from tests.clock import Clock
from tests.installation import Caller, Site

WRITES = [each for each in OPERATIONS if each.permission == "write" and each.id in IMPLEMENTED]
ABLE = {
    operation: (subject, account)
    for column, account in (("stranger", STRANGER), ("manager", MANAGER))
    for operation, subject, cells in reversed(ROWS)
    if cells[CALLERS.index(column)].startswith("2")
}
"""For each operation an object, and who may do it to that: the manager, but for what it is others' to do."""
TRIAL = {"Prefer": "dry-run"}


def everything(site: Site) -> dict[str, str]:
    """All that is stored, but who logged in when."""
    tables = dump(site.dsn)
    return {name: text for name, text in tables.items() if name not in ("session", "api_key", "heartbeat")}


def send(site: Site, caller: Caller, operation: Operation, headers: dict[str, str]) -> Any:
    subject, _ = ABLE[operation.id]
    if operation.path.endswith("/change-request"):
        subject = fresh_circuit(site, wished=operation.method == "DELETE")
    elif operation.method == "DELETE":
        subject = fresh(site, operation.group)
    binary = operation.body == "binary"
    body = {"content": b"We let you connect."} if binary else {"json": request_body(site, operation, subject)}
    before = everything(site)
    answer = caller.request(operation.method, operation.path.replace("{id}", subject), headers=headers, **body)
    return answer, everything(site) == before


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.id)
def test_a_trial_answers_as_the_order_would_and_leaves_nothing_behind(staged: Site, operation: Operation) -> None:
    manager = staged.login(ABLE[operation.id][1])
    key = {"Idempotency-Key": operation.id} if operation.method == "POST" else {}
    tried, unchanged = send(staged, manager, operation, {**TRIAL, **key})
    assert tried.status_code == operation.status, tried.text
    assert unchanged, "the trial has left something behind"
    assert tried.headers["Preference-Applied"] == "dry-run"
    assert "Location" not in tried.headers
    done, unchanged = send(staged, manager, operation, key)
    assert done.status_code == tried.status_code
    assert not unchanged
    assert "Preference-Applied" not in done.headers
    if operation.answer:
        assert done.json().keys() == tried.json().keys()
        assert done.json().get("state") == tried.json().get("state")


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.id)
def test_a_refused_trial_is_refused_like_the_order(staged: Site, operation: Operation) -> None:
    for caller in (staged.login(STRANGER), staged.login(MANAGER, read_only=True)):
        tried, unchanged = send(staged, caller, operation, TRIAL)
        if tried.status_code < 400:  # what everybody may do for itself
            continue
        assert unchanged, "the trial has left something behind"
        done, _ = send(staged, caller, operation, {})
        parts = ("type", "status", "detail", "properties")
        assert [done.json().get(part) for part in parts] == [tried.json().get(part) for part in parts]
        assert "Preference-Applied" not in done.headers


@pytest.mark.parametrize(
    "header",
    [
        "dry-run",
        f"wait=10; {' ' * 20_000}, dry-run",
        "Dry-Run",
        "respond-async, dry-run",
        'dry-run; why="to see, really"',
        'note="a, dry-run", dry-run',
        "dry-run=",
        "wait=10,, dry-run",
        'dry-run=""',
    ],
)
def test_the_header_is_read_as_rfc_7240_writes_it(site: Site, header: str) -> None:
    member = site.login("member")
    answer = member.request("POST", "/contacts", json={"name": "x"}, headers={"Prefer": header})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "dry-run")
    assert member.get("/contacts") == []


@pytest.mark.parametrize("header", ["respond-async", 'note="dry-run"', "dry-running", "handling=strict; dry-run"])
def test_other_preferences_are_no_trial(site: Site, header: str) -> None:
    member = site.login("member")
    assert (
        "Preference-Applied"
        not in member.request("POST", "/contacts", json={"name": "x"}, headers={"Prefer": header}).headers
    )
    assert len(member.get("/contacts")) == 1


@pytest.mark.parametrize("header", ["dry-run=false", 'dry-run="no"', "dry-run please", '"dry-run'])
def test_what_may_have_been_meant_as_a_trial_is_not_carried_out(site: Site, header: str) -> None:
    member = site.login("member")
    answer = member.request("POST", "/contacts", json={"name": "x"}, headers={"Prefer": header})
    assert (answer.status_code, [each["name"] for each in answer.json()["properties"]]) == (400, ["Prefer"])
    assert member.get("/contacts") == []


def test_where_it_is_switched_off_it_is_neither_announced_nor_ignored(database: str, clock: Clock) -> None:
    with Site(database, clock, switched_off=("dry-run",)).open() as site:
        assert "dry-run" not in [each["name"] for each in site.http.get("/extensions").json()]
        member = site.login("member")
        member.post("/contacts", {"name": "x"}, 400, headers=TRIAL)
        assert member.get("/contacts") == []


def test_a_trial_under_a_known_key_is_answered_like_the_order(site: Site) -> None:
    member = site.login("member")
    key = {"Idempotency-Key": "once"}
    tried = member.post("/contacts", {"name": "x"}, headers={**key, **TRIAL})
    made = member.post("/contacts", {"name": "x"}, headers=key)
    assert tried["id"] != made["id"]
    assert member.post("/contacts", {"name": "x"}, headers={**key, **TRIAL}) == made
    assert member.request("POST", "/contacts", json={"name": "y"}, headers={**key, **TRIAL}).status_code == 409


def test_nothing_is_queued_for_the_network(site: Site) -> None:
    member = site.login("member")
    body = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
    assert member.post("/connections", body, headers=TRIAL)["state"] == "requested"
    assert not site.reconciler.work_once()
    with psycopg.connect(site.dsn) as connection:
        assert connection.execute("select count(*) from claim where kind = 'port'").fetchone() == (0,)
