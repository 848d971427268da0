"""A cancellation is taken back while its day has not come, with all that was to leave with it."""

from dataclasses import dataclass
from typing import Any

import pytest

from peerhall.provisioning import closing
from peerhall.store import tasks
from tests.installation import Caller, Site
from tests.orderdesk.test_exchange_lans import set_rules

BASE = "/api/ext/undo/v1"
LATER = {"decommission_at": "2026-10-01"}
ORDERED = (
    "connections",
    "network-feature-configs",
    "network-service-configs",
    "network-services",
    "port-reservations",
    "ports",
    "routing-functions",
)


def undo(site: Site, caller: Caller, path: str, status: int = 200, **options: Any) -> Any:
    answer = caller.request("POST", f"{site.origin}{BASE}{path}", **options)
    assert answer.status_code == status, answer.text
    return answer.json()


@dataclass(frozen=True)
class Orders:
    """Paths of what a member has in production."""

    connection: str
    reservation: str
    """One of two that the connection has."""
    config: str
    sessions: list[str]
    circuit: str
    sides: list[str]
    """The member's own, and its rival's."""
    cloud: str
    function: str


@pytest.fixture
def member(site: Site) -> Caller:
    return site.login("member")


@pytest.fixture
def orders(site: Site, member: Caller) -> Orders:
    rival = site.login("rival")
    connection = member.order_connection(mode="lag_lacp", port_quantity=2)
    far = rival.order_connection()
    function = member.order_router()
    config = member.order_peering(connection["id"], macs=[member.order_mac()["id"]])
    member.order_leg(function["id"])
    circuit = member.post(
        "/network-services", {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"}
    )
    vlan = {"vlan_config": {"vlan_type": "dot1q", "vlan": None}}
    sides = [
        each.post("/network-service-configs", {"type": "p2p_vc", "network_service": circuit["id"], **vlan, **to})["id"]
        for each, to in ((member, {"connection": connection["id"]}), (rival, {"connection": far["id"]}))
    ]
    cloud = member.post(
        "/network-services", {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012"}
    )
    handover = {"type": "cloud_vc", "network_service": cloud["id"], "connection": connection["id"], "handover": 1}
    member.post("/network-service-configs", {**handover, **vlan})
    site.reconcile()
    sessions = [member.order_session(config["id"], ip)["id"] for ip in config["ips"]]
    site.reconcile()
    return Orders(
        connection=f"/connections/{connection['id']}",
        reservation=f"/port-reservations/{connection['port_reservations'][0]}",
        config=f"/network-service-configs/{config['id']}",
        sessions=[f"/network-feature-configs/{each}" for each in sessions],
        circuit=f"/network-services/{circuit['id']}",
        sides=[f"/network-service-configs/{each}" for each in sides],
        cloud=f"/network-services/{cloud['id']}",
        function=f"/routing-functions/{function['id']}",
    )


def everything(site: Site) -> dict[str, Any]:
    """All orders as they are, but for when their status entries came and when the network was last looked at."""
    rows = site.connection.execute(
        "select id, body, meta - 'network' from document where kind = any(%s) order by id", (list(ORDERED),)
    ).fetchall()
    return {
        id_: {**body, "status": [entry["id"] for entry in body["status"]], "meta": meta} for id_, body, meta in rows
    }


@pytest.mark.parametrize("what", ["connection", "reservation", "config", "circuit", "cloud", "function"])
def test_what_was_to_leave_stays_as_it_was(site: Site, member: Caller, orders: Orders, what: str) -> None:
    path, before = getattr(orders, what), everything(site)
    assert {each["state"] for each in before.values()} == {"production"}
    assert member.delete(path, json=LATER)["state"] == "decommission_requested"
    site.reconcile()
    assert everything(site) != before
    tried = undo(site, member, path, headers={"Prefer": "dry-run"})
    assert member.get(path)["state"] == "decommission_requested"
    back = undo(site, member, path)
    assert (back["state"], back.get("decommission_at"), back.get("charged_until")) == ("production", None, None)
    assert {**tried, "status": []} == {**back, "status": []}
    site.reconcile()
    assert everything(site) == before
    site.clock.turn(days=60)
    site.reconcile()
    assert everything(site) == before, "the day that was set is forgotten"


def test_a_config_stays_only_while_the_ports_do_that_it_needs(site: Site, member: Caller, orders: Orders) -> None:
    member.patch(orders.config, {"type": "exchange_lan", "capacity": 15000})
    site.reconcile()
    assert member.unable("DELETE", orders.reservation, LATER)["conflicts"], "it could not be delivered over one port"
    member.delete(orders.config, json={"decommission_at": "2026-09-20"})
    member.delete(orders.reservation, json=LATER)
    problem = undo(site, member, orders.config, 400)
    assert [each["resource_id"] for each in problem["conflicts"]] == [orders.config.split("/")[-1]]
    assert member.get(orders.config)["state"] == "decommission_requested"
    undo(site, member, orders.reservation)
    assert undo(site, member, orders.config)["state"] == "production"
    # One that fits over what is left stays whatever ports leave.
    member.patch(orders.config, {"type": "exchange_lan", "capacity": 1000})
    member.delete(orders.config, json={"decommission_at": "2026-09-20"})
    member.delete(orders.reservation, json=LATER)
    assert undo(site, member, orders.config)["state"] == "production"


def test_an_asn_is_not_believed_for_having_been_away(site: Site, member: Caller, orders: Orders) -> None:
    set_rules(site, accept_all_asns=False)
    member.patch(orders.config, {"asns": [64496, 64499]})
    site.reconcile()
    member.delete(orders.config, json=LATER)
    site.reconcile()
    [task] = tasks.list_tasks(site.connection)
    with site.connection.transaction():
        closing.close_as_failed(site.connection, task.number, "operator", "Not theirs.", site.clock())
    undo(site, member, orders.config)
    site.reconcile()
    waiting = member.get(orders.config)
    assert waiting["state"] == "production_change_pending"
    assert [entry["attrs"] for entry in waiting["status"] if entry["tag"] == "asn_unverified"] == [{"asn": 64499}]
    [task] = tasks.list_tasks(site.connection)
    with site.connection.transaction():
        closing.close_as_failed(site.connection, task.number, "operator", "Not theirs.", site.clock())
    site.reconcile()
    config = member.get(orders.config)
    assert (config["state"], config["asns"]) == ("production", [64496])


def test_what_left_by_itself_does_not_come_back_with_the_whole(site: Site, member: Caller, orders: Orders) -> None:
    sooner = {"decommission_at": "2026-09-15"}
    member.delete(orders.sides[0], json=sooner)
    member.delete(orders.reservation, json=sooner)
    member.delete(orders.circuit, json=LATER)
    member.delete(orders.connection, json=LATER)
    undo(site, member, orders.circuit)
    undo(site, member, orders.connection)
    site.reconcile()
    for path in (orders.sides[0], orders.reservation):
        assert (member.get(path)["state"], member.get(path)["decommission_at"]) == (
            "decommission_requested",
            "2026-09-15",
        )
    assert site.login("rival").get(orders.sides[1])["state"] == "production"


def test_a_part_stays_only_where_the_whole_does(site: Site, member: Caller, orders: Orders) -> None:
    # What was led away, by whoever orders the whole,
    member.delete(orders.circuit, json=LATER)
    member.delete(orders.config, json=LATER)
    for caller, part in ((site.login("rival"), orders.sides[1]), (member, orders.sessions[0])):
        assert "part of" in undo(site, caller, part, 400)["detail"]
    # and what was to leave before it, by itself.
    member.delete(orders.reservation, json={"decommission_at": "2026-09-15"})
    member.delete(orders.connection, json=LATER)
    assert "decommission_requested" in undo(site, member, orders.reservation, 400)["detail"]
    undo(site, member, orders.connection)
    assert undo(site, member, orders.reservation)["state"] == "production"


def test_a_session_stays_until_it_is_being_taken_out(site: Site, member: Caller, orders: Orders) -> None:
    first, second = orders.sessions
    before = everything(site)
    member.delete(first)
    assert undo(site, member, first)["state"] == "production"
    site.reconcile()
    assert everything(site) == before
    member.delete(second)
    ip = site.stored(second.split("/")[-1])["ip"]
    other = member.order_session(orders.config.split("/")[-1], ip)["id"]
    assert other in undo(site, member, second, 400)["detail"], "there is one session for a route server and address"
    site.reconcile()
    assert "decommissioned" in undo(site, member, second, 400)["detail"]


def test_a_mac_address_that_was_deleted_meanwhile_does_not_come_back(
    site: Site, member: Caller, orders: Orders
) -> None:
    [mac] = member.get(orders.config)["macs"]
    member.delete(orders.config, json=LATER)
    member.delete(f"/macs/{mac}", 200)
    undo(site, member, orders.config)
    site.reconcile()
    assert (member.get(orders.config)["state"], member.get(orders.config)["macs"]) == ("production", [])
    attachment = f"attachment/{orders.config.split('/')[-1]}"
    assert not site.simulator._boxes["switch"].objects[attachment]["macs"]
    # It can be registered anew, by whoever comes first.
    member.patch(orders.config, {"type": "exchange_lan", "macs": [member.order_mac()["id"]]})
    site.reconcile()
    assert site.simulator._boxes["switch"].objects[attachment]["macs"] == ["02:00:5e:10:00:01"]


def test_what_is_not_leaving_cannot_be_taken_back(site: Site, member: Caller, orders: Orders) -> None:
    for path in (orders.connection, orders.reservation, orders.config, orders.circuit, orders.function):
        assert "production" in undo(site, member, path, 400)["detail"]
    undo(site, member, "/network-services/lan", 403)
    member.delete(orders.config)
    site.reconcile()
    assert "decommission" in undo(site, member, orders.config, 400)["detail"]


@pytest.mark.parametrize("what", ["config", "circuit", "function", "reservation"])
def test_once_the_day_has_come_it_is_too_late(site: Site, member: Caller, orders: Orders, what: str) -> None:
    path = getattr(orders, what)
    member.delete(path, json={"decommission_at": "2026-09-02"})
    site.clock.turn(days=1)
    assert "2026-09-02" in undo(site, site.login("member"), path, 400)["detail"]


def test_while_it_is_being_taken_out_of_the_network_it_is_too_late(site: Site, member: Caller, orders: Orders) -> None:
    member.delete(orders.config)
    while site.reconciler.work_once():
        pass
    assert member.get(orders.config)["state"] == "decommission_requested"
    assert undo(site, member, orders.config, 400)["detail"] == "It is being taken out of the network already."


def test_only_who_may_change_it_may_take_it_back(site: Site, member: Caller, orders: Orders) -> None:
    member.delete(orders.connection, json=LATER)
    member.delete(orders.circuit, json=LATER)
    rival = site.login("rival")
    undo(site, rival, orders.connection, 404)
    undo(site, rival, orders.reservation, 404)
    undo(site, rival, orders.function, 404)
    undo(site, rival, orders.circuit, 403)
    undo(site, site.login("member", read_only=True), orders.connection, 403)
    undo(site, member, "/connections/nothing", 404)
    undo(site, member, "/port-reservations/nothing", 404)
    outcomes = site.connection.execute(
        "select outcome from journal where operation = 'connections_cancellation_undo' order by serial"
    ).fetchall()
    assert outcomes == [("refused",)] * 3
