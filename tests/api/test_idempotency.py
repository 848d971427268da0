"""An order that is sent again under its Idempotency-Key is carried out once and answered alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from peerhall.contract.operations import BY_ID
from peerhall.orderdesk.commands import CREATE, Command
from peerhall.orderdesk.desk import OrderDesk
from peerhall.store import credentials
from peerhall.store.database import connect
from peerhall.store.reading import Login
from tests.api.cast import MANAGER
from tests.api.orders import request_body
from tests.installation import Caller, Site
from tests.orderdesk.test_exchange_lans import set_rules
from tests.waiting import wait_until

CONNECTION = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}


def send(caller: Caller, path: str, body: Any, key: str = "once", **options: Any) -> httpx.Response:
    answer: httpx.Response = caller.request("POST", path, json=body, headers={"Idempotency-Key": key}, **options)
    return answer


def count(site: Site, kind: str) -> int:
    row = site.connection.execute("select count(*) from document where kind = %s", (kind,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("group", CREATE)
def test_an_order_sent_again_is_answered_alike_and_carried_out_once(staged: Site, group: str) -> None:
    manager = staged.login(MANAGER)
    body = request_body(staged, BY_ID[f"{group.replace('-', '_')}_create"], "")
    before = count(staged, group)
    first = send(manager, f"/{group}", body, group)
    assert first.status_code == 201
    for caller in (manager, manager, staged.login(MANAGER)):
        again = send(caller, f"/{group}", body, group)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Location"] == first.headers["Location"]
    assert count(staged, group) == before + 1


def test_the_answer_stays_when_the_object_changes_or_goes(site: Site) -> None:
    member = site.login("member")
    first = send(member, "/contacts", {"name": "before"})
    path = f"/contacts/{first.json()['id']}"
    member.patch(path, {"name": "after"}, 200)
    assert send(member, "/contacts", {"name": "before"}).content == first.content
    member.delete(path, 200)
    assert send(member, "/contacts", {"name": "before"}).content == first.content
    assert member.get("/contacts") == []


def test_the_order_of_members_and_blanks_make_no_other_body(site: Site) -> None:
    member = site.login("member")
    headers = {"Idempotency-Key": "once"}
    bodies = ('{"name": "x", "external_ref": "\u00fc"}', '{"external_ref":"\\u00fc",\n"name":"x"}')
    answers = [member.request("POST", "/contacts", content=body.encode(), headers=headers) for body in bodies]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("other", [{"name": "y"}, {"name": "x", "email": None}, {"name": "x", "unknown": 1}, {}])
def test_another_body_is_a_conflict(site: Site, other: Any) -> None:
    member = site.login("member")
    send(member, "/contacts", {"name": "x"})
    answer = send(member, "/contacts", other)
    assert (answer.status_code, answer.json()["status"]) == (409, 409)
    assert answer.json()["type"].endswith("idempotency-conflict")
    assert count(site, "contacts") == 1


def test_keys_are_of_an_account_and_an_operation(site: Site) -> None:
    member = site.login("member")
    answers = [
        send(member, "/contacts", {"name": "x"}),
        send(member, "/macs", {"address": "02:00:5e:00:53:01"}),
        send(member, "/contacts", {"name": "y"}, "twice"),
        send(site.login("rival"), "/contacts", {"name": "z"}),
    ]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert send(site.login("member"), "/contacts", {"name": "x"}).content == answers[0].content


def test_operators_do_not_share_their_keys(site: Site) -> None:
    owners = {"managing_account": "member", "consuming_account": "member"}
    ids = {send(site.login(None), "/contacts", owners).json()["id"] for _ in range(2)}
    assert len(ids) == 2


def test_without_a_key_every_order_counts(site: Site) -> None:
    member = site.login("member")
    assert len({member.post("/contacts", {"name": "x"})["id"] for _ in range(3)}) == 3


def test_a_mistake_is_corrected_under_the_same_key(site: Site) -> None:
    member = site.login("member")
    assert send(member, "/contacts", {"email": "nonsense"}).status_code == 400
    assert send(member, "/contacts", {"email": "noc@example.net"}).status_code == 201
    assert send(member, "/contacts", {"email": "nonsense"}).status_code == 409
    assert send(site.login("rival", read_only=True), "/contacts", {}, "rivals").status_code == 403
    assert send(site.login("rival"), "/contacts", {}, "rivals").status_code == 201


def test_what_was_refused_stays_refused_for_copies_that_come_late(site: Site) -> None:
    set_rules(site, open_orders_limit=1)
    member = site.login("member")
    in_the_way = member.post("/connections", CONNECTION)["id"]
    refused = send(member, "/connections", CONNECTION)
    assert refused.status_code == 400
    member.delete(f"/connections/{in_the_way}")
    journalled = count_lines(site)
    for _ in range(2):
        late = send(member, "/connections", CONNECTION)
        assert (late.status_code, late.json()["type"]) == (400, refused.json()["type"])
        assert late.json()["detail"].startswith(refused.json()["detail"])
        assert "take another key" in late.json()["detail"]
    assert count_lines(site) == journalled
    assert send(member, "/connections", CONNECTION, "another").status_code == 201


def test_what_is_told_of_a_refusal_is_told_again(site: Site) -> None:
    member = site.login("member")
    first, again = (send(member, "/contacts", {"email": "nonsense", "telephone": "x"}).json() for _ in range(2))
    assert first["properties"] == again["properties"]
    assert first["status"] == again["status"] == 400


def test_after_ten_minutes_a_refusal_is_forgotten(site: Site) -> None:
    set_rules(site, open_orders_limit=1)
    member = site.login("member")
    in_the_way = member.post("/connections", CONNECTION)["id"]
    assert send(member, "/connections", CONNECTION).status_code == 400
    member.delete(f"/connections/{in_the_way}")
    site.clock.turn(minutes=9, seconds=59)
    assert send(member, "/connections", CONNECTION).status_code == 400
    site.clock.turn(seconds=1)
    assert send(member, "/connections", CONNECTION).status_code == 201


def test_a_copy_that_was_refused_while_another_was_carried_out_is_answered_as_that(site: Site) -> None:
    set_rules(site, open_orders_limit=1)
    member = site.login("member")
    in_the_way = member.post("/connections", CONNECTION)["id"]
    accepted: list[httpx.Response] = []

    def clock() -> datetime:
        """Read when the order begins, and again when it has been given up but its client was not told so yet."""
        calls.append(None)
        if len(calls) == 2:
            member.delete(f"/connections/{in_the_way}")
            accepted.append(send(member, "/connections", CONNECTION))
        return site.clock()

    calls: list[None] = []
    desk = OrderDesk(site.pool, clock, wake=lambda: None)
    command = Command(BY_ID["connections_create"], CONNECTION, idempotency_key="once")
    answer = desk.place(log_in(site, "member"), command)
    assert accepted[0].status_code == 201
    assert answer.document == accepted[0].json()["id"]


def log_in(site: Site, account: str) -> Login:
    """As the desk knows who is asking."""
    key, _ = site.key(account)
    session = credentials.open_session(site.connection, key, site.clock(), timedelta(hours=1))
    return Login(credentials.session_digest(session), False, account)


def count_lines(site: Site) -> int:
    row = site.connection.execute("select count(*) from journal").fetchone()
    assert row is not None
    return int(row[0])


def test_after_a_day_the_key_is_new(site: Site) -> None:
    key, secret = site.key("member")

    def order(body: Any) -> httpx.Response:
        pair = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
        return send(Caller(site.http, pair["access_token"]), "/contacts", body)

    first = order({"name": "x"})
    site.clock.turn(hours=23, minutes=59)
    assert order({"name": "x"}).content == first.content
    site.clock.turn(minutes=1)
    second = order({"name": "y"})
    assert second.status_code == 201
    assert order({"name": "y"}).content == second.content
    assert count(site, "contacts") == 2


def test_logins_have_none(site: Site) -> None:
    key, secret = site.key("member")
    body = {"api_key": key, "api_secret": secret}
    headers = {"Idempotency-Key": "once"}
    tokens = {site.http.post("/auth/token", json=body, headers=headers).text for _ in range(2)}
    assert len(tokens) == 2
    assert site.connection.execute("select count(*) from idempotency").fetchone() == (0,)


def test_other_methods_have_none(site: Site) -> None:
    member = site.login("member")
    contact = member.post("/contacts", {"name": "x"})["id"]
    headers = {"Idempotency-Key": "once"}
    for name in ("y", "z"):
        assert member.patch(f"/contacts/{contact}", {"name": name}, 200, headers=headers)["name"] == name
    member.delete(f"/contacts/{contact}", 200, headers=headers)
    member.delete(f"/contacts/{contact}", 404, headers=headers)


def test_while_the_first_is_at_work_the_second_is_a_conflict(site: Site) -> None:
    member = site.login("member")
    with ThreadPoolExecutor(1) as pool, connect(site.dsn) as other:
        with other.transaction():
            other.execute("select from document where id = 'switch' for update")
            first = pool.submit(send, member, "/connections", CONNECTION)
            wait_until(lambda: is_waiting_for_a_lock(site))
            second = send(member, "/connections", CONNECTION)
            assert (second.status_code, second.json()["type"].rpartition(":")[2]) == (409, "idempotency-conflict")
            assert first.result().status_code == 503
            assert first.result().headers["Retry-After"] == "1"
        third = send(member, "/connections", CONNECTION)
    assert third.status_code == 201, "what came to nothing is not remembered"
    assert count(site, "connections") == 1


def test_of_many_at_once_one_is_carried_out(site: Site) -> None:
    member = site.login("member")

    def order(_: int) -> str:
        while (answer := send(member, "/contacts", {"name": "x"})).status_code == 409:
            pass
        assert answer.status_code == 201
        return answer.text

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(order, range(64)))) == 1
    assert count(site, "contacts") == 1


def is_waiting_for_a_lock(site: Site) -> bool:
    row = site.connection.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'").fetchone()
    assert row is not None
    return bool(row[0])
