"""A database that is brought back to a moment as often as wanted, and an installation that goes on from there."""

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import pytest

from peerhall.api.extensions.undo import EXTENSION as UNDO
from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.exchange.refusals import Refused
from peerhall.exchange.visibility import Caller as ExchangesOwn
from peerhall.orderdesk import intervention
from peerhall.orderdesk.commands import Command
from peerhall.orderdesk.desk import OrderDesk
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.provisioning.closing import close_as_done
from peerhall.provisioning.clouds import BothEnds, Clouds
from peerhall.provisioning.driver import Config, Device, Driver, DriverContext, StaleGeneration
from peerhall.provisioning.drivers.manual import Manual
from peerhall.provisioning.drivers.simulated_clouds import simulate_clouds
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.facts import list_devices
from peerhall.provisioning.reconciler import LEASE, MassChangeLimit, Reconciler
from peerhall.store import credentials, documents, network_objects, tasks, work
from peerhall.store.database import DatabaseUnavailable, connect, sql
from peerhall.store.reading import Login
from tests.clock import Clock
from tests.faults.inventory import Stock, list_remains, take_stock
from tests.faults.seams import AT_COMMIT, Faults, Killed, WatchedDriver, WatchedPool
from tests.installation import Caller

ACCOUNTS: Final = ("member", "rival", "reseller", "newcomer", None)
MOST_TURNS: Final = 500
CALLED: Final = "built-by-hand"
"""What a circuit is called at a provider where people have built it."""
PATIENCE: Final = timedelta(minutes=10)
"""How long somebody waits for an order to move by itself; what is due later is a date."""


@dataclass(frozen=True, slots=True)
class Moment:
    """All there is in the database and in the network."""

    now: datetime
    tables: Mapping[str, tuple[str, bytes]]
    """Columns and contents of each."""
    sequences: Mapping[str, int]
    network: Mapping[str, Mapping[str, Config]]
    ids: int
    """How many ids have been given out."""


class Stage:
    """See the module. The ids of new objects are counted, so that every run goes the same way."""

    def __init__(self, dsn: str, patch: pytest.MonkeyPatch) -> None:
        self.dsn = dsn
        self.connection = connect(dsn)
        self.connection.execute(sql(AT_COMMIT))
        self.counter = WatchedPool(dsn, "order")
        self.workers = WatchedPool(dsn, "transaction")
        self.ids = 0
        for module in ("orderdesk.order", "provisioning.drivers.simulated_clouds"):
            patch.setattr(f"peerhall.{module}.uuid4", self._next_id)
        self.logins = {account: self._log_in(account) for account in ACCOUNTS}
        self._tables = self._list_tables()
        self.beginning = self.remember(Clock()(), {})
        self.prepared: dict[Any, tuple[Mapping[str, str], Moment]] = {}
        """Moments between the beginning and an order, and what is there then, by what brought it about."""

    def close(self) -> None:
        for each in (self.counter, self.workers, self.connection):
            each.close()

    def remember(self, now: datetime, network: Mapping[str, Mapping[str, Config]]) -> Moment:
        """This moment, to come back to."""
        contents = {}
        for table, columns in self._tables.items():
            with self.connection.cursor().copy(sql(f"copy {table} ({columns}) to stdout")) as copy:
                rows = b"".join(copy)
            contents[table] = (columns, rows)
        sequences: dict[str, int] = dict(
            self.connection.execute(
                "select sequencename::text, coalesce(last_value, 0) from pg_sequences where schemaname = 'public'"
            ).fetchall()
        )
        return Moment(now, contents, sequences, network, self.ids)

    def recall(self, moment: Moment) -> None:
        """Brings the database back to a moment."""
        self.ids = moment.ids
        with self.connection.transaction():
            self.connection.execute("set local session_replication_role = replica")
            self.connection.execute(sql("; ".join(f"delete from {table}" for table in moment.tables)))
            for table, (columns, rows) in moment.tables.items():
                if rows:
                    with self.connection.cursor().copy(sql(f"copy {table} ({columns}) from stdin")) as copy:
                        copy.write(rows)
            restarts = (f"setval('{name}', {max(last, 1)}, {last > 0})" for name, last in moment.sequences.items())
            self.connection.execute(sql(f"select {', '.join(restarts)}"))

    def _next_id(self) -> UUID:
        self.ids += 1
        return UUID(f"{0xA0000000 + self.ids:08x}" * 4)

    def _log_in(self, account: str | None) -> Login:
        now = Clock()()
        key, _ = credentials.create_key(self.connection, account, now)
        session = credentials.open_session(self.connection, key, now, timedelta(days=10_000))
        return Login(credentials.session_digest(session), account is None, account or "operator")

    def _list_tables(self) -> dict[str, str]:
        rows = self.connection.execute(
            """select c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
               from pg_class c join pg_attribute a on a.attrelid = c.oid
               where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                 and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               group by c.relname order by c.relname"""
        )
        return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class Answer:
    """As an HTTP client's."""

    status_code: int
    text: str
    request: Any

    def json(self) -> Any:
        return json.loads(self.text)


class Run:
    """Orders, and a worker who carries them out, from a moment on; something goes wrong on the way, or nothing."""

    def __init__(self, stage: Stage, moment: Moment, faults: Faults, *, by_hand: bool = False) -> None:
        stage.recall(moment)
        self.stage = stage
        self.connection = stage.connection
        self.faults = faults
        self.clock = Clock()
        self.clock.now = moment.now
        stage.counter.faults = stage.workers.faults = faults
        faults.overtake, faults.finish = self._overtake, self._finish
        self._by_hand = by_hand
        self.simulator = Simulator(self.clock)
        for device, objects in moment.network.items():
            self.simulator.furnish(device, objects)
        self.clouds = simulate_clouds(self.simulator)
        clouds = Clouds({} if by_hand else self.clouds)
        hands = Manual(DriverContext(stage.workers, self.clock))
        self.network: Driver = BothEnds(hands if by_hand else self.simulator, clouds, hands)
        self.desk = OrderDesk(stage.counter, self.clock, lambda: None, clouds.find)
        self._keys = count(1)
        self.worker = self._new_worker()
        # One that has been here for a while: it does not look at everything just because it is new.
        self.worker._beaten = self.worker._resynced = self.clock()

    def login(self, account: str | None) -> "Client":
        return Client(self, account)

    def moment(self) -> Moment:
        """This moment, to come back to."""
        return self.stage.remember(self.clock(), self.look())

    def look(self) -> dict[str, dict[str, Config]]:
        """All that is in the network."""
        if self._by_hand:
            held = self.connection.execute("select distinct device from network_object").fetchall()
            names = {*list_devices(self.connection), *(device for (device,) in held)}
            found = {each: network_objects.list_objects(self.connection, each) for each in names}
        else:
            names = {*list_devices(self.connection), *self.simulator._boxes}
            found = {each: deepcopy(dict(self.simulator.observe(Device(each, each)))) for each in names}
        return {device: objects for device, objects in found.items() if objects}

    # What the workers do.

    def rest(self) -> None:
        """Lets time pass until nothing moves by itself any more; whoever has failed for good is given another try."""
        self._work()
        while self._retry_failed():
            self._work()

    def deliver_late(self) -> None:
        """Has the network get what was on its way to it for a long time, and looks what comes of it."""
        for call in self.faults.late:
            with suppress(StaleGeneration):
                call()
        self.rest()

    def turn(self, **duration: float) -> None:
        """Lets more time pass than anybody would wait for, and the network follow."""
        self.clock.turn(**duration)
        self.rest()

    def _work(self) -> None:
        for _ in range(MOST_TURNS):
            try:
                self.worker.beat()
                if self.worker.work_once():
                    continue
            except Killed:
                self.worker = self._new_worker()
                self.worker.take_over()
                continue
            except DatabaseUnavailable:
                continue
            if self._by_hand and self._finish():
                continue
            due = work.next_due(self.connection, self.clock())
            if due is None or due - self.clock() > PATIENCE:
                return
            self.clock.now = max(due, self.clock())
        raise AssertionError("the workers do not come to rest")

    def _new_worker(self) -> Reconciler:
        driver = WatchedDriver(self.network, self.faults)
        return Reconciler(self.stage.workers, driver, self.clock, MassChangeLimit(1000, 100))

    def _overtake(self) -> None:
        mine = self.worker
        self.clock.turn(seconds=LEASE.total_seconds() + 1)
        self.worker = self._new_worker()
        self.worker._beaten = self.worker._resynced = self.clock()
        self._work()
        self.worker = mine

    def _finish(self) -> int:
        """Has whatever is under way be done, whether by the simulator or by people."""
        if not self._by_hand:
            return self.simulator.advance()
        open_ = tasks.list_tasks(self.connection)
        for task in open_:
            with self.connection.transaction():
                if tasks.find_open(self.connection, task.subject, task.key) is not None:
                    called = CALLED if task.key.startswith("put circuit/") else None
                    close_as_done(self.connection, task.number, "operator:test", None, self.clock(), called)
        return len(open_)

    def _retry_failed(self) -> bool:
        """What an operator does who has mended what was broken: `peerhall order retry`, for each that is stuck."""
        stuck = []
        for (id_,) in self.connection.execute(
            """select id from document where meta #>> '{network,fault}' in ('refused', 'broken')
                                         or meta #>> '{provider,fault}' in ('refused', 'broken')"""
        ).fetchall():
            with self.connection.transaction():
                record = intervention.find_order(self.connection, id_, CHANGE_LOCK)
                assert record is not None, id_
                if record.id not in stuck:
                    stuck.append(record.id)
                    desk = Order(self.connection, ExchangesOwn("operator:test", None, frozenset()), self.clock())
                    intervention.retry(desk, record)
                    desk.hand_over()
        return bool(stuck)

    # What clients do.

    def place(self, account: str | None, command: Command) -> Answer:
        """As a careful client does: what was not answered is sent again, unless it can be seen to have happened."""
        login = self.stage.logins[account]
        if command.operation.method == "POST":
            command = replace(command, idempotency_key=f"key-{next(self._keys)}")
        before = self._state(command.document)
        tried = False
        while True:
            try:
                answer = self.desk.place(login, command)
            except Refused as refused:
                return Answer(400, str(refused.refusal), command.operation.id)
            except DatabaseUnavailable:
                assert not tried, "only one thing goes wrong"
                tried = True
                if command.operation.method == "DELETE" and self._state(command.document) != before:
                    return Answer(command.operation.status, "null", command.operation.id)
                continue
            if self._is_to_be_repeated() and self._may_repeat(command, answer.text):
                again = self.desk.place(login, command)
                assert again.document == answer.document
            return Answer(answer.status, answer.text, command.operation.id)

    def _is_to_be_repeated(self) -> bool:
        """Whether the order just placed was the one to be delivered twice."""
        faults = self.faults
        hit = faults.way == "delivered twice" and faults.at == len(faults.steps) - 1 and not faults.counting
        return hit and faults.steps[-1][0] == "order"

    def _may_repeat(self, command: Command, text: str) -> bool:
        """A second DELETE of what is over already means something else: that it be put away."""
        if command.operation.method != "DELETE":
            return True
        return bool(json.loads(text).get("state") == "decommission_requested")

    def _state(self, document: str) -> Any:
        row = self.connection.execute("select body from document where id = %s", (document,)).fetchone()
        return row and (row[0].get("state"), row[0].get("change_request"), row[0].get("decommission_at"))

    # What is to be the same whatever went wrong.

    def everything(self) -> Stock:
        return take_stock(self.connection, self.look())

    def remains(self) -> list[str]:
        return list_remains(self.everything())

    def leave(self) -> None:
        """Cancels whatever there is, and lets time pass until there is nothing more to come."""
        for kind, status in _ORDERED.items():
            for record in documents.find_all(self.connection, kind):
                if record.managing_account in self.stage.logins and record.state not in _OVER:
                    self.login(record.managing_account).delete(f"/{kind}/{record.id}", status)
            self.rest()
        # Days of disconnection come, and days that nothing depends on any more.
        for _ in range(MOST_TURNS):
            due = work.next_due(self.connection, self.clock())
            if due is None:
                return
            self.clock.now = max(due, self.clock())
            self.rest()
        raise AssertionError("there is work for ever")


_ORDERED: Final = {
    "network-feature-configs": 202,
    "network-service-configs": 202,
    "network-services": 202,
    "member-joining-rules": 200,
    "routing-functions": 202,
    "connections": 202,
}
"""In which order they are given up, and what the answer then is."""
_OVER: Final = ("decommission_requested", "decommissioned", "cancelled", "archived")


class Client(Caller):
    """Somebody who talks to the order desk as the API does for its callers."""

    def __init__(self, run: Run, account: str | None) -> None:
        self._run = run
        self._account = account

    def request(self, method: str, path: str, **options: Any) -> Any:
        operation, document = _find_operation(method, path)
        if method == "GET":
            row = self._run.connection.execute("select wire from document where id = %s", (document,)).fetchone()
            assert row is not None, path
            return Answer(200, row[0], operation.id)
        content = options.get("content", b"")
        body = {"file_name": "letter.pdf"} if content else options.get("json")
        return self._run.place(self._account, Command(operation, body, document, content=content))

    def expect(self, state: str, *paths: str) -> None:
        """Asserts the state of some objects."""
        found = {path: self.get(path)["state"] for path in paths}
        assert found == dict.fromkeys(paths, state)


def _find_operation(method: str, path: str) -> tuple[Operation, str]:
    parts = path.strip("/").split("/")
    known = UNDO.routes if parts[0] == "undo" else OPERATIONS
    parts = parts[1:] if parts[0] == "undo" else parts
    for operation in known:
        pattern = operation.path.strip("/").split("/")
        if operation.method == method and len(pattern) == len(parts):
            pairs = list(zip(pattern, parts, strict=True))
            if all(wanted in ("{id}", part) for wanted, part in pairs):
                return operation, next((part for wanted, part in pairs if wanted == "{id}"), "")
    raise KeyError(path)
