"""The reconciler: takes work from the queue, one subject at a time, for ever.

Documents are settled in one transaction. Devices are looked at and changed with no transaction open; what was meant to
be put there is written down first and what came of it afterwards, each in a short transaction. A reconciler that is
killed anywhere is followed by one that starts again from what is true.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from peerhall.exchange.lifecycle import Network, Phase, phase_of, with_network
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import PROVISIONING, Caller
from peerhall.orderdesk import mac_validity, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order, device_subject
from peerhall.provisioning.desired import Facts, derive_wanted, key_of
from peerhall.provisioning.driver import (
    BrokenFault,
    Driver,
    DriverFault,
    Progress,
    StaleGeneration,
    Step,
    TestFailed,
    TransientFault,
    Waiting,
)
from peerhall.provisioning.facts import list_devices, load_facts
from peerhall.provisioning.plan import Plan, describe, is_mass_change, plan_steps, step_name, take_names
from peerhall.provisioning.reports import Outcome, report
from peerhall.store import credentials, documents, heartbeats, idempotency, plans, work
from peerhall.store.database import DatabaseUnavailable, OrderPool, SyncConnection
from peerhall.store.holders import is_alive, name_holder

logger = logging.getLogger("peerhall.provisioning")

Outcomes = list[tuple[Step, Outcome]]

HEARTBEAT: Final = "provisioning"
LEASE: Final = timedelta(seconds=180)
"""Longer than any one step may take; leases of workers that died on this machine are not waited for."""

_BEAT: Final = timedelta(seconds=5)
_RESYNC: Final = timedelta(minutes=15)
_TEST_AGAIN: Final = timedelta(minutes=5)
_LONGEST_BACKOFF: Final = 300.0
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class MassChangeLimit:
    """How much may be removed or changed on a device without being asked about; whichever is more."""

    objects: int = 5
    percent: int = 10


class Reconciler:
    """One worker; several may run at once, on one machine or many."""

    def __init__(
        self,
        pool: OrderPool,
        driver: Driver,
        clock: Callable[[], datetime],
        limit: MassChangeLimit | None = MassChangeLimit(),
    ) -> None:
        """`limit` None lets every plan go ahead."""
        self._pool = pool
        self._driver = driver
        self._clock = clock
        self._limit = limit
        self._holder = name_holder()
        self._beaten: datetime | None = None
        self._resynced: datetime | None = None

    def run(self, stop: threading.Event, wait: Callable[[float], None]) -> None:
        """Works until told to stop; `wait` sleeps for at most so many seconds, or until there may be work."""
        self.take_over()
        while not stop.is_set():
            try:
                self.beat()
                if not self.work_once():
                    wait(self._seconds_to_next())
            except DatabaseUnavailable as error:
                logger.warning("waiting for the database", extra={"reason": str(error)})
                stop.wait(_POLL_SECONDS)

    def take_over(self) -> None:
        """Ends the leases of workers that died on this machine; to be called before the first work."""
        self._pool.run(lambda connection: work.release_dead(connection, self._holder, is_alive))

    def beat(self) -> None:
        """Tells that somebody is at work, and asks for all devices to be looked at now and then."""
        now = self._clock()
        if self._beaten is None or now - self._beaten >= _BEAT or now < self._beaten:
            self._pool.run(lambda connection: heartbeats.beat(connection, HEARTBEAT, now))
            self._beaten = now
        if self._resynced is None or now - self._resynced >= _RESYNC:
            self._pool.run(lambda connection: self._keep_house(connection, now))
            self._resynced = now

    def work_once(self) -> bool:
        """Does one piece of work that is due; False when there is none."""
        now = self._clock()
        held = self._pool.run(lambda connection: work.lease(connection, self._holder, now, LEASE))
        if held is None:
            return False
        kind, _, subject = held.subject.partition(":")
        try:
            if kind == "document":
                self._pool.run(lambda connection: self._settle(connection, held, subject))
            else:
                self._reconcile(held, subject)
        except StaleGeneration:
            logger.warning("overtaken by another reconciler", extra={"subject": held.subject})
        except DatabaseUnavailable:
            # Perhaps a lock was held for too long: nobody is to wait for the lease to run out.
            self._try_again(held)
            raise
        except Exception:
            logger.exception("work failed", extra={"subject": held.subject})
            self._try_again(held)
        return True

    def _keep_house(self, connection: SyncConnection, now: datetime) -> None:
        """Asks for a look at every device, and forgets what has outlived its use."""
        idempotency.forget_old(connection, now)
        credentials.forget_old(connection, now)
        work.queue(connection, map(device_subject, list_devices(connection)), now)

    def _seconds_to_next(self) -> float:
        now = self._clock()
        due = self._pool.run(lambda connection: work.next_due(connection, now))
        return _POLL_SECONDS if due is None else min(max((due - now).total_seconds(), 0.0), _POLL_SECONDS)

    def _settle(self, connection: SyncConnection, held: work.Lease, document: str) -> None:
        record = documents.find_many(connection, [document], CHANGE_LOCK).get(document)
        if record is not None:
            order = self._order(connection)
            if record.kind in settling.COURSES:
                settling.settle(order, record)
            elif record.kind == "macs":
                mac_validity.pass_time(order, record)
            order.hand_over()
        work.finish(connection, held)

    def _reconcile(self, held: work.Lease, device: str) -> None:
        facts = self._pool.run(lambda connection: load_facts(connection, device))
        if facts is None:
            self._pool.run(lambda connection: work.finish(connection, held))
            return
        try:
            observed, called = take_names(self._driver.observe(facts.device))
        except DriverFault as fault:
            # An unreachable device is unknown, never empty: all that follows is that it is tried again.
            logger.warning("cannot look", extra={"device": facts.device.name, "reason": str(fault)})
            self._report_unreachable(held, facts, fault)
            self._try_again(held)
            return
        wanted = derive_wanted(facts, self._clock())
        failed = {order.id for order in facts.orders if Network.of(order, facts.side).fault in ("refused", "broken")}
        plan = plan_steps(facts.device, wanted, observed, failed)
        steps = self._allowed(plan, len(observed))
        outcomes = self._carry_out(held, facts, plan, steps)
        self._report(held, facts, plan, set(observed), called, outcomes)
        self._pool.run(lambda connection: self._finish(connection, held, [outcome for _, outcome in outcomes]))

    def _allowed(self, plan: Plan, observed: int) -> tuple[Step, ...]:
        """The plan's steps, without those that make it a mass change nobody has approved."""
        if self._limit is None or not is_mass_change(plan, observed, self._limit.objects, self._limit.percent):
            self._pool.run(lambda connection: plans.close(connection, plan.device.id, self._clock()))
            return plan.steps
        steps = [describe(step) for step in plan.disruptive]
        approved = self._pool.run(
            lambda connection: plans.hold(connection, plan.device.id, plan.digest, steps, self._clock())
        )
        if approved:
            return plan.steps
        logger.warning("a mass change waits for approval", extra={"device": plan.device.name, "steps": len(steps)})
        return tuple(step for step in plan.steps if step not in plan.disruptive)

    def _carry_out(self, held: work.Lease, facts: Facts, plan: Plan, steps: tuple[Step, ...]) -> Outcomes:
        self._driver.retire(plan.device, frozenset(map(step_name, steps)), held.generation)
        outcomes: Outcomes = []
        orders = {order.id: order for order in facts.orders}
        for step in steps:
            self.beat()
            self._keep(held)
            if step.action != "put" or self._intend(orders[step.document], facts.side):
                outcomes.append((step, self._take(step, held.generation)))
        return outcomes

    def _keep(self, held: work.Lease) -> None:
        now = self._clock()
        if not self._pool.run(lambda connection: work.renew(connection, held, now, LEASE)):
            raise StaleGeneration

    def _intend(self, order: Record, side: str) -> bool:
        """Writes down that something of an order is about to be in the network, so that it is taken out whatever comes.

        False when the order has changed since, so that the step is no longer what is wanted.
        """

        def write(connection: SyncConnection) -> bool:
            record = documents.find(connection, order.kind, order.id, CHANGE_LOCK)
            if record is None or not _same(record, order):
                return False
            known = Network.of(record, side)
            if not known.present:
                documents.save(connection, with_network(record, replace(known, present=True), side))
            return True

        return self._pool.run(write)

    def _take(self, step: Step, generation: int) -> Outcome:
        try:
            progress: Progress = self._driver.apply(step, generation)
        except DriverFault as fault:
            logger.warning("a step failed", extra={"step": step_name(step), "kind": fault.kind, "reason": str(fault)})
            return Outcome(fault=fault)
        except TestFailed as finding:
            return Outcome(findings=str(finding))
        except (StaleGeneration, DatabaseUnavailable):
            raise
        except Exception as error:
            logger.exception("the driver is broken", extra={"step": step_name(step)})
            return Outcome(fault=BrokenFault(str(error), f"{type(error).__name__} in the driver"))
        return Outcome(waiting=progress if isinstance(progress, Waiting) else None)

    def _report(
        self,
        held: work.Lease,
        facts: Facts,
        plan: Plan,
        observed: set[str],
        called: Mapping[str, str],
        outcomes: Outcomes,
    ) -> None:
        """Tells each order of the device what became of it, where that is news."""
        by_document: dict[str, Outcomes] = {}
        for step, outcome in outcomes:
            by_document.setdefault(step.document, []).append((step, outcome))
        for order in facts.orders:
            known = Network.of(order, facts.side)
            news = report(order, known, plan.in_place, observed, by_document.get(order.id, ()))
            news = replace(news, called=called.get(key_of(order), known.called))
            if news != known or _may_move(order, news):
                self._tell(held, order, news, facts.side)

    def _tell(self, held: work.Lease, order: Record, news: Network, side: str) -> None:
        """Raises StaleGeneration where somebody else has taken over, who may have seen what is newer than this."""

        def write(connection: SyncConnection) -> None:
            if not work.is_held(connection, held):
                raise StaleGeneration
            record = documents.find(connection, order.kind, order.id, CHANGE_LOCK)
            if record is None:
                return
            desk = self._order(connection)
            if _same(record, order):
                settling.settle(desk, record, news, side)
            else:
                # It was changed while we looked elsewhere; what we saw is not about it as it is now.
                desk.settle_later(record)
            desk.hand_over()

        self._pool.run(write)

    def _report_unreachable(self, held: work.Lease, facts: Facts, fault: DriverFault) -> None:
        for order in facts.orders:
            known = Network.of(order, facts.side)
            if phase_of(order) in (Phase.BUILDING, Phase.TESTING, Phase.CHANGING) and known.fault is None:
                failed = Outcome(fault=TransientFault(str(fault), fault.reference)).applied_to(known)
                self._tell(held, order, failed, facts.side)

    def _finish(self, connection: SyncConnection, held: work.Lease, outcomes: Iterable[Outcome]) -> None:
        now = self._clock()
        again: list[datetime] = []
        failed = False
        for outcome in outcomes:
            if outcome.waiting is not None and outcome.waiting.until is not None:
                again.append(outcome.waiting.until)
            if outcome.findings is not None:
                again.append(now + _TEST_AGAIN)
            if outcome.fault is not None and outcome.fault.kind == "transient":
                failed = True
                again.append(now + _backoff(held.attempt))
        work.finish(connection, held, again_at=min(again, default=None), attempt=held.attempt + 1 if failed else 0)

    def _try_again(self, held: work.Lease) -> None:
        due = self._clock() + _backoff(held.attempt)
        self._pool.run(lambda connection: work.finish(connection, held, again_at=due, attempt=held.attempt + 1))

    def _order(self, connection: SyncConnection) -> Order:
        return Order(connection, Caller(PROVISIONING, None, frozenset()), self._clock())


def _same(one: Record, other: Record) -> bool:
    return one.body == other.body and phase_of(one) is phase_of(other)


def _may_move(order: Record, network: Network) -> bool:
    """Whether an order that waited for the network can go on, though there is no news of it."""
    phase = phase_of(order)
    if phase in (Phase.BUILDING, Phase.CHANGING):
        return network.configured
    if phase in (Phase.REMOVING, Phase.CANCELLED, Phase.GONE):
        return not network.present and not order.meta.get("released")
    return phase is Phase.TESTING and network.tested


def _backoff(attempt: int) -> timedelta:
    return timedelta(seconds=min(2.0**attempt, _LONGEST_BACKOFF))
