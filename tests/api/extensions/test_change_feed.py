"""The change feed: each change once, in order, to those who may see it, whatever happens to the server meanwhile."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest

from peerhall.store import changes
from peerhall.store.credentials import revoke_key
from peerhall.store.database import connect
from tests.clock import Clock
from tests.installation import Caller, Site
from tests.waiting import wait_until

PATH = "/api/ext/change-feed/v1/events"
STREAM = {"Accept": "text/event-stream"}


def poll(site: Site, caller: Caller, after: str = "", **options: Any) -> Any:
    parameters = {"wait": 0, **options, **({"after": after} if after else {})}
    return caller.get(site.origin + PATH, params=parameters)


def follow(site: Site, caller: Caller, limit: int = 3) -> list[dict[str, Any]]:
    """All the events there are for somebody, a few at a time."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = poll(site, caller, cursor, limit=limit)
        if not answer["events"]:
            assert answer["cursor"] == cursor
            return found
        found += answer["events"]
        cursor = answer["cursor"]


def peer(site: Site, member: Caller) -> dict[str, Any]:
    """An order from its beginning to production."""
    connection = member.order_connection()
    site.reconcile()
    config: dict[str, Any] = member.order_peering(connection["id"], macs=[member.order_mac()["id"]])
    site.reconcile()
    return config


def check_history(site: Site, events: list[dict[str, Any]]) -> None:
    """Each object's events are numbered, follow from each other, and end at what the object is now."""
    last: dict[str, dict[str, Any]] = {}
    for event in events:
        before = last.get(event["resource_id"])
        assert event["serial"] == (before["serial"] + 1 if before else 1)
        assert event["previous_state"] == (before["state"] if before else None)
        if before:
            assert (event["state"], event["status"]) != (before["state"], before["status"])
        last[event["resource_id"]] = event
    for document, event in last.items():
        stored = site.stored(document)
        assert (event["state"], event["status"]) == (stored["state"], stored["status"])


def test_an_order_can_be_followed_from_its_beginning_to_its_end(site: Site) -> None:
    member = site.login("member")
    config = peer(site, member)
    member.delete(f"/network-service-configs/{config['id']}")
    site.reconcile()
    site.clock.turn(days=1)
    site.reconcile()
    member = site.login("member")
    events = follow(site, member)
    check_history(site, events)
    assert len({event["id"] for event in events}) == len(events)
    seen = [each["state"] for each in events if each["resource_id"] == config["id"]]
    assert seen[0] == "requested"
    assert list(dict.fromkeys(seen))[-3:] == ["production", "decommission_requested", "decommissioned"]
    stateful = {
        row[0]
        for row in site.connection.execute("select id from document where consuming_account = 'member' and state <> ''")
    }
    assert {each["resource_id"] for each in events} >= stateful
    ordered = [event["at"] for event in events if event["resource_id"] not in ("member", "lan")]
    assert ordered == sorted(ordered)
    assert events[-1]["at"] == "2026-09-01T12:00:00Z", "by the exchange's clock"


def test_everybody_reads_only_of_what_it_sees(staged: Site) -> None:
    for account in ("dealer", "user", "reseller", "rival", "newcomer", None):
        caller = staged.login(account)
        events = follow(staged, caller)
        check_history(staged, events)
        for event in events:
            stored = staged.stored(event["resource_id"])
            seen = caller.get(f"/{event['resource_type']}/{event['resource_id']}")
            assert seen["state"] == stored["state"], "what is only seen in part has no state"
        for kind in changes.STATEFUL:
            listed = {each["id"] for each in caller.get(f"/{kind}") if "state" in each}
            assert listed == {each["resource_id"] for each in events if each["resource_type"] == kind}


def test_what_is_no_longer_to_be_seen_is_not_told(site: Site) -> None:
    reseller, customer = site.login("reseller"), site.login("customer")
    connection = reseller.order_connection(consuming_account="customer", billing_account="reseller")
    assert connection["id"] in {each["resource_id"] for each in follow(site, customer)}
    site.connection.execute(
        'update document set body = body || \'{"consuming_account": "reseller"}\' where id = %s', (connection["id"],)
    )
    assert connection["id"] not in {each["resource_id"] for each in follow(site, customer)}
    assert connection["id"] in {each["resource_id"] for each in follow(site, reseller)}


def test_what_one_transaction_does_to_an_object_is_one_change_or_none(site: Site) -> None:
    member = site.login("member")
    cursor = poll(site, member, limit=500)["cursor"]
    with site.connection.transaction():
        for state in ("requested", "testing", "error"):
            change_state(site.connection, "member", state)
    with site.connection.transaction():
        for state in ("production", "error"):
            change_state(site.connection, "member", state)
    with site.connection.transaction():
        site.connection.execute("update document set meta = '{\"x\": 1}' where id = 'member'")
    [event] = poll(site, member, cursor)["events"]
    assert (event["previous_state"], event["state"]) == ("production", "error")


def change_state(connection: Any, document: str, state: str) -> None:
    connection.execute(
        "update document set body = body || jsonb_build_object('state', %s::text) where id = %s", (state, document)
    )


def test_changes_are_told_in_the_order_in_which_they_were_made(site: Site) -> None:
    """Whatever the order in which their transactions had begun, got their ids, or ended."""
    member = site.login("member")
    cursor = poll(site, member, limit=500)["cursor"]
    with connect(site.dsn) as first, connect(site.dsn) as second, connect(site.dsn) as third:
        for connection in (first, second, third):
            connection.execute("begin")
            connection.execute("select pg_current_xact_id()")
        change_state(third, "member", "testing")
        third.execute("commit")
        assert [each["state"] for each in poll(site, member, cursor)["events"]] == ["testing"]
        change_state(first, "member", "error")
        first.execute("commit")
        change_state(second, "member", "production")
        second.execute("commit")
    assert [each["state"] for each in poll(site, member, cursor)["events"]] == ["testing", "error", "production"]


def test_a_change_that_is_committed_late_is_not_lost(site: Site) -> None:
    member = site.login("member")
    cursor = poll(site, member, limit=500)["cursor"]
    with connect(site.dsn) as slow, connect(site.dsn) as quick:
        slow.execute("begin")
        change_state(slow, "member", "error")
        change_state(quick, "lan", "error")
        early = poll(site, member, cursor)
        assert [each["resource_id"] for each in early["events"]] == ["lan"]
        slow.execute("commit")
    assert [each["resource_id"] for each in poll(site, member, early["cursor"])["events"]] == ["member"]


def test_a_poll_waits_for_the_next_event(site: Site) -> None:
    member = site.login("member")
    cursor = poll(site, member, "now")["cursor"]
    threading.Timer(0.5, lambda: site.login("member").order_connection()).start()
    started = time.monotonic()
    answer = poll(site, member, cursor, wait=30)
    assert {each["resource_type"] for each in answer["events"]} <= {"connections", "port-reservations", "ports"}
    assert 0.3 < time.monotonic() - started < 20


def test_a_poll_ends_empty_and_keeps_its_cursor(site: Site) -> None:
    member = site.login("member")
    peer(site, site.login("rival"))
    cursor = poll(site, member, "now")["cursor"]
    assert cursor, "the world's own beginning has been seen"
    change_state(site.connection, "rival", "error")
    assert poll(site, member, cursor, wait=1) == {"events": [], "cursor": cursor}, "nothing is told of others"


@pytest.mark.parametrize("after", ["x", "0", "00000000-0000-0000-0000-000000000000", "1; drop table change"])
def test_a_cursor_that_is_none_is_refused(site: Site, after: str) -> None:
    answer = site.login("member").request("GET", site.origin + PATH, params={"after": after})
    assert (answer.status_code, answer.json()["properties"][0]["name"]) == (400, "after")
    answer = site.login("member").request("GET", site.origin + PATH, headers={**STREAM, "Last-Event-ID": after})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_nobody_reads_without_a_login(site: Site) -> None:
    for headers in ({}, STREAM, {**STREAM, "Authorization": "Bearer x"}):
        assert site.http.get(site.origin + PATH, headers=headers).status_code == 401
    assert site.http.get(site.origin + PATH, headers={"Accept": "text/html"}).status_code == 406
    assert site.login("member").request("HEAD", site.origin + PATH, headers=STREAM).status_code == 200


class Stream:
    """A subscriber in a thread of its own."""

    def __init__(self, site: Site, caller: Caller, **headers: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.last = headers.get("last", "")
        self.comments = 0
        self.closed = threading.Event()
        self.response: httpx.Response | None = None
        sent = {**STREAM, "Authorization": f"Bearer {caller.token}", "Accept-Encoding": "gzip"}
        self._headers = {**sent, "Last-Event-ID": self.last} if self.last else sent
        self._url = site.origin + PATH + headers.get("query", "")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        wait_until(lambda: self.comments or self.closed.is_set())

    def _run(self) -> None:
        try:
            with httpx.stream("GET", self._url, headers=self._headers, timeout=30) as response:
                self.response = response
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        self.last = value
                    elif name == "data":
                        self.events.append(json.loads(value))
                    elif name == "":
                        self.comments += bool(value)
        finally:
            self.closed.set()


def test_a_stream_tells_what_was_and_what_comes(site: Site) -> None:
    member = site.login("member")
    stream = Stream(site, member)
    peer(site, member)
    expected = follow(site, member)
    wait_until(lambda: len(stream.events) >= len(expected))
    assert stream.events == expected
    assert stream.last == expected[-1]["id"]
    assert stream.response is not None
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    assert stream.response.headers["Cache-Control"] == "no-store"


def test_a_stream_from_now_on_tells_nothing_old(site: Site) -> None:
    member = site.login("member")
    peer(site, member)
    stream = Stream(site, member, query="?after=now")
    assert stream.last == follow(site, member)[-1]["id"], "told even before there is news, to come back with"
    change_state(site.connection, "member", "error")
    wait_until(lambda: stream.events)
    assert [each["resource_id"] for each in stream.events] == ["member"]


def test_a_stream_keeps_the_line_open_and_ends_with_its_token(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerhall.api.extensions.change_feed.KEEP_ALIVE_SECONDS", 0.05)
    stream = Stream(site, site.login("member"))
    wait_until(lambda: stream.comments > 3)
    site.clock.turn(hours=3)
    wait_until(stream.closed.is_set)


def test_a_stream_ends_with_its_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerhall.api.feed._LOGINS_SECONDS", 0.1)
    key, secret = site.key("member")
    token = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()["access_token"]
    ending, other = Stream(site, Caller(site.http, token)), Stream(site, site.login("member"))
    revoke_key(site.connection, key, site.clock())
    wait_until(ending.closed.is_set)
    assert not other.closed.is_set()


def test_each_change_comes_once_and_in_order_across_restarts(database: str, clock: Clock) -> None:
    """The server goes in the middle of it again and again; the stream ends in good order and is taken up."""
    found: list[dict[str, Any]] = []
    last = ""
    for turn in range(3):
        with Site(database, clock).open() as site:
            member = site.login("member")
            stream = Stream(site, member, last=last)
            connection = member.order_connection()
            if turn:
                site.reconcile()
            stopped_at = time.monotonic()
        assert time.monotonic() - stopped_at < 10, "open streams hold nothing up"
        wait_until(stream.closed.is_set)
        found += stream.events
        last = stream.last
        assert connection["id"]
    with Site(database, clock).open() as site:
        member = site.login("member")
        found += poll(site, member, last, limit=500)["events"]
        assert found == follow(site, member)
        check_history(site, found)


def test_each_change_comes_once_and_in_order_from_workers_that_restart_in_turns(database: str, clock: Clock) -> None:
    """Two workers, of which one is always about to go, and changes by three at once that never pause."""
    accounts = ("member", "rival")
    clients = [_Client() for _ in range(40)]
    written: list[list[tuple[str, str]]] = [[], [], []]
    enough = threading.Event()
    workers: dict[int, Site] = {}

    def write(number: int) -> None:
        documents = ("lan", "member", "rival")
        with connect(database) as connection:
            while not enough.wait(0.05):
                document, state = documents[len(written[number]) % 3], f"{number}-{len(written[number])}"
                change_state(connection, document, state)
                written[number].append((document, state))

    with ExitStack() as stack:
        closing = {}
        for number in (0, 1):
            closing[number] = stack.enter_context(ExitStack())
            workers[number] = closing[number].enter_context(Site(database, clock).open())
        tokens = [workers[0].login(account).token for account in accounts]
        following = _Following(clients, tokens, lambda number: workers[number % 2].origin)
        writers = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(3)]
        for thread in (following, *writers):
            thread.start()
        stack.callback(following.end)
        stack.callback(enough.set)
        for turn in range(4):
            had = clients[0].ids[:]
            wait_until(lambda had=had: all(len(each.ids) > len(had) + 5 for each in clients), 30)
            closing[turn % 2].close()
            workers[turn % 2] = closing[turn % 2].enter_context(Site(database, clock).open())
        enough.set()
        for thread in writers:
            thread.join()
        told = [follow(workers[0], workers[0].login(account), limit=500) for account in accounts]
        wait_until(lambda: all(each.ids[-1] == told[number % 2][-1]["id"] for number, each in enumerate(clients)), 30)
        for events in told:
            check_history(workers[0], events)
            seen = {each["resource_id"] for each in events}
            for mine in written:
                states = [(each["resource_id"], each["state"]) for each in events]
                assert [each for each in states if each in set(mine)] == [each for each in mine if each[0] in seen]
        for number, client in enumerate(clients):
            assert client.ids == [each["id"] for each in told[number % 2]]
        assert all(client.connected >= 3 for client in clients), "each was cut off and came back"


class _Following(threading.Thread):
    """Subscribers that come back, each time to the other worker, with the last id they have got."""

    def __init__(self, clients: list["_Client"], tokens: list[str], origin: Callable[[int], str]) -> None:
        super().__init__(daemon=True)
        self._clients = clients
        self._tokens = tokens
        self._origin = origin
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()

    def run(self) -> None:
        self._loop.run_until_complete(self._follow())
        self._loop.close()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join()

    async def _follow(self) -> None:
        tasks = [asyncio.create_task(self._come_back(n, each)) for n, each in enumerate(self._clients)]
        await self._ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _come_back(self, number: int, client: "_Client") -> None:
        while True:
            host, port = self._origin(number // 2 + client.connected).removeprefix("http://").split(":")
            with suppress(OSError):
                await client.read(host, int(port), PATH, self._tokens[number % 2])
            await asyncio.sleep(0.01)


@contextmanager
def counted(site: Site) -> Iterator[dict[str, int]]:
    """How many statements the feed has sent to the database meanwhile."""
    count = {"statements": 0}
    runtime = site.application
    while not hasattr(runtime, "_runtime"):
        runtime = runtime.app  # type: ignore[attr-defined]
    reads = runtime._runtime.reads
    run = reads.run

    async def counting(*arguments: Any) -> Any:
        count["statements"] += 1
        return await run(*arguments)

    reads.run = counting
    try:
        yield count
    finally:
        reads.run = run


def test_a_thousand_idle_subscribers_cost_next_to_nothing_and_miss_nothing(database: str, clock: Clock) -> None:
    subscribers, restarts = 1000, 2
    clients = [_Client() for _ in range(subscribers)]
    for turn in range(restarts):
        with Site(database, clock).open() as site:
            host, port = site.origin.removeprefix("http://").split(":")
            tokens = {account: site.login(account).token for account in ("member", "rival")}
            asyncio.run(_follow_all(site, clients, tokens, host, int(port), turn))
        if turn + 1 < restarts:
            with connect(database) as connection:
                change_state(connection, "lan", "unseen")
    with Site(database, clock).open() as site:
        expected = {account: follow(site, site.login(account)) for account in ("member", "rival")}
    for number, client in enumerate(clients):
        account = "member" if number % 100 == 0 else "rival"
        assert client.ids == [each["id"] for each in expected[account]][-len(client.ids) :]
        assert len(client.ids) == len(set(client.ids))
        assert len(client.ids) == (2 if account == "member" else 1) * restarts + restarts - 1


_IDLE_STATEMENTS = 12
"""In a second, of a server with however many subscribers who hear nothing."""


class _Client:
    """What one subscriber has got so far."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.last = ""
        self.connected = 0

    async def read(
        self, host: str, port: int, path: str, token: str, on_line: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Follows from where it has got to, for as long as the server lets it."""
        reader, writer = await asyncio.open_connection(host, port)
        after = f"Last-Event-ID: {self.last}\r\n" if self.last else ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{after}"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        try:
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    self.last = line[4:].decode().strip()
                elif line.startswith(b"data: "):
                    self.ids.append(json.loads(line[6:])["id"])
                self.connected += line.startswith(b": changes")
                if on_line is not None:
                    await on_line()
        finally:
            writer.close()


async def _follow_all(
    site: Site, clients: list[_Client], tokens: dict[str, str], host: str, port: int, turn: int
) -> None:
    progress = asyncio.Condition()
    connected = sum(client.connected for client in clients) + len(clients)

    async def tell() -> None:
        async with progress:
            progress.notify_all()

    async def subscribe(number: int, client: _Client) -> None:
        path = PATH if client.last else f"{PATH}?after=now"
        await client.read(host, port, path, tokens["member" if number % 100 == 0 else "rival"], tell)

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60), progress:
            await progress.wait_for(condition)

    tasks = [asyncio.create_task(subscribe(number, client)) for number, client in enumerate(clients)]
    await until(lambda: sum(client.connected for client in clients) == connected)
    concerned, others = clients[::100], [each for number, each in enumerate(clients) if number % 100]
    with counted(site) as count:
        asked = -1000
        while count["statements"] - asked > _IDLE_STATEMENTS:
            asked = count["statements"]
            await asyncio.sleep(1)  # each still reads once what there is already; idle is measured after that
        had = len(concerned[0].ids), len(others[0].ids)
        before = count["statements"]
        await asyncio.to_thread(change_state, site.connection, "member", f"error-{turn}")
        await until(lambda: all(len(client.ids) == had[0] + 1 for client in concerned))
        assert count["statements"] - before < 200, "what concerns ten does not wake a thousand"
    await asyncio.to_thread(change_state, site.connection, "lan", f"error-{turn}")
    await until(lambda: all(len(client.ids) == had[0] + 2 for client in concerned))
    await until(lambda: all(len(client.ids) == had[1] + 1 for client in others))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
