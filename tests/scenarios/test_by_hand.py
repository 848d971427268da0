"""The same order with people in the place of the simulator: tasks, a hook script, and the operator's answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from peerhall.provisioning.driver import DriverContext
from peerhall.provisioning.drivers.manual import Manual
from peerhall.store import settings, tasks
from peerhall.store.database import OrderPool, connect
from tests.clock import Clock, RunningClock
from tests.commands import Operator
from tests.installation import Caller, Site


@pytest.fixture
def clock() -> Clock:
    return RunningClock()


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """Where a hook script would be; none is there unless a test writes one."""
    return tmp_path / "hook"


@pytest.fixture
def site(database: str, clock: Clock, hook: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    pool = OrderPool(database, 2)
    options = {"hook": str(hook)} if "hook" in request.keywords else {}
    with Site(database, clock, Manual(DriverContext(pool, clock, options))).open() as site:
        yield site
    pool.close()


@pytest.fixture
def operator(database: str) -> Operator:
    return Operator(database)


def titles(operator: Operator) -> list[str]:
    return [task["title"] for task in operator.read("task", "list")]


def do_next(operator: Operator, site: Site) -> str:
    """Closes the oldest task as done and returns what it was."""
    task = operator.read("task", "list")[0]
    operator.run("task", "done", task["task"])
    site.reconcile()
    return str(task["title"])


def connected(operator: Operator, site: Site) -> tuple[Caller, str]:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    assert do_next(operator, site) == "Configure port Ethernet1 on sw1.ork1"
    return member, connection


def test_an_order_is_finished_by_hand(operator: Operator, site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    waiting = member.get(f"/connections/{connection}")
    assert (waiting["state"], waiting["status"][0]["tag"]) == ("operator", "manual_step")
    assert waiting["status"][0]["attrs"] == {"ticket": "T1"}
    assert "Ethernet1" in operator.run("task", "show", "T1").stdout
    operator.run("task", "done", "1", "--note", "patched in row 7")
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"

    config = member.order_peering(connection, macs=[member.order_mac()["id"]])
    session = member.order_session(config["id"], config["ips"][0])
    site.reconcile()
    path = f"/network-service-configs/{config['id']}"
    name = member.get(f"/connections/{connection}")["name"]
    assert titles(operator) == [
        f"Configure attachment {name} on sw1.ork1",
        "Configure BGP session 192.0.2.10 on rs1.example.net",
    ]
    do_next(operator, site)
    do_next(operator, site)
    assert member.get(path)["state"] == "operator"
    assert do_next(operator, site) == f"Test attachment {name} on sw1.ork1"
    assert titles(operator) == []
    assert member.get(path)["state"] == "production"
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "production"

    member.delete(path)
    site.reconcile()
    assert {do_next(operator, site), do_next(operator, site)} == {
        f"Remove attachment {name} on sw1.ork1",
        "Remove BGP session 192.0.2.10 on rs1.example.net",
    }
    assert member.get(path)["state"] == "decommissioned"


def test_a_change_asks_for_the_new_configuration_only(operator: Operator, site: Site) -> None:
    member, connection = connected(operator, site)
    config = member.order_peering(connection, macs=[member.order_mac()["id"]])["id"]
    site.reconcile()
    for _ in range(2):
        do_next(operator, site)
    for capacity in (500, 700):
        member.patch(f"/network-service-configs/{config}", {"capacity": capacity})
        site.reconcile()
    (task,) = operator.read("task", "list")
    assert "Capacity (Mbit/s): 700   (was: -)" in task["instructions"]
    assert member.get(f"/network-service-configs/{config}")["state"] == "production_change_pending"
    do_next(operator, site)
    assert member.get(f"/network-service-configs/{config}")["state"] == "production"


def test_a_cancelled_order_takes_its_tasks_with_it(operator: Operator, site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    member.delete(f"/connections/{connection}")
    site.reconcile()
    assert titles(operator) == []
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 24


def test_a_step_that_cannot_be_done_is_retried_or_refused(operator: Operator, site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    operator.run("task", "fail", "T1", "--note", "no optics left")
    site.reconcile()
    failed = member.get(f"/connections/{connection}")
    assert (failed["state"], [entry["tag"] for entry in failed["status"]]) == ("error", ["provisioning_failed"])
    (order,) = operator.read("order", "list")
    assert (order["id"], order["state"]) == (connection, "error")

    operator.run("order", "retry", connection)
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "operator"
    operator.run("order", "refuse", connection, "--reason", "no optics this year")
    site.reconcile()
    refused = member.get(f"/connections/{connection}")
    assert refused["state"] == "cancelled"
    assert refused["status"][0]["attrs"] == {"reason": "no optics this year"}
    assert operator.read("order", "list") == []
    assert "order_refuse" in operator.run("order", "show", connection).stdout


def test_a_task_on_a_port_names_the_order_it_is_for(operator: Operator, site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    assert f"For the order {connection}" in operator.run("task", "show", "T1").stdout
    assert operator.read("task", "show", "T1")["order"] == connection
    assert operator.read("order", "show", connection)["tasks"] == ["T1"]
    said = operator.run("task", "fail", "T1", "--note", "the port is dark").stdout
    command = said.split("Try again with: peerhall ")[1].split()
    site.reconcile()
    operator.run(*command)
    site.reconcile()
    assert titles(operator) == ["Configure port Ethernet1 on sw1.ork1"]


def test_what_is_in_production_cannot_be_refused(operator: Operator, site: Site) -> None:
    _, connection = connected(operator, site)
    said = operator.run("order", "refuse", connection, "--reason", "whim", code=1)
    assert "not in production yet" in said.output


@pytest.mark.parametrize("answer", ["done", "fail"])
def test_a_new_asn_waits_for_the_operators_word(operator: Operator, site: Site, answer: str) -> None:
    with connect(site.dsn) as connection:
        settings.write_setting(
            connection, "exchange", {"account": "exchange", "name": "Example", "accept_all_asns": False}
        )
    member, port = connected(operator, site)
    macs = [member.order_mac()["id"]]
    config = member.order_peering(port, macs=macs)["id"]
    site.reconcile()
    waiting = member.get(f"/network-service-configs/{config}")
    assert (waiting["state"], waiting["status"][0]["tag"]) == ("operator", "asn_unverified")
    assert titles(operator) == ["Check that AS64496 belongs to Member"]
    operator.run("task", answer, operator.read("task", "list")[0]["task"], "--note", "looked it up")
    site.reconcile()
    if answer == "done":
        assert member.get(f"/network-service-configs/{config}")["state"] == "operator"
        assert "Configure attachment" in titles(operator)[0]
        other = member.order_peering(port, macs=[member.order_mac("02:00:5e:10:00:02")["id"]])
        assert "asn_unverified" not in {entry["tag"] for entry in other["status"]}
    else:
        refused = member.get(f"/network-service-configs/{config}")
        assert (refused["state"], refused["status"][0]["tag"]) == ("cancelled", "order_refused")
        assert titles(operator) == []


@pytest.mark.parametrize(("answer", "asns"), [("done", [64496, 64497]), ("fail", [64496])])
def test_a_new_asn_of_a_config_in_use_waits_too_and_is_taken_back_when_it_is_not_theirs(
    operator: Operator, site: Site, answer: str, asns: list[int]
) -> None:
    member, port = connected(operator, site)
    config = f"/network-service-configs/{member.order_peering(port, macs=[member.order_mac()['id']])['id']}"
    for _ in range(2):
        site.reconcile()
        operator.run("task", "done", operator.read("task", "list")[0]["task"])
    site.reconcile()
    assert member.get(config)["state"] == "production"
    with connect(site.dsn) as connection:
        rules = {"account": "exchange", "name": "Example", "accept_all_asns": False}
        settings.write_setting(connection, "exchange", rules)
        tasks.verify_asn(connection, "member", 64496, "operator", site.clock())

    member.patch(config, {"asns": [64496, 64497]})
    site.reconcile()
    pending = member.get(config)
    assert pending["state"] == "production_change_pending"
    assert [entry["attrs"] for entry in pending["status"] if entry["tag"] == "asn_unverified"] == [{"asn": 64497}]
    operator.run("task", answer, operator.read("task", "list")[0]["task"], "--note", "looked it up")
    site.reconcile()
    settled = member.get(config)
    assert (settled["state"], settled["asns"]) == ("production", asns)
    assert member.get("/accounts/member")["asns"] == asns
    assert ("change_refused" in {entry["tag"] for entry in settled["status"]}) == (answer == "fail")


def test_tasks_that_are_not_there_are_not_closed(operator: Operator, site: Site) -> None:
    connected(operator, site)
    assert "was closed as done already" in str(operator.run("task", "done", "T1", code=1).exception)
    assert "There is no task T99" in str(operator.run("task", "fail", "T99", "--note", "x", code=1).exception)
    operator.run("task", "done", "seven", code=2)


HOOKS = {
    "does it": "#!/bin/sh\ncat >> {log}\necho >> {log}\n",
    "cannot": "#!/bin/sh\ncat > /dev/null\necho 'no such chassis' >&2\nexit 1\n",
    "is busy": "#!/bin/sh\ncat > /dev/null\nexit 75\n",
}


def write_hook(hook: Path, what: str) -> Path:
    log = hook.with_suffix(".log")
    hook.write_text(HOOKS[what].format(log=log))
    hook.chmod(0o755)
    return log


@pytest.mark.hook
def test_a_hook_script_does_the_steps(operator: Operator, site: Site, hook: Path) -> None:
    log = write_hook(hook, "does it")
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"
    assert titles(operator) == []
    (call,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert (call["step"], call["device_name"], call["after"]["port"]) == ("put", "sw1.ork1", "Ethernet1")


@pytest.mark.hook
def test_what_a_hook_script_cannot_do_is_a_task_with_what_it_said(operator: Operator, site: Site, hook: Path) -> None:
    write_hook(hook, "cannot")
    member = site.login("member")
    member.order_connection()
    site.reconcile()
    (task,) = operator.read("task", "list")
    assert "no such chassis" in task["instructions"]


@pytest.mark.hook
def test_a_hook_script_that_is_missing_is_said_so_in_the_task(operator: Operator, site: Site) -> None:
    site.login("member").order_connection()
    site.reconcile()
    (task,) = operator.read("task", "list")
    assert "could not be run" in task["instructions"]


@pytest.mark.hook
def test_a_busy_hook_script_is_called_again(operator: Operator, site: Site, hook: Path) -> None:
    write_hook(hook, "is busy")
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    delayed = member.get(f"/connections/{connection}")
    assert (delayed["state"], titles(operator)) == ("allocated", [])
    write_hook(hook, "does it")
    site.clock.turn(minutes=1)
    site.reconcile()
    assert member.get(f"/connections/{connection}")["state"] == "production"
