"""Webhooks of a tenant: they go by its clock, and nowhere but to this machine."""

from typing import Any

from tests.sandbox.conftest import Rehearsal
from tests.waiting import wait_until
from tests.webhooks.receiver import receiving


def call(tenant: Rehearsal, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
    url = tenant.controls.replace("/sandbox/", "/webhooks/") + "/subscriptions" + path
    headers = {"Authorization": f"Bearer {tenant.token}"}
    answer = tenant.http.request(method, url, headers=headers, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_order_is_followed_and_retries_go_by_the_tenants_clock(tenant: Rehearsal) -> None:
    tenant.control("PUT", "/clock", {"speed": 0})
    with receiving() as receiver:
        made = call(tenant, "POST", "", {"url": receiver.url, "resource_types": ["connections"]}, 201)
        receiver.answers.append(500)
        connection = tenant.order_connection()
        wait_until(lambda: call(tenant, "GET", f"/{made['id']}")["failing_since"])
        assert len(receiver.received) == 1
        tenant.turn("PT1H")
        wait_until(lambda: receiver.received[-1].event["state"] == "production")
        assert receiver.ids[0] == receiver.ids[1]
        assert {each.event["resource_id"] for each in receiver.received} == {connection["id"]}
        tenant.control("POST", "/resets")
        tenant.login()
        assert call(tenant, "GET") == []


def test_nothing_leaves_this_machine(tenant: Rehearsal) -> None:
    for url in ("https://hooks.example.net/", "https://1.1.1.1/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/"):
        problem = call(tenant, "POST", "", {"url": url}, 400)
        assert "this machine" in problem["properties"][0]["reason"]
