"""One suite for every driver that comes with Peerhall, so that the simulator cannot promise what people cannot do."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from peerhall.provisioning.closing import close_as_done
from peerhall.provisioning.driver import Device, Done, Driver, DriverContext, StaleGeneration, Step, Waiting
from peerhall.provisioning.drivers.manual import Manual
from peerhall.provisioning.drivers.simulated_clouds import SimulatedCloud
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.plan import step_name
from peerhall.store import tasks, work
from peerhall.store.database import OrderPool, SyncConnection
from tests.clock import Clock

SWITCH, ROUTE_SERVER = Device("switch", "sw1.ork1"), Device("rs1", "rs1.example.net")


class Bench:
    """A driver, and a way to let what it has begun come to an end."""

    def __init__(self, driver: Driver, finish: Callable[[], object], lease: Callable[[Device], int]) -> None:
        self.driver = driver
        self.finish = finish
        self.lease = lease
        """Takes the device over; returns the new generation."""

    def carry_out(self, step: Step) -> None:
        """Takes a step as the reconciler does: again and again, until it is done."""
        generation = self.lease(step.device)
        for _ in range(3):
            if isinstance(self.driver.apply(step, generation), Done):
                return
            self.finish()
            if step.action != "test" and self.driver.observe(step.device).get(step.key) == after(step):
                return
        if step.action != "test":
            raise AssertionError(f"{step} is never done")


def after(step: Step) -> object:
    return None if step.action == "remove" else step.config


def put(
    key: str = "attachment/a", device: Device = SWITCH, before: dict[str, object] | None = None, **config: object
) -> Step:
    return Step("put", device, key, "a", {"connection": "c", **config}, before)


def remove(step: Step) -> Step:
    return Step("remove", step.device, step.key, step.document, step.config, step.config)


@pytest.fixture(params=["simulator", "simulated cloud", "manual"])
def bench(request: pytest.FixtureRequest, connection: SyncConnection, database: str, clock: Clock) -> Iterator[Bench]:
    pool = OrderPool(database, 2)

    def lease(device: Device) -> int:
        with connection.transaction():
            connection.execute("delete from lease")
            work.queue(connection, [f"device:{device.id}"], clock())
            held = work.lease(connection, "test", clock(), timedelta(minutes=1))
        assert held is not None
        return held.generation

    simulator = Simulator(clock, speed=None)
    if request.param == "simulator":
        yield Bench(simulator, simulator.advance, lease)
    elif request.param == "simulated cloud":
        yield Bench(SimulatedCloud("aws", simulator), simulator.advance, lease)
    else:

        def close_all() -> None:
            for task in tasks.list_tasks(connection):
                with connection.transaction():
                    close_as_done(connection, task.number, "operator:test", None, clock())

        yield Bench(Manual(DriverContext(pool, clock)), close_all, lease)
    pool.close()


def test_a_device_is_empty_at_first(bench: Bench) -> None:
    assert bench.driver.observe(SWITCH) == {}


def test_what_is_put_there_is_there_once_it_is_done(bench: Bench) -> None:
    step = put()
    progress = bench.driver.apply(step, bench.lease(SWITCH))
    assert isinstance(progress, Waiting)
    assert bench.driver.observe(SWITCH) == {}
    bench.finish()
    assert bench.driver.observe(SWITCH) == {step.key: step.config}
    assert bench.driver.observe(ROUTE_SERVER) == {}


def test_repeating_a_step_does_no_harm(bench: Bench) -> None:
    step = put()
    generation = bench.lease(SWITCH)
    waiting = {bench.driver.apply(step, generation) for _ in range(3)}
    assert len(waiting) == 1
    bench.finish()
    bench.finish()
    assert bench.driver.observe(SWITCH) == {step.key: step.config}


def test_a_change_replaces_what_was_there(bench: Bench) -> None:
    bench.carry_out(put(capacity_mbps=100))
    changed = put(before=put(capacity_mbps=100).config, capacity_mbps=200)
    bench.carry_out(changed)
    assert bench.driver.observe(SWITCH) == {changed.key: changed.config}


def test_what_is_removed_is_gone_and_the_rest_stays(bench: Bench) -> None:
    kept, gone = put("attachment/kept"), put("attachment/gone")
    for step in (kept, gone, remove(gone)):
        bench.carry_out(step)
    assert bench.driver.observe(SWITCH) == {kept.key: kept.config}


def test_a_test_leaves_the_device_as_it_is(bench: Bench) -> None:
    step = put()
    bench.carry_out(step)
    bench.carry_out(Step("test", SWITCH, step.key, "a", step.config, step.config))
    assert bench.driver.observe(SWITCH) == {step.key: step.config}


def test_whoever_was_overtaken_is_refused(bench: Bench) -> None:
    old = bench.lease(SWITCH)
    new = bench.lease(SWITCH)
    bench.driver.apply(put(), new)
    with pytest.raises(StaleGeneration):
        bench.driver.apply(put("attachment/late"), old)
    with pytest.raises(StaleGeneration):
        bench.driver.retire(SWITCH, frozenset(), old)
    bench.finish()
    assert list(bench.driver.observe(SWITCH)) == ["attachment/a"]


def test_whoever_was_overtaken_by_one_who_only_looked_is_refused(bench: Bench) -> None:
    old = bench.lease(SWITCH)
    bench.driver.retire(SWITCH, frozenset(), bench.lease(SWITCH))
    with pytest.raises(StaleGeneration):
        bench.driver.apply(put("attachment/late"), old)
    bench.finish()
    assert bench.driver.observe(SWITCH) == {}


def test_what_is_no_longer_wanted_is_dropped(bench: Bench) -> None:
    kept, dropped = put("attachment/kept"), put("attachment/dropped")
    generation = bench.lease(SWITCH)
    for step in (kept, dropped):
        bench.driver.apply(step, generation)
    bench.driver.retire(SWITCH, frozenset({step_name(kept)}), generation)
    bench.finish()
    assert list(bench.driver.observe(SWITCH)) == [kept.key]


def test_an_outdated_configuration_is_not_put_there(bench: Bench) -> None:
    first, second = put(capacity_mbps=100), put(capacity_mbps=200)
    generation = bench.lease(SWITCH)
    bench.driver.apply(first, generation)
    bench.driver.retire(SWITCH, frozenset({step_name(second)}), generation)
    bench.driver.apply(second, generation)
    bench.finish()
    assert bench.driver.observe(SWITCH) == {second.key: second.config}


@pytest.mark.parametrize("bench", ["manual"], indirect=True)
def test_whoever_was_overtaken_is_refused_also_when_nobody_is_at_work_any_more(
    bench: Bench, connection: SyncConnection
) -> None:
    old = bench.lease(SWITCH)
    bench.lease(SWITCH)
    connection.execute("delete from lease")
    with pytest.raises(StaleGeneration):
        bench.driver.apply(put("attachment/late"), old)
    assert tasks.list_tasks(connection) == []
