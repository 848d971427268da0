"""The reconciler: faults of every kind at every step, restarts, mass changes; in the end all is as it should be."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from peerhall.provisioning import closing
from peerhall.provisioning.driver import (
    BrokenFault,
    Config,
    Device,
    DriverContext,
    DriverFault,
    Progress,
    RefusedFault,
    Step,
    TestFailed,
    TransientFault,
)
from peerhall.provisioning.drivers.manual import create
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.reconciler import LEASE, MassChangeLimit, Reconciler
from peerhall.store import plans, tasks
from peerhall.store.database import DatabaseUnavailable, OrderPool
from tests.commands import Operator
from tests.installation import Caller, Site

STEPS = 4
"""Port, attachment, session, test: as many as one complete order takes."""


@pytest.fixture
def member(site: Site) -> Caller:
    return site.login("member")


def order(member: Caller) -> tuple[str, str, str]:
    """A connection, a config on it, a session: their ids."""
    connection = member.order_connection()["id"]
    config = member.order_peering(connection, macs=[member.order_mac()["id"]])
    session = member.order_session(config["id"], config["ips"][0])
    return connection, config["id"], session["id"]


def states(member: Caller, orders: tuple[str, str, str]) -> list[str]:
    paths = ("connections", "network-service-configs", "network-feature-configs")
    return [member.get(f"/{path}/{document}")["state"] for path, document in zip(paths, orders, strict=True)]


def tags(member: Caller, path: str) -> set[str]:
    return {entry["tag"] for entry in member.get(path)["status"]}


def finish_all_tasks(site: Site) -> None:
    """Reconciles while there is something to do for people, who do it."""
    site.reconcile()
    while found := tasks.list_tasks(site.connection):
        for task in found:
            closing.close_as_done(site.connection, task.number, "operator:test", None, site.clock())
        site.reconcile()


def come_to_rest(site: Site) -> None:
    """Reconciles with the clock turned past every retry."""
    for _ in range(8):
        site.reconcile()
        site.clock.turn(minutes=6)
        site.look_again()
    site.reconcile()


def assert_nothing_left_behind(site: Site) -> None:
    """No claim, no object in the network, no work to be done now, no open task of anybody."""
    held = site.connection.execute(
        """select kind, value from claim where released_at is null
           union all select 'vlan', outer_tag::text from vlan_claim where released_at is null"""
    ).fetchall()
    assert held == []
    assert all(not box.objects and not box.under_way for box in site.simulator._boxes.values())
    assert_no_work_is_left(site)


def assert_no_work_is_left(site: Site) -> None:
    due = site.connection.execute("select subject from work where due_at <= %s", (site.clock(),)).fetchall()
    assert due == []
    assert site.connection.execute("select * from lease").fetchall() == []


@pytest.mark.parametrize("failing", range(STEPS))
@pytest.mark.parametrize(
    "fault", [TransientFault("busy"), TestFailed("two MAC addresses seen")], ids=["transient", "test"]
)
def test_a_fault_that_passes_only_delays(site: Site, member: Caller, failing: int, fault: DriverFault) -> None:
    site.simulator.fail_next(*([None] * failing), fault)
    orders = order(member)
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3
    assert tags(member, f"/network-service-configs/{orders[1]}") <= {"vlan_selected"}


@pytest.mark.parametrize("failing", range(STEPS))
@pytest.mark.parametrize("fault", [RefusedFault("no such VLAN"), BrokenFault("bug")], ids=["refused", "broken"])
def test_a_fault_that_stays_stops_the_order_until_somebody_retries(
    site: Site, member: Caller, failing: int, fault: DriverFault
) -> None:
    site.simulator.fail_next(*([None] * failing), fault)
    orders = order(member)
    come_to_rest(site)
    assert "error" in states(member, orders)
    stuck = next(n for n, state in enumerate(states(member, orders)) if state == "error")
    path = ("connections", "network-service-configs", "network-feature-configs")[stuck]
    assert "provisioning_failed" in tags(member, f"/{path}/{orders[stuck]}")
    site.retry(orders[stuck])
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_what_is_in_production_and_refused_when_it_is_put_back_says_so_until_somebody_retries(
    site: Site, member: Caller
) -> None:
    _, config, _ = orders = order(member)
    site.reconcile()
    site.simulator.forget()
    site.simulator.fail_next(None, RefusedFault("no room"))
    site.look_again()
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3
    assert "provisioning_failed" in tags(member, f"/network-service-configs/{config}")
    assert f"attachment/{config}" not in site.simulator._boxes["switch"].objects
    operator = Operator(site.dsn)
    assert [each["id"] for each in operator.read("order", "list")] == [config]
    site.retry(config)
    come_to_rest(site)
    assert "provisioning_failed" not in tags(member, f"/network-service-configs/{config}")
    assert operator.read("order", "list") == []
    assert f"attachment/{config}" in site.simulator._boxes["switch"].objects


@pytest.mark.parametrize("fault", [RefusedFault("no room"), BrokenFault("bug")], ids=["refused", "broken"])
def test_what_cannot_be_changed_can_be_cancelled(site: Site, member: Caller, fault: DriverFault) -> None:
    connection, config, _ = order(member)
    site.reconcile()
    site.simulator.fail_next(fault)
    member.patch(f"/network-service-configs/{config}", {"capacity": 500})
    come_to_rest(site)
    assert "provisioning_failed" in tags(member, f"/network-service-configs/{config}")
    member.delete(f"/network-service-configs/{config}")
    member.delete(f"/connections/{connection}")
    come_to_rest(site)
    assert_nothing_left_behind(site)


@pytest.mark.parametrize("rounds", range(8))
def test_an_order_cancelled_anywhere_leaves_nothing_behind(site: Site, member: Caller, rounds: int) -> None:
    connection, config, _ = order(member)
    site.take_turns(rounds)
    member.delete(f"/network-service-configs/{config}")
    member.delete(f"/connections/{connection}")
    come_to_rest(site)
    assert_nothing_left_behind(site)
    assert member.get(f"/network-service-configs/{config}")["state"] in ("cancelled", "decommissioned")


@pytest.mark.parametrize("rounds", range(8))
def test_a_reconciler_and_a_network_that_start_anew_anywhere_get_there(site: Site, member: Caller, rounds: int) -> None:
    orders = order(member)
    site.take_turns(rounds)
    site.simulator.forget()
    site.restart_reconciler()
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_an_unreachable_device_is_unknown_not_empty(site: Site, member: Caller) -> None:
    orders = order(member)
    site.reconcile()
    site.simulator.cut_off("switch")
    member.patch(f"/network-service-configs/{orders[1]}", {"capacity": 500})
    come_to_rest(site)
    assert states(member, orders) == ["production", "production_change_pending", "production"]
    assert "provisioning_delayed" in tags(member, f"/network-service-configs/{orders[1]}")
    site.simulator.cut_off("switch", unreachable=False)
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_a_change_in_production_is_pending_until_the_network_has_it(site: Site, member: Caller) -> None:
    _, config, _ = orders = order(member)
    site.reconcile()
    pending = member.patch(f"/network-service-configs/{config}", {"capacity": 500})
    assert (pending["state"], pending["capacity"]) == ("production_change_pending", 500)
    assert "change_in_progress" in {entry["tag"] for entry in pending["status"]}
    site.reconcile()
    assert states(member, orders) == ["production"] * 3
    assert "change_in_progress" not in tags(member, f"/network-service-configs/{config}")


def test_a_change_that_is_none_of_the_networks_business_changes_no_state(site: Site, member: Caller) -> None:
    _, config, _ = order(member)
    site.reconcile()
    assert (
        member.patch(f"/network-service-configs/{config}", {"external_ref": "ours", "listed": True})["state"]
        == "production"
    )


def test_what_nobody_ordered_is_taken_out(site: Site, member: Caller) -> None:
    order(member)
    site.reconcile()
    site.simulator._boxes["switch"].objects["attachment/stray"] = {"connection": "?"}
    site.look_again()
    site.reconcile()
    assert "attachment/stray" not in site.simulator._boxes["switch"].objects


class TestMassChange:
    """More than a few removals at once wait for a person."""

    @pytest.fixture
    def configs(self, site: Site, member: Caller) -> list[str]:
        connection = member.order_connection()["id"]
        ordered = [
            member.order_peering(connection, macs=[member.order_mac(f"02:00:5e:10:00:{n:02x}")["id"]])["id"]
            for n in range(7)
        ]
        site.reconcile()
        pool, simulator = site.pool, site.simulator
        site.reconciler = Reconciler(pool, simulator, site.clock, MassChangeLimit(objects=5, percent=10))
        return ordered

    def test_it_waits_and_nothing_is_removed(self, site: Site, member: Caller, configs: list[str]) -> None:
        for config in configs:
            member.delete(f"/network-service-configs/{config}")
        site.reconcile()
        assert {member.get(f"/network-service-configs/{config}")["state"] for config in configs} == {
            "decommission_requested"
        }
        assert len(site.simulator._boxes["switch"].objects) == 8
        (plan,) = plans.list_plans(site.connection)
        assert [step["action"] for step in plan.steps] == ["remove"] * 7

    def test_once_approved_it_is_carried_out(self, site: Site, member: Caller, configs: list[str]) -> None:
        for config in configs:
            member.delete(f"/network-service-configs/{config}")
        site.reconcile()
        (plan,) = plans.list_plans(site.connection)
        assert plans.approve(site.connection, plan.number, "operator:test", site.clock()) == "switch"
        site.look_again()
        site.reconcile()
        assert {member.get(f"/network-service-configs/{config}")["state"] for config in configs} == {"decommissioned"}
        site.look_again()
        site.reconcile()
        assert plans.list_plans(site.connection) == []

    def test_what_remains_of_an_approved_plan_goes_on(self, site: Site, member: Caller) -> None:
        """People do the steps one by one, and the plan is shorter after each."""
        driver = create(DriverContext(site.pool, site.clock, {}))
        site.reconciler = Reconciler(site.pool, driver, site.clock, MassChangeLimit(objects=2, percent=0))
        connection = member.order_connection()["id"]
        macs = [member.order_mac(f"02:00:5e:10:00:{n:02x}")["id"] for n in range(4)]
        configs = [member.order_peering(connection, macs=[mac])["id"] for mac in macs]
        finish_all_tasks(site)
        for config in configs:
            member.delete(f"/network-service-configs/{config}")
        site.reconcile()
        (plan,) = plans.list_plans(site.connection)
        plans.approve(site.connection, plan.number, "operator:test", site.clock())
        site.look_again()
        site.reconcile()
        first, *others = tasks.list_tasks(site.connection)
        closing.close_as_done(site.connection, first.number, "operator:test", None, site.clock())
        site.reconcile()
        assert [task.number for task in tasks.list_tasks(site.connection)] == [task.number for task in others]
        finish_all_tasks(site)
        assert {member.get(f"/network-service-configs/{config}")["state"] for config in configs} == {"decommissioned"}
        assert plans.list_plans(site.connection) == []

    def test_a_plan_that_has_changed_since_waits_again(self, site: Site, member: Caller, configs: list[str]) -> None:
        for config in configs[:6]:
            member.delete(f"/network-service-configs/{config}")
        site.reconcile()
        (plan,) = plans.list_plans(site.connection)
        plans.approve(site.connection, plan.number, "operator:test", site.clock())
        member.delete(f"/network-service-configs/{configs[6]}")
        site.reconcile()
        (other,) = plans.list_plans(site.connection)
        assert (other.number > plan.number, other.approved_at, len(other.steps)) == (True, None, 7)

    def test_new_orders_do_not_wait_with_it(self, site: Site, member: Caller, configs: list[str]) -> None:
        for config in configs:
            member.delete(f"/network-service-configs/{config}")
        connection = member.get("/connections")[0]["id"]
        mac = member.order_mac("02:00:5e:10:00:ff")["id"]
        config = member.order_peering(connection, macs=[mac])["id"]
        site.reconcile()
        assert member.get(f"/network-service-configs/{config}")["state"] == "production"


def test_work_on_what_is_locked_for_too_long_is_soon_done_by_whoever_comes_next(site: Site, member: Caller) -> None:
    connection = member.order_connection()["id"]
    options = f"{conninfo_to_dict(site.dsn).get('options') or ''} -c lock_timeout=50ms"
    pool = OrderPool(make_conninfo(site.dsn, options=options), 1)
    hasty = Reconciler(pool, site.simulator, site.clock, None)
    with site.connection.transaction():
        site.connection.execute("select 1 from document where id = %s for update", (connection,))
        with suppress(DatabaseUnavailable):
            while hasty.work_once():
                pass
    pool.close()
    site.clock.turn(seconds=3)
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"
    assert_no_work_is_left(site)


def test_whoever_was_overtaken_tells_nothing_of_what_it_saw_before(site: Site, member: Caller) -> None:
    class Slow(Simulator):
        """Waits for an answer for longer than its worker has the device for itself; it comes to nothing."""

        def observe(self, device: Device) -> Mapping[str, Config]:
            site.clock.turn(seconds=LEASE.total_seconds() + 1)
            other = Reconciler(site.pool, site.simulator, site.clock, None)
            while other.work_once():
                pass
            raise TransientFault("does not answer")

    connection = member.order_connection()["id"]
    slow = Reconciler(site.pool, Slow(site.clock), site.clock, None)
    while slow.work_once():
        pass
    [port] = member.get(f"/connections/{connection}")["ports"]
    assert "provisioning_delayed" not in tags(member, f"/ports/{port}")
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"


def test_a_heartbeat_tells_that_somebody_is_at_work(site: Site, member: Caller) -> None:
    assert member.get("/health")["status"] == "warn"
    site.reconciler.beat()
    assert member.get("/health")["status"] == "pass"
    site.clock.turn(minutes=5)
    assert member.get("/health")["status"] == "warn"


def test_retries_come_less_and_less_often(site: Site, member: Caller) -> None:
    member.order_connection()
    site.simulator.fail_next(*[TransientFault("busy")] * 6)
    site.reconcile()
    tried = 0
    for _ in range(60):
        site.clock.now += timedelta(seconds=1)
        before = len(site.simulator.list_mishaps())
        site.reconcile()
        tried += before - len(site.simulator.list_mishaps())
    assert 0 < tried <= 6


def test_a_database_that_is_away_while_the_driver_needs_it_is_no_fault_of_the_order(site: Site, member: Caller) -> None:
    class Forgetful(Simulator):
        def apply(self, step: Step, generation: int) -> Progress:
            raise DatabaseUnavailable("the server is restarting")

    connection = member.order_connection()["id"]
    steady, site.reconciler._driver = site.reconciler._driver, Forgetful(site.clock)
    with pytest.raises(DatabaseUnavailable):
        site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "allocated"
    # Nobody waits for the lease that the worker could not give back.
    site.reconciler._driver = steady
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"
