"""What is sent: each event in order and at least once, to those who may see it, whatever happens on the way."""

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from peerhall.store import credentials, sealing
from peerhall.store import deliveries as stored
from peerhall.store.backup import restore_backup, write_backup
from peerhall.store.database import OrderPool, connect
from peerhall.webhooks.delivering import Deliverer
from peerhall.webhooks.sending import Sender
from tests.api.extensions.test_change_feed import change_state, follow, peer
from tests.api.extensions.test_webhooks import call
from tests.clock import Clock
from tests.installation import THIS_MACHINE, Caller, Site
from tests.waiting import wait_until
from tests.webhooks.receiver import Receiver, receiving

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "extensions.md"
FAIL_FOR_EVER = [500] * 1000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def member(site: Site) -> Caller:
    return site.login("member")


def subscribe(site: Site, caller: Caller, receiver: Receiver, **members: Any) -> dict[str, Any]:
    return dict(call(site, caller, "POST", "", {"url": receiver.url, **members}, 201))


def read(site: Site, caller: Caller, subscription: dict[str, Any]) -> dict[str, Any]:
    return dict(call(site, caller, "GET", f"/{subscription['id']}"))


def deliveries(site: Site, caller: Caller, subscription: dict[str, Any]) -> list[dict[str, Any]]:
    """Oldest first."""
    return list(reversed(call(site, caller, "GET", f"/{subscription['id']}/deliveries?limit=500")))


def happen(site: Site, *states: str, account: str = "member") -> None:
    """Something changes for the account, once for each state."""
    for state in states:
        change_state(site.connection, account, state)


def states(receiver: Receiver) -> list[str]:
    return [each.event["state"] for each in receiver.received]


def test_the_events_of_the_feed_are_sent_in_order_from_then_on(site: Site, member: Caller, receiver: Receiver) -> None:
    happen(site, "error", "production")
    before = follow(site, member)
    subscription = subscribe(site, member, receiver)
    peer(site, member)
    site.deliver()
    events = follow(site, member)[len(before) :]
    assert len(events) > 5
    assert [each.event for each in receiver.received] == events
    assert receiver.ids == [each["id"] for each in events]
    listed = deliveries(site, member, subscription)
    assert [(each["event"], each["cause"], each["state"], each["status"]) for each in listed] == [
        (id_, "event", "delivered", 204) for id_ in receiver.ids
    ]
    assert read(site, member, subscription)["last_delivered_at"] == "2026-09-01T12:00:00Z"


def test_only_of_what_is_asked_for(site: Site, member: Caller, receiver: Receiver) -> None:
    subscribe(site, member, receiver, resource_types=["network-service-configs"])
    peer(site, member)
    site.deliver()
    assert {each.event["resource_type"] for each in receiver.received} == {"network-service-configs"}


def test_the_documented_snippet_verifies_it(site: Site, member: Caller, receiver: Receiver) -> None:
    snippet = re.search(r"```python\n(import base64.*?)```", REFERENCE.read_text(), re.DOTALL)
    assert snippet is not None
    namespace: dict[str, Any] = {}
    exec(snippet[1], namespace)
    verify, when = namespace["verify"], site.clock().timestamp()
    subscription = subscribe(site, member, receiver)
    happen(site, "error")
    site.deliver()
    [request] = receiver.received
    headers = {name.title(): value for name, value in request.headers.items()}
    secret = subscription["secret"]
    namespace["time"] = SimpleNamespace(time=lambda: when)
    assert verify(secret, headers, request.body)
    assert not verify(secret, headers, request.body + b" ")
    assert not verify(secret, {**headers, "Webhook-Id": "x"}, request.body)
    assert not verify(secret, {**headers, "Webhook-Timestamp": str(int(when) + 1)}, request.body)
    assert not verify("whsec_" + base64.b64encode(bytes(32)).decode(), headers, request.body)
    namespace["time"] = SimpleNamespace(time=lambda: when + 301)
    assert not verify(secret, headers, request.body), "too old"


def signed_by(request: Any, secret: str) -> bool:
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}" in request.headers["webhook-signature"].split()


def test_for_a_day_both_secrets_sign(site: Site, member: Caller, receiver: Receiver) -> None:
    first = subscribe(site, member, receiver)
    second = call(site, member, "POST", f"/{first['id']}/secrets", None, 201)
    happen(site, "error")
    site.deliver()
    site.clock.turn(hours=24)
    happen(site, "production")
    site.deliver()
    both, later = receiver.received
    assert [signed_by(both, each["secret"]) for each in (first, second)] == [True, True]
    assert [signed_by(later, each["secret"]) for each in (first, second)] == [False, True]


def test_an_event_that_is_not_taken_is_tried_again_and_holds_up_the_others(
    site: Site, member: Caller, receiver: Receiver
) -> None:
    subscription = subscribe(site, member, receiver)
    receiver.answers += [500, 302, 404]
    happen(site, "error", "production", "testing")
    waits = []
    for _ in range(3):
        site.deliver()
        shown = read(site, member, subscription)
        assert (shown["failing_since"], shown["paused"]) == ("2026-09-01T12:00:00Z", None)
        before = site.clock()
        while len(receiver.received) == len(waits) + 1:
            site.clock.turn(seconds=1)
            site.deliver()
        waits.append((site.clock() - before).total_seconds())
    assert waits == [5, 10, 20]
    assert states(receiver) == ["error"] * 4 + ["production", "testing"]
    assert len(set(receiver.ids)) == 3
    [first, *others] = deliveries(site, member, subscription)
    assert (first["attempts"], first["state"], first["status"], first["error"]) == (4, "delivered", 204, None)
    assert [each["attempts"] for each in others] == [1, 1]
    assert read(site, member, subscription)["failing_since"] is None


def test_waits_grow_to_an_hour_and_end_in_a_pause_that_loses_nothing(
    site: Site, member: Caller, receiver: Receiver
) -> None:
    subscription = subscribe(site, member, receiver)
    receiver.answers += FAIL_FOR_EVER
    happen(site, "error", "production")
    site.deliver()
    begun, attempts = site.clock(), [site.clock()]
    while read(site, member, subscription)["paused"] is None:
        site.clock.turn(minutes=15)
        count = len(receiver.received)
        site.deliver()
        if len(receiver.received) > count:
            attempts.append(site.clock())
        member = member if (site.clock() - begun).total_seconds() % 3600 else site.login("member")
    assert 72 <= (site.clock() - begun).total_seconds() / 3600 <= 73.25
    assert max((b - a).total_seconds() for a, b in pairwise(attempts)) == 3600
    assert read(site, member, subscription)["paused"]["reason"] == "failing"
    site.clock.turn(days=30)
    count = len(receiver.received)
    site.deliver()
    assert len(receiver.received) == count
    receiver.answers.clear()
    member = site.login("member")
    back = call(site, member, "PATCH", f"/{subscription['id']}", {"active": True})
    assert (back["paused"], back["failing_since"]) == (None, None)
    site.deliver()
    assert states(receiver)[count:] == ["error", "production"]


def test_gone_is_gone(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver)
    receiver.answers.append(410)
    happen(site, "error")
    site.deliver()
    assert read(site, member, subscription)["paused"]["reason"] == "gone"
    site.clock.turn(hours=1)
    site.deliver()
    assert len(receiver.received) == 1


def test_what_happens_while_it_is_not_active_waits(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver, active=False)
    happen(site, "error", "production")
    site.deliver()
    assert receiver.received == []
    call(site, member, "PATCH", f"/{subscription['id']}", {"active": True})
    site.deliver()
    assert states(receiver) == ["error", "production"]


def test_nothing_is_sent_once_the_key_has_ended_until_another_takes_over(site: Site, receiver: Receiver) -> None:
    key, secret = site.key("member")
    token = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()["access_token"]
    subscription = subscribe(site, Caller(site.http, token), receiver)
    happen(site, "error")
    credentials.revoke_key(site.connection, key, site.clock())
    site.deliver()
    assert receiver.received == []
    member = site.login("member")
    assert read(site, member, subscription)["paused"]["reason"] == "key_ended"
    call(site, site.login(None), "PATCH", f"/{subscription['id']}", {"active": True}, 403)
    call(site, member, "PATCH", f"/{subscription['id']}", {"active": True})
    site.deliver()
    assert states(receiver) == ["error"]


def test_a_key_that_leads_it_elsewhere_takes_it_with_it_when_it_ends(site: Site, receiver: Receiver) -> None:
    with receiving() as thief:
        subscription = subscribe(site, site.login("member"), receiver)
        key, secret = site.key("member")
        token = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()["access_token"]
        call(site, Caller(site.http, token), "PATCH", f"/{subscription['id']}", {"url": thief.url})
        credentials.revoke_key(site.connection, key, site.clock())
        happen(site, "error")
        site.deliver()
        assert thief.received == receiver.received == []


def test_what_others_above_activate_does_not_get_what_they_see(site: Site, receiver: Receiver) -> None:
    subscription = subscribe(site, site.login("customer"), receiver)
    for above in ("reseller", None):
        call(site, site.login(above), "PATCH", f"/{subscription['id']}", {"active": False})
        call(site, site.login(above), "PATCH", f"/{subscription['id']}", {"active": True})
    happen(site, "error", account="rival")
    happen(site, "testing", account="reseller")
    happen(site, "error", account="customer")
    site.deliver()
    assert [each.event["resource_id"] for each in receiver.received] == ["customer"]


def test_everybody_is_sent_what_it_sees(site: Site) -> None:
    accounts = ("member", "rival", "reseller", "customer", None)
    with receiving() as one, receiving() as two, receiving() as three, receiving() as four, receiving() as five:
        receivers = dict(zip(accounts, (one, two, three, four, five), strict=True))
        callers = {account: site.login(account) for account in accounts}
        before = {account: len(follow(site, caller)) for account, caller in callers.items()}
        for account, caller in callers.items():
            subscribe(site, caller, receivers[account])
        peer(site, callers["member"])
        callers["reseller"].order_connection(consuming_account="customer", billing_account="reseller")
        site.reconcile()
        site.deliver()
        for account, caller in callers.items():
            assert [each.event for each in receivers[account].received] == follow(site, caller)[before[account] :]


def test_what_is_to_be_seen_is_decided_when_it_is_sent(site: Site) -> None:
    with receiving() as of_customer, receiving() as of_reseller:
        reseller, customer = site.login("reseller"), site.login("customer")
        subscribe(site, reseller, of_reseller)
        subscription = subscribe(site, customer, of_customer, resource_types=["accounts", "connections"])
        connection = reseller.order_connection(consuming_account="customer", billing_account="reseller")
        of_customer.answers.append(500)
        site.deliver()
        [event] = of_customer.ids
        site.connection.execute(
            'update document set body = body || \'{"consuming_account": "reseller"}\' where id = %s',
            (connection["id"],),
        )
        call(site, customer, "POST", f"/{subscription['id']}/replays", {"event": event}, 202)
        happen(site, "error", account="customer")
        site.clock.turn(minutes=1)
        site.deliver()
        assert event in of_reseller.ids
        assert of_customer.ids.count(event) == 1
        told = [
            (each["event"] == event, each["cause"], each["state"]) for each in deliveries(site, customer, subscription)
        ]
        assert told == [(True, "event", "skipped"), (True, "replay", "failed"), (False, "event", "delivered")]


def test_a_replay_goes_back_and_a_step_ahead_skips(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver)
    happen(site, "error", "production", "testing")
    site.deliver()
    first, second, third = receiver.ids
    path = f"/{subscription['id']}/replays"
    call(site, member, "POST", path, {"after": first}, 202)
    site.deliver()
    assert receiver.ids[3:] == [second, third]
    receiver.answers += FAIL_FOR_EVER
    call(site, member, "POST", path, {"after": first}, 202)
    site.deliver()
    call(site, member, "POST", path, {"after": second}, 202)
    receiver.answers.clear()
    site.deliver()
    assert receiver.ids[5:] == [second, third]
    happen(site, "error")
    call(site, member, "POST", path, {"after": "now"}, 202)
    site.deliver()
    assert len(receiver.ids) == 7
    listed = deliveries(site, member, subscription)
    assert [each["state"] for each in listed if each["event"] == second] == ["delivered", "delivered", "skipped"]


def test_one_event_is_sent_once_more_beside_the_others(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver)
    happen(site, "error", "production")
    site.deliver()
    first, _ = receiver.received
    receiver.answers += [500, 204]
    for status in (500, 204):
        again = call(site, member, "POST", f"/{subscription['id']}/replays", {"event": receiver.ids[0]}, 202)
        assert (again["cause"], again["state"]) == ("replay", "pending")
        site.deliver()
        listed = {each["id"]: each for each in deliveries(site, member, subscription)}
        assert (listed[again["id"]]["status"], listed[again["id"]]["attempts"]) == (status, 1)
    assert [each.body for each in receiver.received[2:]] == [first.body] * 2
    assert read(site, member, subscription)["failing_since"] is None


def test_a_test_is_sent_at_once_even_to_what_is_paused(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver)
    receiver.answers.append(410)
    happen(site, "error")
    site.deliver()
    tried = call(site, member, "POST", f"/{subscription['id']}/tests", None, 202)
    site.deliver()
    request = receiver.received[1]
    assert request.event == {
        "id": tried["event"],
        "test": True,
        "subscription": subscription["id"],
        "at": "2026-09-01T12:00:00Z",
    }
    assert signed_by(request, subscription["secret"])
    assert deliveries(site, member, subscription)[-1]["state"] == "delivered"
    assert read(site, member, subscription)["paused"]["reason"] == "gone"


@pytest.mark.parametrize("status", [204, 500])
def test_what_was_changed_during_an_attempt_is_not_undone_by_it(
    site: Site, member: Caller, receiver: Receiver, status: int
) -> None:
    subscription = subscribe(site, member, receiver)
    happen(site, "error", "production")
    site.deliver()
    first = receiver.ids[0]

    def go_back(handler: BaseHTTPRequestHandler) -> None:
        call(site, member, "POST", f"/{subscription['id']}/replays", {"after": first}, 202)
        handler.send_response(status)
        handler.end_headers()

    happen(site, "testing")
    receiver.answers.append(go_back)
    site.deliver()
    assert states(receiver) == ["error", "production", "testing", "production", "testing"]


def test_what_is_deleted_during_an_attempt_is_gone(site: Site, member: Caller, receiver: Receiver) -> None:
    subscription = subscribe(site, member, receiver)

    def delete(handler: BaseHTTPRequestHandler) -> None:
        call(site, member, "DELETE", f"/{subscription['id']}")
        handler.send_response(500)
        handler.end_headers()

    happen(site, "error", "production")
    receiver.answers.append(delete)
    site.deliver()
    assert len(receiver.received) == 1


def another(site: Site) -> Deliverer:
    sealer = sealing.read_sealer(Path(site.settings.webhook_keys))
    return Deliverer(site.pool, sealer, Sender(THIS_MACHINE), site.clock, site.clock)


def test_two_workers_never_send_to_one_webhook_at_once(site: Site, member: Caller, receiver: Receiver) -> None:
    subscribe(site, member, receiver)
    other = another(site)
    found: list[bool] = []

    def look(handler: BaseHTTPRequestHandler) -> None:
        found.append(other.work_once())
        handler.send_response(204)
        handler.end_headers()

    happen(site, "error", "production")
    receiver.answers += [look, look]
    site.deliver()
    assert found == [False, False]
    assert states(receiver) == ["error", "production"]


def test_who_was_overtaken_writes_nothing_down(site: Site, member: Caller, receiver: Receiver) -> None:
    """As after a machine has slept through its lease."""
    subscription = subscribe(site, member, receiver)
    other = another(site)

    def sleep(handler: BaseHTTPRequestHandler) -> None:
        site.clock.turn(seconds=61)
        assert other.work_once()
        handler.send_response(500)
        handler.end_headers()

    happen(site, "error")
    receiver.answers += [sleep, 204]
    site.deliver()
    assert states(receiver) == ["error", "error"]
    [only] = deliveries(site, member, subscription)
    assert (only["state"], only["attempts"]) == ("delivered", 1)


def test_a_worker_that_died_is_not_waited_for(site: Site, member: Caller, receiver: Receiver) -> None:
    subscribe(site, member, receiver)
    happen(site, "error")
    dead = another(site)
    assert dead._take(1), "it has taken the webhook, and dies"
    site.deliver()
    assert receiver.received == []
    later = another(site)
    later.take_over()
    assert later.work_once()
    assert states(receiver) == ["error"]


def test_dead_and_slow_receivers_hold_up_nobody_else(site: Site, receiver: Receiver) -> None:
    """All of one account's hang until the others have been sent to."""
    hang = threading.Event()
    with receiving() as slow:
        slow.answers += [lambda _: hang.wait(20)] * 100
        rival = site.login("rival")
        for _ in range(10):
            subscribe(site, rival, slow)
        member = site.login("member")
        subscribe(site, member, receiver)
        stop = threading.Event()
        site.deliverer._at_once = 3
        worker = threading.Thread(target=site.deliverer.run, args=(stop,))
        happen(site, "error", account="rival")
        worker.start()
        try:
            wait_until(lambda: len(slow.received) == 2)
            happen(site, *["error", "production"] * 5)
            wait_until(lambda: len(receiver.received) == 10)
            assert len(slow.received) == 2
        finally:
            hang.set()
            stop.set()
            worker.join()


def test_what_is_restored_elsewhere_sends_nothing(
    site: Site, member: Caller, receiver: Receiver, make_database: Any, tmp_path: Path, clock: Clock
) -> None:
    """A backup has no keys: of a copy for trials nobody hears."""
    subscribe(site, member, receiver)
    happen(site, "error")
    write_backup(site.connection, tmp_path / "backup", clock(), lambda *_: None)
    copy = make_database("")
    with connect(copy) as connection:
        restore_backup(connection, tmp_path / "backup", lambda *_: None)
    pool = OrderPool(copy, 2)
    keys = sealing.ensure_keys(tmp_path / "keys")
    for file, sent in ((keys, 0), (Path(site.settings.webhook_keys), 1)):
        worker = Deliverer(pool, sealing.read_sealer(file), Sender(THIS_MACHINE), clock, clock)
        while worker.work_once():
            pass
        clock.turn(minutes=1)
        assert len(receiver.received) == sent
    pool.close()


def test_a_new_secret_brings_back_what_was_lost(site: Site, member: Caller, receiver: Receiver, tmp_path: Path) -> None:
    subscription = subscribe(site, member, receiver)
    other = sealing.read_sealer(sealing.ensure_keys(tmp_path / "keys"))
    site.connection.execute("update webhook set secret = %s", (other.seal("whsec_x"),))
    happen(site, "error")
    site.deliver()
    assert [each["error"] for each in deliveries(site, member, subscription)] == ["the exchange could not sign it"]
    made = call(site, member, "POST", f"/{subscription['id']}/secrets", None, 201)
    site.deliver()
    assert [signed_by(each, made["secret"]) for each in receiver.received] == [True]


def test_only_the_latest_deliveries_are_kept(
    site: Site, member: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "KEPT", 3)
    subscription = subscribe(site, member, receiver)
    happen(site, "error", "production", "error", "production", "testing")
    site.deliver()
    assert [each["event"] for each in deliveries(site, member, subscription)] == receiver.ids[-3:]
