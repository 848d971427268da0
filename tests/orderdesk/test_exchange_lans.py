"""Configs on a peering LAN over HTTP: how they attach, what they are given, what they wait for, how they leave."""

from typing import Any

import pytest
from pydantic_core import to_json

from peerhall.contract.vocabulary import write_instant
from peerhall.provisioning import closing
from peerhall.store import tasks
from tests.installation import Caller, Site
from tests.orderdesk.test_accounts import sub_account
from tests.orderdesk.test_connections import set_offering

CONFIGS = "/network-service-configs"


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def connection(house: Site, member: Caller) -> str:
    """A connection in production, for what is not built on it."""
    id_ = str(member.order_connection()["id"])
    house.reconcile()
    return id_


def connect(site: Site, caller: Caller, **members: Any) -> str:
    id_ = str(caller.order_connection(**members)["id"])
    site.reconcile()
    return id_


def body(on: str, **members: Any) -> dict[str, Any]:
    order = {
        "type": "exchange_lan",
        "network_service": "lan",
        "product_offering": "peering",
        "connection": on,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "asns": [64496],
        **members,
    }
    return {name: value for name, value in order.items() if value is not ...}


def set_meta(site: Site, document: str, **members: Any) -> None:
    text = to_json(members).decode()
    site.connection.execute("update document set meta = meta || %s::jsonb where id = %s", (text, document))


def set_rules(site: Site, **rules: Any) -> None:
    text = to_json(rules).decode()
    site.connection.execute("update setting set value = value || %s::jsonb where name = 'exchange'", (text,))


def tags(config: Any) -> set[str]:
    return {entry["tag"] for entry in config["status"]} - {"vlan_selected"}


def addresses(caller: Caller, config: Any) -> list[str]:
    return [each["address"] for each in caller.get(f"/ips?network_service_config={config['id']}")]


def leave(site: Site, caller: Caller, config: Any) -> None:
    caller.delete(f"{CONFIGS}/{config['id']}")
    site.reconcile()
    assert caller.get(f"{CONFIGS}/{config['id']}")["state"] in ("cancelled", "decommissioned")


# Ordering


def test_a_config_has_its_addresses_and_tag_at_once(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    created = member.order_peering(connection, macs=[member.order_mac()["id"]], capacity=1000, listed=True)
    expected = {
        "state": "requested",
        "vlan_config": {"vlan_type": "dot1q", "vlan": 2, "vlan_ethertype": "0x8100"},
        "capacity": 1000,
        "asns": [64496],
        "listed": True,
        "consumer_side_ready": None,
        "network_feature_configs": [],
        "role_assignments": [],
        "managing_account": "member",
        "consuming_account": "member",
        "billing_account": "member",
        "l3_config": None,
        "routing_function": None,
        "decommission_at": None,
    }
    assert {name: created[name] for name in expected} == expected
    assert addresses(member, created) == ["192.0.2.10", "2001:db8:1::fbf0:1"]
    assert tags(created) == {"ip_allocated"}
    assert member.get(f"{CONFIGS}/{created['id']}") == created
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 1000
    assert member.get("/account")["asns"] == [64496]
    site.reconcile()
    live = member.get(f"{CONFIGS}/{created['id']}")
    assert (live["state"], live["current_billing_start_date"]) == ("production", "2026-09-01")


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"connection": None}, {"connection", "routing_function"}),
        ({"routing_function": "x"}, {"connection", "routing_function"}),
        ({"connection": None, "routing_function": "x"}, {"routing_function", "l3_config", "vlan_config"}),
        ({"connection": "no-such-connection"}, {"connection"}),
        ({"vlan_config": ...}, {"vlan_config"}),
        ({"vlan_config": None}, {"vlan_config"}),
        ({"vlan_config": {"vlan": 5}}, {"vlan_config.vlan_type"}),
        ({"vlan_config": {"vlan_type": "vxlan"}}, {"vlan_config.vlan_type"}),
        ({"vlan_config": {"vlan_type": "dot1q", "vlan": 0}}, {"vlan_config.vlan"}),
        ({"vlan_config": {"vlan_type": "dot1q", "vlan": 4095}}, {"vlan_config.vlan"}),
        ({"vlan_config": {"vlan_type": "dot1q", "vlan_ethertype": "0x0800"}}, {"vlan_config.vlan_ethertype"}),
        ({"vlan_config": {"vlan_type": "qinq", "outer_vlan": 5}}, {"vlan_config.inner_vlan"}),
        ({"network_service": "no-such-service"}, {"network_service"}),
        ({"product_offering": "port-10g"}, {"product_offering"}),
        ({"product_offering": "no-such-offering"}, {"product_offering"}),
        ({"type": "p2p_vc"}, {"network_service"}),
        ({"type": "mp2mp_vc"}, {"network_service"}),
        ({"type": "ferry"}, {"type"}),
        ({"capacity": 99}, {"capacity"}),
        ({"capacity": 10001}, {"capacity"}),
        ({"capacity": 0}, {"capacity"}),
        ({"asns": []}, {"asns"}),
        ({"asns": [64496, -1, 2**32]}, {"asns.1", "asns.2"}),
        ({"asns": [64496, 0, 23456, 65535, 2**32 - 1]}, {"asns.1", "asns.2", "asns.3", "asns.4"}),
        ({"asns": list(range(64496, 64597))}, {"asns"}),
        ({"macs": ["no-such-mac"]}, {"macs.0"}),
        ({"role_assignments": ["x"]}, {"role_assignments.0"}),
        ({"availability_zone": "x"}, {"availability_zone"}),
        ({"l3_config": {"bfd": True}}, {"l3_config.bfd"}),
        ({"billing_account": "rival"}, {"billing_account"}),
        ({"shared_statistics": {"policy": "maybe"}}, {"shared_statistics.policy"}),
        (
            {"capacity": 1, "macs": ["x"], "product_offering": "?", "connection": "?"},
            {"macs.0", "product_offering", "connection"},
        ),
    ],
)
def test_wrong_members_are_named(member: Caller, connection: str, members: Any, names: set[str]) -> None:
    assert member.faults("POST", CONFIGS, body(connection, **members)).keys() == names


def test_every_lan_and_offering_has_its_place(house: Site, member: Caller, connection: str) -> None:
    set_offering(house, "peering", physical_port_speed=100000)
    assert "100000" in member.faults("POST", CONFIGS, body(connection))["product_offering"]
    set_offering(house, "peering", physical_port_speed=None, exchange_lan_network_service="another")
    assert member.faults("POST", CONFIGS, body(connection)).keys() == {"product_offering"}
    set_offering(
        house,
        "peering",
        exchange_lan_network_service="lan",
        handover_metro_area_network="x",
        service_metro_area_network="y",
    )
    assert "metro area network" in member.faults("POST", CONFIGS, body(connection))["product_offering"]
    set_offering(house, "peering", handover_metro_area_network="man", service_metro_area_network="man")


def test_a_connection_of_others_is_as_good_as_none(house: Site, connection: str) -> None:
    rival = house.login("rival")
    named = rival.faults("POST", CONFIGS, body(connection))
    assert named == rival.faults("POST", CONFIGS, body("no-such-connection"))


def test_a_config_waits_for_its_connection(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    created = member.order_peering(connection, macs=[member.order_mac()["id"]])
    assert "connection_not_in_production" in tags(created)
    assert addresses(member, created)
    site.reconcile()
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "production"


def test_a_config_tells_all_that_is_missing(site: Site) -> None:
    set_offering(site, "lan", nsc_required_contact_roles=["noc", "peering"])
    set_offering(site, "rs1", required=True)
    member = site.login("member")
    connection = connect(site, member)
    created = member.order_peering(connection)
    path = f"{CONFIGS}/{created['id']}"
    missing = {"contact_role_required", "required_feature_missing", "mac_missing"}
    assert tags(created) == missing | {"ip_allocated"}
    assert all(entry["severity"] <= 5 for entry in created["status"] if entry["tag"] in missing)
    site.reconcile()
    assert member.get(path)["state"] == "requested"
    contact = member.post("/contacts", {"email": "noc@example.net", "telephone": "+35320912000"})["id"]
    roles = [
        member.post("/role-assignments", {"contact": contact, "role": role})["id"]
        for role in ("role-noc", "role-peering")
    ]
    changed = member.patch(path, {"role_assignments": roles, "macs": [member.order_mac()["id"]]})
    assert tags(changed) & missing == {"required_feature_missing"}
    session = member.order_session(created["id"], created["ips"][0])
    assert tags(member.get(path)) & missing == set()
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert (
        member.unable("DELETE", f"/network-feature-configs/{session['id']}")["conflicts"][0]["resource_id"]
        == created["id"]
    )


def test_in_production_a_config_keeps_a_mac_where_the_lan_wants_one(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    site.reconcile()
    config = f"/network-service-configs/{member.order_peering(connection, macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    assert member.faults("PATCH", config, {"macs": []}).keys() == {"macs"}
    site.connection.execute("update document set meta = meta || '{\"mac_required\": false}' where id = 'lan'")
    assert member.patch(config, {"macs": []})["macs"] == []


def test_a_mac_counts_once_it_is_valid(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    mac = member.order_mac(valid_not_before="2026-09-01T13:00:00Z")["id"]
    created = member.order_peering(connection, macs=[mac])
    assert "mac_not_valid" in tags(created)
    site.reconcile()
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "requested"
    site.clock.turn(hours=1)
    site.reconcile()
    member = site.login("member")
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "production"


@pytest.mark.parametrize(
    ("demands_ready", "ready", "goes_on"),
    [
        (False, ..., True),
        (False, None, True),
        (False, True, True),
        (False, False, False),
        (True, ..., False),
        (True, None, False),
        (True, True, True),
        (True, False, False),
    ],
)
def test_the_consumer_side_holds_a_config_where_it_says_or_has_to_say(
    site: Site, demands_ready: bool, ready: Any, goes_on: bool
) -> None:
    set_meta(site, "lan", demands_ready=demands_ready)
    member = site.login("member")
    connection = connect(site, member)
    order = body(connection, consumer_side_ready=ready, macs=[member.order_mac()["id"]])
    path = f"{CONFIGS}/{member.post(CONFIGS, order)['id']}"
    site.reconcile()
    found = member.get(path)
    assert (found["state"], "consumer_side_not_ready" in tags(found)) == (
        ("production", False) if goes_on else ("allocated", True)
    )
    if not goes_on:
        member.patch(path, {"consumer_side_ready": True})
        site.reconcile()
        assert member.get(path)["state"] == "production"


# VLANs

PORT = {"vlan_type": "port"}


def dot1q(vlan: int | None) -> dict[str, Any]:
    return {"vlan_type": "dot1q", "vlan": vlan}


def qinq(outer: int | None, inner: int) -> dict[str, Any]:
    return {"vlan_type": "qinq", "outer_vlan": outer, "inner_vlan": inner}


@pytest.mark.parametrize(
    ("held", "wanted", "conflict"),
    [
        (PORT, PORT, "vlan_config.vlan_type"),
        (PORT, dot1q(5), "vlan_config.vlan"),
        (PORT, qinq(5, 6), "vlan_config.outer_vlan"),
        (dot1q(5), PORT, "vlan_config.vlan_type"),
        (dot1q(5), dot1q(5), "vlan_config.vlan"),
        (dot1q(5), {**dot1q(5), "vlan_ethertype": "0x9100"}, "vlan_config.vlan"),
        (dot1q(5), dot1q(6), None),
        (dot1q(5), qinq(5, 6), "vlan_config.outer_vlan"),
        (dot1q(5), qinq(6, 5), None),
        (qinq(5, 6), PORT, "vlan_config.vlan_type"),
        (qinq(5, 6), dot1q(5), "vlan_config.vlan"),
        (qinq(5, 6), dot1q(6), None),
        (qinq(5, 6), qinq(5, 6), "vlan_config.outer_vlan"),
        (qinq(5, 6), qinq(5, 7), None),
        (qinq(5, 6), qinq(6, 6), None),
    ],
)
def test_tags_conflict_as_frames_do(house: Site, member: Caller, held: Any, wanted: Any, conflict: str | None) -> None:
    connection = member.order_connection()["id"]
    first = member.order_peering(connection, vlan_config=held)
    if conflict is None:
        second = member.order_peering(connection, vlan_config=wanted)
        member.delete(f"{CONFIGS}/{second['id']}")
    else:
        faults = member.faults("POST", CONFIGS, body(connection, vlan_config=wanted))
        assert faults.keys() == {conflict}
        assert first["id"] in faults[conflict]
    member.delete(f"{CONFIGS}/{first['id']}")
    if conflict is not None:
        member.delete(f"{CONFIGS}/{member.order_peering(connection, vlan_config=wanted)['id']}")
    member.delete(f"/connections/{connection}")


def test_a_tag_that_is_left_open_is_the_lowest_free_one(house: Site, member: Caller) -> None:
    connection = member.order_connection()["id"]
    orders = [dot1q(3), dot1q(None), qinq(5, 100), dot1q(None), qinq(None, 100), qinq(None, 100), dot1q(1)]
    configs = [member.order_peering(connection, vlan_config=each) for each in orders]
    chosen = [each["vlan_config"].get("vlan") or each["vlan_config"].get("outer_vlan") for each in configs]
    assert chosen == [3, 2, 5, 4, 6, 7, 1]
    told = [[entry["attrs"]["vlan"] for entry in each["status"] if entry["tag"] == "vlan_selected"] for each in configs]
    assert told == [[], [2], [], [4], [6], [7], []]
    for each in configs:
        member.delete(f"{CONFIGS}/{each['id']}")
    member.delete(f"/connections/{connection}")


def test_a_config_that_takes_the_whole_port_is_in_the_way_until_it_has_a_tag(house: Site, member: Caller) -> None:
    on = connect(house, member)
    whole = member.post(CONFIGS, body(on, vlan_config=PORT))["id"]
    assert "give it a tag first" in member.post(CONFIGS, body(on), 400)["detail"]
    member.patch(f"{CONFIGS}/{whole}", {"vlan_config": dot1q(100)})
    member.post(CONFIGS, body(on))


def test_a_tag_that_is_taken_is_refused_with_some_that_are_not(member: Caller, connection: str) -> None:
    taken = member.order_peering(connection, vlan_config=dot1q(2))
    reason = member.faults("POST", CONFIGS, body(connection, vlan_config=dot1q(2)))["vlan_config.vlan"]
    assert "3, 4, 5" in reason
    member.delete(f"{CONFIGS}/{taken['id']}")


def test_only_ones_own_configs_are_named_as_holders(site: Site) -> None:
    """On a connection that a reseller and its customer share."""
    reseller = site.login("reseller")
    reseller.patch("/accounts/customer", {"billing_information": site.stored("reseller")["billing_information"]})
    connection = reseller.order_connection(consuming_account="customer")["id"]
    held = reseller.order_peering(connection, vlan_config=dot1q(5))["id"]
    customer = site.login("customer")
    reason = customer.faults("POST", CONFIGS, body(connection, vlan_config=dot1q(5)))["vlan_config.vlan"]
    assert "in use" in reason
    assert held not in reason
    own = customer.order_peering(connection, vlan_config=dot1q(6))["id"]
    assert own in reseller.faults("POST", CONFIGS, body(connection, vlan_config=dot1q(6)))["vlan_config.vlan"]


def test_a_tag_stays_until_another_is_wanted(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    other = member.order_peering(connection, vlan_config=dot1q(3))
    path = f"{CONFIGS}/{member.order_peering(connection, macs=[member.order_mac()['id']])['id']}"
    site.reconcile()

    def vlan() -> Any:
        return member.get(path)["vlan_config"]["vlan"]

    for same in ({"vlan_config": dot1q(None)}, {"vlan_config": {"vlan_type": "dot1q"}}, {"external_ref": "x"}):
        assert (member.patch(path, same)["state"], vlan()) == ("production", 2)
    assert member.faults("PATCH", path, {"vlan_config": dot1q(3)}).keys() == {"vlan_config.vlan"}
    assert vlan() == 2
    changed = member.patch(path, {"vlan_config": dot1q(7)})
    assert (changed["state"], changed["vlan_config"]["vlan"]) == ("production_change_pending", 7)
    [entry] = [entry for entry in changed["status"] if entry["tag"] == "change_in_progress"]
    assert (entry["attrs"]["property"], entry["attrs"]["to"]["vlan"]) == ("vlan_config", 7)
    site.reconcile()
    assert (member.get(path)["state"], vlan()) == ("production", 7)
    member.order_peering(connection, vlan_config=dot1q(2))
    assert member.patch(path, {"vlan_config": qinq(None, 9)})["vlan_config"]["outer_vlan"] == 4
    assert member.get(f"{CONFIGS}/{other['id']}")["vlan_config"]["vlan"] == 3


def test_a_tag_is_nobody_elses_until_the_network_has_let_it_go(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    path = f"{CONFIGS}/{member.order_peering(connection, vlan_config=dot1q(5), macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    member.patch(path, {"vlan_config": dot1q(6)})
    for taken in (5, 6):
        assert (
            "in use" in member.faults("POST", CONFIGS, body(connection, vlan_config=dot1q(taken)))["vlan_config.vlan"]
        )
    assert member.patch(path, {"vlan_config": dot1q(5)})["vlan_config"]["vlan"] == 5
    assert member.patch(path, {"vlan_config": dot1q(6)})["vlan_config"]["vlan"] == 6
    site.reconcile()
    assert member.get(path)["state"] == "production"
    member.order_peering(connection, vlan_config=dot1q(5))


def test_tags_that_overlap_with_those_before_take_their_place_at_once(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    path = f"{CONFIGS}/{member.order_peering(connection, vlan_config=dot1q(5), macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    assert member.patch(path, {"vlan_config": qinq(5, 9)})["vlan_config"]["inner_vlan"] == 9
    member.order_peering(connection, vlan_config=qinq(5, 10))
    site.reconcile()
    assert member.get(path)["state"] == "production"


def test_a_config_can_move_to_another_connection(site: Site) -> None:
    member = site.login("member")
    first, second = connect(site, member), connect(site, member)
    path = f"{CONFIGS}/{member.order_peering(first, capacity=500, macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    moved = member.patch(path, {"connection": second})
    assert (moved["connection"], moved["state"]) == (second, "production_change_pending")
    assert [member.get(f"/connections/{each}")["capacity_allocated"] for each in (first, second)] == [0, 500]
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert member.faults("PATCH", path, {"connection": None}).keys() == {"connection", "routing_function"}
    member.delete(f"/connections/{first}")


# MACs and ASNs


def test_a_mac_is_on_a_lan_once(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own, others = connect(site, member), connect(site, rival)
    mac, again = member.order_mac("02:00:5e:00:53:0a")["id"], member.order_mac("02:00:5E:00:53:0A")["id"]
    foreign = rival.order_mac("02:00:5E:00:53:0a")["id"]
    faults = member.faults("POST", CONFIGS, body(own, macs=[mac, again]))
    assert faults.keys() == {"macs.1"}
    assert member.faults("POST", CONFIGS, body(own, macs=[foreign])) == {"macs.0": "there is no such MAC address"}
    first = member.order_peering(own, macs=[mac])
    assert first["id"] in member.faults("POST", CONFIGS, body(own, macs=[again]))["macs.0"]
    reason = rival.faults("POST", CONFIGS, body(others, macs=[foreign]))["macs.0"]
    assert "in use" in reason
    assert first["id"] not in reason
    member.patch(f"{CONFIGS}/{first['id']}", {"macs": [member.order_mac()["id"]]})
    second = rival.order_peering(others, macs=[foreign])
    assert member.faults("PATCH", f"{CONFIGS}/{first['id']}", {"macs": [mac]}).keys() == {"macs.0"}
    leave(site, rival, second)
    member.patch(f"{CONFIGS}/{first['id']}", {"macs": [mac]})


def test_a_mac_is_nobody_elses_until_the_network_has_let_it_go(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own, others = connect(site, member), connect(site, rival)
    mac, other = member.order_mac()["id"], member.order_mac("02:00:5e:00:53:0b")["id"]
    foreign = rival.order_mac()["id"]
    path = f"{CONFIGS}/{member.order_peering(own, macs=[mac])['id']}"
    site.reconcile()
    member.patch(path, {"macs": [other]})
    assert "in use" in rival.faults("POST", CONFIGS, body(others, macs=[foreign]))["macs.0"]
    assert member.patch(path, {"macs": [mac]})["macs"] == [mac], "its own it may have back at once"
    assert member.patch(path, {"macs": [other]})["macs"] == [other]
    site.reconcile()
    assert member.get(path)["state"] == "production"
    rival.order_peering(others, macs=[foreign])
    held = "select released_at from claim where kind = 'mac' and value = '02:00:5e:10:00:01' order by serial"
    assert [released is None for (released,) in site.connection.execute(held)] == [False, True]


@pytest.mark.parametrize("live", [False, True])
def test_an_asn_new_to_an_account_waits_for_the_operator(site: Site, live: bool) -> None:
    member = site.login("member")
    connection = connect(site, member)
    asns = [64496]
    if live:
        path = f"{CONFIGS}/{member.order_peering(connection, macs=[member.order_mac()['id']])['id']}"
        site.reconcile()
        set_rules(site, accept_all_asns=False)
        asns.append(64499)
        changed = member.patch(path, {"asns": asns})
    else:
        set_rules(site, accept_all_asns=False)
        changed = member.order_peering(connection, macs=[member.order_mac()["id"]])
        path = f"{CONFIGS}/{changed['id']}"
    site.reconcile()
    waiting = member.get(path)
    assert waiting["state"] == ("production_change_pending" if live else "operator")
    [entry] = [entry for entry in waiting["status"] if entry["tag"] == "asn_unverified"]
    assert entry["attrs"] == {"asn": asns[-1]}
    session = member.order_session(changed["id"], changed["ips"][0], asn=asns[-1])
    site.reconcile()
    session_path = f"/network-feature-configs/{session['id']}"
    assert member.get(session_path)["state"] in ("requested", "operator")
    [task] = tasks.list_tasks(site.connection)
    assert f"AS{asns[-1]}" in task.title
    with site.connection.transaction():
        closing.close_as_done(site.connection, task.number, "operator", None, site.clock())
    site.reconcile()
    assert (member.get(path)["state"], member.get(session_path)["state"]) == ("production", "production")
    second = member.order_peering(connection, asns=asns[-1:], macs=[member.order_mac("02:00:5e:00:53:0b")["id"]])
    assert "asn_unverified" not in tags(second), "known is known"


def test_an_asn_that_is_turned_down_ends_an_order_and_leaves_what_was_live(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    live = f"{CONFIGS}/{member.order_peering(connection, macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    set_rules(site, accept_all_asns=False)
    changed = member.patch(live, {"asns": [64496, 64499]})
    session = member.order_session(changed["id"], changed["ips"][0], asn=64499)["id"]
    order = f"{CONFIGS}/{member.order_peering(connection, asns=[64498])['id']}"
    with site.connection.transaction():
        for task in tasks.list_tasks(site.connection):
            closing.close_as_failed(site.connection, task.number, "operator", "Not in the registry.", site.clock())
    site.reconcile()
    kept = member.get(live)
    assert (kept["state"], kept["asns"], tags(kept)) == ("production", [64496], {"change_refused"})
    assert member.get(f"/network-feature-configs/{session}")["state"] == "cancelled"
    assert (member.get(order)["state"], tags(member.get(order))) == ("cancelled", {"order_refused"})
    assert member.get("/account")["asns"] == [64496]
    assert tags(member.patch(live, {"capacity": 200})) == {"change_in_progress"}


@pytest.mark.parametrize("answer", ["done", "failed"])
def test_an_asn_is_asked_about_again_for_another_account(site: Site, answer: str) -> None:
    reseller = site.login("reseller")
    accounts: dict[str, Any] = {"managing_account": "reseller", "billing_account": "reseller"}
    connection = connect(site, reseller, **accounts, consuming_account="reseller")
    macs = [reseller.order_mac()["id"]]
    created = reseller.order_peering(connection, macs=macs, **accounts, consuming_account="reseller")
    path, session = f"{CONFIGS}/{created['id']}", reseller.order_session(created["id"], created["ips"][0])["id"]
    site.reconcile()
    set_rules(site, accept_all_asns=False)
    tasks.verify_asn(site.connection, "reseller", 64496, "operator", site.clock())

    reseller.patch(path, {"consuming_account": "customer"})
    site.reconcile()
    pending = reseller.get(path)
    assert (pending["state"], tags(pending)) == (
        "production_change_pending",
        {"asn_unverified", "change_in_progress"},
    )
    assert "reseller" not in str(site.login("customer").get(path)["status"]), "who had it before is not told"
    [task] = tasks.list_tasks(site.connection)
    assert task.request == {"asn": 64496, "account": "customer"}
    with site.connection.transaction():
        if answer == "done":
            closing.close_as_done(site.connection, task.number, "operator", None, site.clock())
        else:
            closing.close_as_failed(site.connection, task.number, "operator", "Not theirs.", site.clock())
    site.reconcile()
    settled = reseller.get(path)
    owner = "customer" if answer == "done" else "reseller"
    assert (settled["state"], settled["consuming_account"], settled["asns"]) == ("production", owner, [64496])
    assert tags(settled) == (set() if answer == "done" else {"change_refused"})
    assert {reseller.get(f"/ips/{ip}")["consuming_account"] for ip in settled["ips"]} == {owner}
    assert reseller.get("/accounts/customer")["asns"] == ([64496] if answer == "done" else [])
    assert reseller.get(f"/network-feature-configs/{session}")["state"] == "production"


def test_an_asn_known_to_both_accounts_moves_at_once(site: Site) -> None:
    reseller = site.login("reseller")
    connection = connect(site, reseller)
    path = f"{CONFIGS}/{reseller.order_peering(connection, macs=[reseller.order_mac()['id']])['id']}"
    site.reconcile()
    set_rules(site, accept_all_asns=False)
    for account in ("reseller", "customer"):
        tasks.verify_asn(site.connection, account, 64496, "operator", site.clock())
    moved = reseller.patch(path, {"consuming_account": "customer"})
    assert (moved["state"], tags(moved), tasks.list_tasks(site.connection)) == ("production", set(), [])


def test_an_asn_that_was_not_theirs_says_nothing_of_an_order_that_was_handed_on(site: Site) -> None:
    reseller = site.login("reseller")
    connection = connect(site, reseller)
    set_rules(site, accept_all_asns=False)
    path = f"{CONFIGS}/{reseller.order_peering(connection)['id']}"
    [task] = tasks.list_tasks(site.connection)
    reseller.patch(path, {"consuming_account": "customer"})
    with site.connection.transaction():
        closing.close_as_failed(site.connection, task.number, "operator", "Not theirs.", site.clock())
    site.reconcile()
    assert (reseller.get(path)["state"], "asn_unverified" in tags(reseller.get(path))) == ("requested", True)


def test_an_asn_in_use_by_a_session_stays(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    created = member.order_peering(connection, asns=[64496, 64499])
    session = member.order_session(created["id"], created["ips"][0], asn=64499)["id"]
    assert session in member.faults("PATCH", f"{CONFIGS}/{created['id']}", {"asns": [64496]})["asns"]
    member.delete(f"/network-feature-configs/{session}")
    assert member.patch(f"{CONFIGS}/{created['id']}", {"asns": [64496]})["asns"] == [64496]


# Addresses


def test_addresses_are_the_lowest_free_and_made_from_the_asn(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own, others = connect(site, member), connect(site, rival)
    first, second = (member.order_peering(own) for _ in range(2))
    third = rival.order_peering(others, asns=[64497])
    assert addresses(member, first) == ["192.0.2.10", "2001:db8:1::fbf0:1"]
    assert addresses(member, second) == ["192.0.2.11", "2001:db8:1::fbf0:2"]
    assert addresses(rival, third) == ["192.0.2.12", "2001:db8:1::fbf1:1"]


def test_an_address_that_was_given_back_cools_off_for_others(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own, others = connect(site, member), connect(site, rival)
    leave(site, member, member.order_peering(own))
    assert addresses(rival, rival.order_peering(others))[0] == "192.0.2.11"
    again = member.order_peering(own)
    assert addresses(member, again)[0] == "192.0.2.10", "its own an account may have again"
    leave(site, member, again)
    site.clock.turn(days=6, hours=23)
    rival = site.login("rival")
    assert addresses(rival, rival.order_peering(others))[0] == "192.0.2.12"
    site.clock.turn(hours=1, minutes=1)
    rival = site.login("rival")
    assert addresses(rival, rival.order_peering(others))[0] == "192.0.2.10"


def test_an_address_ends_with_its_config(site: Site) -> None:
    member = site.login("member")
    config = member.order_peering(connect(site, member))
    assert {member.get(f"/ips/{ip}")["valid_not_after"] for ip in config["ips"]} == {None}
    leave(site, member, config)
    ended = [member.get(f"/ips/{ip}")["valid_not_after"] for ip in config["ips"]]
    assert len(ended) == 2
    assert all(end is not None and end <= write_instant(site.clock()) for end in ended)
    refused = member.unable("PATCH", f"/ips/{config['ips'][0]}", {"fqdn": "still-mine.example.net"})
    assert "went back to the exchange" in refused["detail"]
    assert member.patch(f"/ips/{config['ips'][0]}", {"fqdn": None}, 200)["fqdn"] is None


def test_a_tag_that_was_given_back_cools_off_for_others(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    connection = connect(site, reseller, consuming_account="customer")
    leave(site, reseller, reseller.order_peering(connection, vlan_config=dot1q(2), consuming_account="customer"))
    other = reseller.order_peering(connection)
    assert other["vlan_config"]["vlan"] == 3
    assert "recently" in reseller.faults("POST", CONFIGS, body(connection, vlan_config=dot1q(2)))["vlan_config.vlan"]
    customers = reseller.order_peering(connection, consuming_account="customer")
    assert customers["vlan_config"]["vlan"] == 2
    assert account


def test_a_full_lan_takes_no_more(site: Site) -> None:
    set_offering(site, "lan", subnet_v4="192.0.2.0/28")
    member = site.login("member")
    connection = connect(site, member)
    for _ in range(5):
        last = member.order_peering(connection)
    assert addresses(member, last)[0] == "192.0.2.14"
    count = site.connection.execute("select count(*) from vlan_claim where released_at is null").fetchone()
    assert "IPv4" in member.unable("POST", CONFIGS, body(connection))["detail"]
    assert site.connection.execute("select count(*) from vlan_claim where released_at is null").fetchone() == count
    leave(site, member, last)
    assert addresses(member, member.order_peering(connection))[0] == "192.0.2.14"


# Changes


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"network_service": "another"}, {"network_service"}),
        ({"product_offering": "another"}, {"product_offering"}),
        ({"type": "p2p_vc"}, {"type"}),
        ({"asns": None}, {"asns"}),
        ({"capacity": 50}, {"capacity"}),
        ({"macs": None}, {"macs"}),
        ({"listed": None}, {"listed"}),
        ({"consuming_account": "rival"}, {"consuming_account"}),
    ],
)
def test_what_cannot_change_is_named(member: Caller, connection: str, members: Any, names: set[str]) -> None:
    created = member.order_peering(connection)
    path = f"{CONFIGS}/{created['id']}"
    assert member.faults("PATCH", path, members).keys() == names
    assert member.faults("PUT", path, {**created, **members}).keys() == names
    assert member.get(path) == created
    member.delete(path)


def test_what_clients_send_back_changes_nothing(member: Caller, connection: str) -> None:
    created = member.order_peering(connection, macs=[member.order_mac("02:00:5e:00:53:77")["id"]], capacity=100)
    path = f"{CONFIGS}/{created['id']}"
    for change in (
        {},
        {"type": "exchange_lan"},
        created,
        {
            "ips": [],
            "network_feature_configs": ["x"],
        },
    ):
        assert member.patch(path, change) == created
    assert member.put(path, created) == created
    assert member.patch(path, {"capacity": None})["capacity"] is None
    assert member.faults("PUT", path, {"type": "exchange_lan"}).keys() == {
        "asns",
        "billing_account",
        "consuming_account",
        "listed",
        "managing_account",
        "role_assignments",
    }
    member.delete(path)


def test_what_concerns_no_device_changes_at_once(site: Site) -> None:
    member = site.login("member")
    path = f"{CONFIGS}/{member.order_peering(connect(site, member), macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    changed = member.patch(
        path, {"listed": True, "external_ref": "x", "purchase_order": "y", "consumer_side_ready": False}
    )
    assert (changed["state"], tags(changed)) == ("production", set())
    changed = member.patch(path, {"capacity": 2000})
    assert (changed["state"], tags(changed)) == ("production_change_pending", {"change_in_progress"})
    assert member.get(f"/connections/{changed['connection']}")["capacity_allocated"] == 2000
    site.reconcile()
    assert (member.get(path)["state"], tags(member.get(path))) == ("production", set())


@pytest.mark.parametrize(("member_", "wished"), [("upgrade_allowed", 2000), ("downgrade_allowed", 500)])
def test_in_production_a_capacity_moves_only_as_the_offering_allows(site: Site, member_: str, wished: int) -> None:
    set_offering(site, "peering", **{member_: False})
    member = site.login("member")
    macs = [member.order_mac()["id"]]
    path = f"{CONFIGS}/{member.order_peering(connect(site, member), macs=macs, capacity=100)['id']}"
    member.patch(path, {"capacity": 1000})
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert member.faults("PATCH", path, {"capacity": wished}).keys() == {"capacity"}
    assert member.patch(path, {"external_ref": "still possible"})["capacity"] == 1000


def test_a_connection_of_which_only_so_much_may_be_allocated_takes_what_fits(site: Site) -> None:
    set_rules(site, capacity_limit_percent=50)
    member = site.login("member")
    connection = connect(site, member)
    assert member.get(f"/connections/{connection}")["capacity_allocation_limit"] == 5000
    first = member.order_peering(connection, capacity=3000, macs=[member.order_mac()["id"]])["id"]
    other = member.order_mac("02:00:5e:00:53:02")["id"]
    for capacity in (2001, None):
        order = body(connection, capacity=capacity, macs=[other])
        assert "2000 Mbit/s left" in member.faults("POST", CONFIGS, order)["capacity"]
    assert "5000 Mbit/s left" in member.faults("PATCH", f"{CONFIGS}/{first}", {"capacity": 6000})["capacity"]
    second = member.order_peering(connection, capacity=2000, macs=[other])["id"]
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 5000
    member.patch(f"{CONFIGS}/{first}", {"capacity": 1000})
    member.patch(f"{CONFIGS}/{second}", {"capacity": 4000})
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 5000


# Leaving


@pytest.mark.parametrize("content", [b"", b"{}", b"null"])
def test_before_production_a_config_is_cancelled_with_its_sessions(site: Site, content: bytes) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    created = member.order_peering(connection, capacity=100)
    session = member.order_session(created["id"], created["ips"][0])["id"]
    answer = member.request("DELETE", f"{CONFIGS}/{created['id']}", content=content)
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert member.get(f"/network-feature-configs/{session}")["state"] == "cancelled"
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 0
    assert member.get("/account")["asns"] == []
    assert member.delete(f"{CONFIGS}/{created['id']}")["state"] == "archived"
    assert member.get(f"/network-feature-configs/{session}")["state"] == "archived"
    assert member.get(CONFIGS) == member.get("/network-feature-configs") == []
    held = site.connection.execute("select count(*) from claim where released_at is null and kind <> 'port'").fetchone()
    assert held == (0,)


def test_a_config_in_production_leaves_on_its_day_with_its_sessions(site: Site) -> None:
    member = site.login("member")
    created = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]])
    path = f"{CONFIGS}/{created['id']}"
    session = f"/network-feature-configs/{member.order_session(created['id'], created['ips'][0])['id']}"
    site.reconcile()
    left = member.delete(path, json={"decommission_at": "2026-09-03"})
    assert (left["state"], left["decommission_at"], left["charged_until"]) == (
        "decommission_requested",
        "2026-09-03",
        "2026-09-03",
    )
    site.reconcile()
    assert member.get(session)["state"] == "decommission_requested"
    assert member.faults("POST", "/network-feature-configs", session_body(created, 1)).keys() == {
        "network_service_config"
    }
    member.unable("PATCH", path, {"capacity": 500})
    member.patch(path, {"external_ref": "bye"})
    site.clock.turn(days=2)
    site.reconcile()
    member = site.login("member")
    assert (member.get(path)["state"], member.get(session)["state"]) == ("decommissioned", "decommissioned")
    assert member.get("/account")["asns"] == []


def session_body(config: Any, ip: int) -> dict[str, Any]:
    return {
        "type": "route_server",
        "network_feature": "rs1",
        "network_service_config": config["id"],
        "asn": 64496,
        "as_set_v4": "AS-EXAMPLE@RIPE",
        "session_mode": "public",
        "bgp_session_type": "passive",
        "ip": config["ips"][ip],
    }


def test_a_config_in_use_moves_to_a_connection_in_production_only(site: Site) -> None:
    """Else it would be out of the network until the other one is there."""
    member = site.login("member")
    config = member.post(CONFIGS, body(connect(site, member), macs=[member.order_mac()["id"]]))["id"]
    site.reconcile()
    other = member.order_connection()["id"]
    refused = member.faults("PATCH", f"{CONFIGS}/{config}", {"connection": other})
    assert "once that is in production" in refused["connection"]
    site.reconcile()
    member.patch(f"{CONFIGS}/{config}", {"connection": other})
    site.reconcile()
    assert member.get(f"{CONFIGS}/{config}")["state"] == "production"
