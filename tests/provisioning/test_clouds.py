"""The provider's end of clouds: who is asked and who builds, faults at every step, restarts, people's hands."""

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit, NoCircuit
from peerhall.provisioning.closing import close_as_done, close_as_failed
from peerhall.provisioning.clouds import BothEnds, Clouds, load_clouds
from peerhall.provisioning.driver import (
    BrokenFault,
    Config,
    Device,
    Done,
    DriverContext,
    DriverFault,
    RefusedFault,
    Step,
    TransientFault,
)
from peerhall.provisioning.drivers.manual import Manual
from peerhall.provisioning.drivers.simulated_clouds import TERMS, SimulatedCloud, simulate_clouds
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.plan import Wanted, plan_steps, take_names
from peerhall.provisioning.tickets import write_instructions
from peerhall.store import tasks
from peerhall.store.database import OrderPool
from tests.clock import Clock
from tests.installation import Caller, Site
from tests.provisioning.test_reconciler import assert_nothing_left_behind, come_to_rest
from tests.waiting import wait_until

KEY = "01234567-89ab-cdef-0123-456789abcdef"
STEPS = 4
"""Port, circuit, the handover at the provider and on the switch."""


@pytest.fixture
def member(site: Site) -> Caller:
    return site.login("member")


def order(member: Caller) -> tuple[str, str, str]:
    """Paths of a connection, a cloud and its only handover."""
    connection = member.order_connection()["id"]
    body = {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012", "capacity": 500}
    service = member.post("/network-services", body)["id"]
    config = {
        "type": "cloud_vc",
        "network_service": service,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": 1,
    }
    config = member.post("/network-service-configs", config)["id"]
    return f"/connections/{connection}", f"/network-services/{service}", f"/network-service-configs/{config}"


def states(member: Caller, orders: tuple[str, ...]) -> list[str]:
    return [member.get(path)["state"] for path in orders]


def tags(member: Caller, path: str) -> set[str]:
    return {entry["tag"] for entry in member.get(path)["status"]} - {"vlan_selected"}


# Faults and restarts


@pytest.mark.parametrize("failing", range(STEPS))
def test_a_fault_that_passes_only_delays(site: Site, member: Caller, failing: int) -> None:
    site.simulator.fail_next(*([None] * failing), TransientFault("busy"))
    orders = order(member)
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3
    assert tags(member, orders[1]) == tags(member, orders[2]) == {"redundancy_incomplete"}


@pytest.mark.parametrize("fault", [RefusedFault("no"), BrokenFault("bug")], ids=["refused", "broken"])
def test_a_circuit_that_the_provider_refuses_waits_for_somebody(site: Site, member: Caller, fault: DriverFault) -> None:
    site.clouds["aws"].fail_next(fault)
    orders = order(member)
    come_to_rest(site)
    assert states(member, orders) == ["production", "error", "requested"]
    assert tags(member, orders[1]) >= {"provisioning_failed"}
    assert tags(member, orders[2]) == {"awaiting_cloud_circuit"}
    site.retry(orders[1].rpartition("/")[2])
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_one_handover_that_the_provider_refuses_holds_no_other(site: Site, member: Caller) -> None:
    orders = order(member)
    site.reconcile()
    site.clouds["aws"].fail_next(RefusedFault("no"))
    second = member.get(orders[2]) | {"handover": 2, "vlan_config": {"vlan_type": "dot1q", "vlan": None}}
    path = f"/network-service-configs/{member.post('/network-service-configs', second)['id']}"
    come_to_rest(site)
    assert states(member, (*orders, path)) == [*["production"] * 3, "error"]
    # The member may as well order something that the provider takes.
    member.patch(path, {"cloud_config": {"local_asn": 64496}})
    come_to_rest(site)
    assert states(member, (*orders, path)) == ["production"] * 4


def test_a_bandwidth_the_provider_does_not_have_is_mended_by_the_member(site: Site, member: Caller) -> None:
    orders = order(member)
    member.patch(orders[1], {"capacity": 700})
    come_to_rest(site)
    assert states(member, orders) == ["production", "error", "requested"]
    member.patch(orders[1], {"capacity": 1000})
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


@pytest.mark.parametrize("rounds", range(7))
def test_a_cloud_cancelled_anywhere_leaves_nothing_behind(site: Site, member: Caller, rounds: int) -> None:
    connection, service, config = order(member)
    site.take_turns(rounds)
    member.delete(service)
    member.delete(connection)
    come_to_rest(site)
    assert_nothing_left_behind(site)
    assert set(states(member, (service, config))) <= {"cancelled", "decommissioned"}


@pytest.mark.parametrize("rounds", range(0, 8, 2))
def test_a_reconciler_and_providers_that_start_anew_anywhere_get_there(site: Site, member: Caller, rounds: int) -> None:
    orders = order(member)
    site.take_turns(rounds)
    site.simulator.forget()
    site.restart_reconciler()
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_a_provider_that_does_not_answer_is_unknown_not_empty(site: Site, member: Caller) -> None:
    orders = order(member)
    site.reconcile()
    service = orders[1].rpartition("/")[2]
    site.simulator.cut_off(service)
    member.patch(orders[1], {"capacity": 1000})
    come_to_rest(site)
    assert states(member, orders) == ["production", "production_change_pending", "production"]
    assert tags(member, orders[1]) >= {"provisioning_delayed"}
    site.simulator.cut_off(service, unreachable=False)
    come_to_rest(site)
    assert states(member, orders) == ["production"] * 3


def test_a_circuit_comes_before_its_handovers_and_goes_after_them() -> None:
    device = Device("cloud", "Nimbus", "aws")
    wanted = [Wanted("attachment/a", "a", {}), Wanted("circuit/c", "c", {}), Wanted("attachment/z", "z", {})]
    keys = [step.key for step in plan_steps(device, wanted, {}).steps]
    assert keys == ["circuit/c", "attachment/a", "attachment/z"]
    seen: dict[str, Config] = {each.key: {} for each in wanted}
    assert [step.key for step in plan_steps(device, [], seen).steps] == ["attachment/a", "attachment/z", "circuit/c"]


def test_what_a_provider_calls_a_circuit_is_no_difference() -> None:
    seen = {"circuit/c": {"capacity_mbps": 1, "provider_ref": "dxcon-1"}, "attachment/a": {"vlan": 1}}
    assert take_names(seen) == (
        {"circuit/c": {"capacity_mbps": 1}, "attachment/a": {"vlan": 1}},
        {"circuit/c": "dxcon-1"},
    )


# People's hands


def test_without_a_plug_in_people_build_it_and_say_what_it_is_called(database: str, clock: Clock) -> None:
    pool = OrderPool(database, 2)
    driver = BothEnds(Simulator(clock, speed=None), Clouds(), Manual(DriverContext(pool, clock)))
    with Site(database, clock, driver).open() as site:
        site.reconciler._driver = driver
        site.simulator = driver._network  # type: ignore[assignment]
        member = site.login("member")
        orders = order(member)
        site.reconcile()
        assert states(member, orders) == ["production", "operator", "requested"]
        [task] = tasks.list_tasks(site.connection)
        assert "123456789012" in task.instructions
        assert "Nimbus Cloud" in task.title

        def close(provider_ref: str | None = None) -> None:
            [open_task] = tasks.list_tasks(site.connection)
            with site.connection.transaction():
                close_as_done(site.connection, open_task.number, "operator:test", None, clock(), provider_ref)
            site.reconcile()

        with site.connection.transaction():
            close_as_failed(site.connection, task.number, "operator:test", "they want a form", clock())
        site.reconcile()
        assert states(member, orders) == ["production", "error", "requested"]
        site.retry(orders[1].rpartition("/")[2])
        site.reconcile()
        close("dxcon-by-hand")
        assert member.get(orders[1])["provider_ref"] == "dxcon-by-hand"
        assert states(member, orders) == ["production", "allocated", "operator"]
        close()
        assert states(member, orders) == ["production"] * 3
        member.patch(orders[1], {"capacity": 1000})
        site.reconcile()
        close()
        assert (member.get(orders[1])["state"], member.get(orders[1])["provider_ref"]) == (
            "production",
            "dxcon-by-hand",
        )
    pool.close()


def test_a_ticket_says_what_to_ask_the_provider_for() -> None:
    config = {
        "circuit": "cloud",
        "cloud_key": KEY,
        "workflow": "provider_first",
        "region": "north-1",
        "pop": None,
        "delivery_method": "shared",
        "capacity_mbps": 500,
        "handovers": 2,
    }
    step = Step("put", Device("cloud", "Nimbus Cloud", "azure"), "circuit/cloud", "cloud", config, None)
    text = write_instructions(step)
    assert text.startswith("Configure circuit cloud on Nimbus Cloud.")
    assert f"  Cloud key: {KEY}" in text
    assert "  Capacity (Mbit/s): 500" in text
    attachment = {"circuit": "cloud", "handover": 1, "vlan": 5, "bgp_password": "secret"}
    text = write_instructions(Step("put", step.device, "attachment/a", "a", attachment, None))
    assert "secret" not in text
    assert "  VLAN of the provider: 5" in text


# Who is asked


class Provider(SimulatedCloud):
    """One that takes its time, or fails."""

    def __init__(self, clock: Clock, behaviour: Any) -> None:
        super().__init__("aws", Simulator(clock, speed=None))
        self._behaviour = behaviour

    def look_up(self, key: str) -> CustomersCircuit | None:
        found = self._behaviour()
        return found if isinstance(found, CustomersCircuit) else None


def fail() -> None:
    raise TransientFault("busy")


def test_a_provider_is_asked_about_what_could_be_its_keys(clock: Clock) -> None:
    circuit = CustomersCircuit("north-1", bandwidth=500)
    for behaviour, answer in (
        (lambda: circuit, circuit),
        (lambda: None, NoCircuit.UNKNOWN),
        (fail, NoCircuit.UNANSWERED),
    ):
        clouds = Clouds({"aws": Provider(clock, behaviour)})
        assert clouds.find("aws", "123456789012") is answer
        assert clouds.find_everywhere("123456789012") == {"aws": answer}
    assert clouds.find("aws", "nonsense") is NoCircuit.UNKNOWN
    assert clouds.find("azure", KEY) is NoCircuit.UNASKED
    assert clouds.find_everywhere(KEY) == {"azure": NoCircuit.UNASKED}
    assert clouds.find_everywhere("nonsense") == {}


def test_a_provider_that_hangs_keeps_only_a_few_waiting(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerhall.provisioning.clouds.LOOK_UP_SECONDS", 0.01)
    hanging, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        hanging.wait(30)

    clouds = Clouds({"aws": Provider(clock, hang)})
    assert {clouds.find("aws", "123456789012") for _ in range(20)} == {NoCircuit.UNANSWERED}
    assert 0 < len(asked) < 20
    hanging.set()
    wait_until(lambda: clouds.find("aws", "123456789012") is NoCircuit.UNKNOWN)


def test_a_plug_in_is_found_by_the_name_of_its_provider(
    clock: Clock, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cumulus_at_peerhall.py").write_text(
        "from peerhall.provisioning.drivers.simulated_clouds import SimulatedCloud\n"
        "from peerhall.provisioning.drivers.simulator import Simulator\n\n"
        "def create(context):\n"
        "    context.check_options('account')\n"
        "    cloud = SimulatedCloud('aws', Simulator(context.clock))\n"
        "    cloud.account = context.options['account']\n"
        "    return cloud\n"
    )
    described = tmp_path / "cumulus_at_peerhall-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: cumulus-at-peerhall\nVersion: 1\n")
    (described / "entry_points.txt").write_text("[peerhall.cloud_providers]\ncumulus = cumulus_at_peerhall:create\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    pool = OrderPool(database, 1)
    clouds = load_clouds(DriverContext(pool, clock, {"hook": "for another"}), {"cumulus": {"account": "ours"}})
    pool.close()
    assert list(clouds.providers) == ["cumulus"]
    assert clouds.providers["cumulus"].account == "ours"  # type: ignore[attr-defined]


def test_each_device_is_left_to_who_has_it(clock: Clock) -> None:
    network, by_hand = Simulator(clock, speed=None), Simulator(clock, speed=None)
    clouds = simulate_clouds(Simulator(clock, speed=None))
    both = BothEnds(network, Clouds(clouds), by_hand)
    for device, owner in (
        (Device("switch", "sw1"), network),
        (Device("one", "Nimbus", "aws"), clouds["aws"]._simulator),
        (Device("two", "Cumulus", "cumulus"), by_hand),
    ):
        config = {"cloud_key": "123456789012", "workflow": "exchange_first", "capacity_mbps": 500}
        both.apply(Step("put", device, "circuit/x", "x", config, None), 1)
        owner.advance()
        assert set(both.observe(device)) == {"circuit/x"}
        both.retire(device, frozenset(), 1)


# The pretended providers


def circuit_of(name: str, key: str, **members: Any) -> Step:
    config = {"cloud_key": key, "workflow": "exchange_first", "capacity_mbps": 1000, **members}
    return Step("put", Device("cloud", name, name), "circuit/cloud", "cloud", config, None)


@pytest.mark.parametrize("name", TERMS)
def test_each_pretended_provider_has_its_rules(clock: Clock, name: str) -> None:
    simulator = Simulator(clock, speed=None)
    cloud = simulate_clouds(simulator)[name]
    key = cloud.sell(CustomersCircuit("north-1", bandwidth=1000))
    assert cloud.look_up(key) == CustomersCircuit("north-1", bandwidth=1000)
    assert cloud.look_up(key.upper()) == cloud.look_up(key)
    for refused in (
        circuit_of(name, "nonsense"),
        circuit_of(name, key, capacity_mbps=777),
        circuit_of(name, key, capacity_mbps=2000, workflow="provider_first"),
        circuit_of(name, cloud.sell(CustomersCircuit("n1", bandwidth=2000)), workflow="provider_first"),
    ):
        with pytest.raises(RefusedFault):
            cloud.apply(refused, 1)
    with pytest.raises(ValueError, match="bandwidth"):
        cloud.sell(CustomersCircuit(bandwidth=777))
    step = circuit_of(name, key, workflow="provider_first")
    cloud.apply(step, 1)
    cloud.apply(step, 1)
    simulator.advance()
    assert isinstance(cloud.apply(step, 1), Done)
    seen: Mapping[str, Config] = cloud.observe(step.device)
    assert {**step.config, "provider_ref": seen["circuit/cloud"]["provider_ref"]} == seen["circuit/cloud"]
    assert seen["circuit/cloud"]["provider_ref"] == cloud.observe(step.device)["circuit/cloud"]["provider_ref"]
