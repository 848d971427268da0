"""Configs on a routing function over HTTP: what goes with it, what it is given, and how both leave."""

from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.orderdesk.test_connections import set_offering
from tests.orderdesk.test_exchange_lans import CONFIGS, addresses, connect

NEIGHBOR = {"bgp_neighbor_address": "192.0.2.7", "bgp_neighbor_asn": 64500}


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def function(house: Site, member: Caller) -> str:
    """A routing function in production, for what is not built on it."""
    id_ = str(member.order_router(capacity=5000)["id"])
    house.reconcile()
    return id_


def order_function(site: Site, caller: Caller, **members: Any) -> str:
    id_ = str(caller.order_router(**members)["id"])
    site.reconcile()
    return id_


def body(on: str | None, **members: Any) -> dict[str, Any]:
    order = {
        "type": "exchange_lan",
        "network_service": "lan",
        "product_offering": "peering",
        "routing_function": on,
        "l3_config": {},
        "asns": [64496],
        **members,
    }
    return {name: value for name, value in order.items() if value is not ...}


def tags(found: Any) -> set[str]:
    return {entry["tag"] for entry in found["status"]}


def attachment(site: Site, config: str) -> Any:
    """What of a config is on the device."""
    return site.simulator._boxes["switch"].objects.get(f"attachment/{config}")


def test_a_leg_has_addresses_of_the_lan_and_needs_no_mac(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member, asn=64497)
    created = member.order_leg(function, capacity=1000, l3_config={**NEIGHBOR, "bfd": True})
    assert "vlan_config" not in created
    assert (created["connection"], created["routing_function"], created["macs"]) == (None, function, [])
    assert created["l3_config"]["bgp_neighbor_address"] == "192.0.2.7"
    assert tags(created) == {"ip_allocated"}
    assert addresses(member, created) == ["192.0.2.10", "2001:db8:1::fbf0:1"]
    site.reconcile()
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "production"
    built = attachment(site, created["id"])
    assert built["router"] == site.simulator._boxes["switch"].objects[f"router/{function}"]["router"]
    assert built["addresses"] == ["192.0.2.10/26", "2001:db8:1::fbf0:1/64"]
    assert (built["local_asn"], built["bgp_neighbor_asn"], built["bfd"]) == (64497, 64500, True)
    # Its router's ASN is its own unless it has another.
    member.patch(f"/routing-functions/{function}", {"asn": 64498}, 200)
    site.reconcile()
    assert attachment(site, created["id"])["local_asn"] == 64498
    member.patch(f"{CONFIGS}/{created['id']}", {"l3_config": {**NEIGHBOR, "local_asn": 64499}})
    site.reconcile()
    assert attachment(site, created["id"])["local_asn"] == 64499


def test_a_leg_waits_for_its_routing_function(site: Site) -> None:
    member = site.login("member")
    created = member.order_leg(member.order_router()["id"])
    assert "routing_function_not_in_production" in tags(created)
    site.reconcile()
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "production"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"routing_function": None}, {"connection", "routing_function"}),
        ({"connection": "x"}, {"connection", "routing_function"}),
        ({"routing_function": "none"}, {"routing_function"}),
        ({"l3_config": ...}, {"l3_config"}),
        ({"l3_config": None}, {"l3_config"}),
        ({"vlan_config": {"vlan_type": "dot1q"}}, {"vlan_config"}),
        ({"macs": ["x"]}, {"macs", "macs.0"}),
        ({"capacity": 5001}, {"capacity"}),
        ({"l3_config": {"local_address": "192.0.2.9/26"}}, {"l3_config.local_address"}),
        ({"l3_config": {**NEIGHBOR, "bgp_neighbor_address": "198.51.100.1"}}, {"l3_config.bgp_neighbor_address"}),
        ({"l3_config": {"bfd": True}}, {"l3_config.bfd"}),
        ({"l3_config": {"bgp_neighbor_asn": 2**40}}, {"l3_config.bgp_neighbor_asn", "l3_config.bgp_neighbor_address"}),
    ],
)
def test_wrong_members_are_named(member: Caller, function: str, members: Any, names: set[str]) -> None:
    found = member.faults("POST", CONFIGS, body(**{"on": function, **members}))
    assert found.keys() == names


def test_a_routing_function_of_others_is_as_good_as_none(house: Site, function: str) -> None:
    rival = house.login("rival")
    named = rival.faults("POST", CONFIGS, body(function))
    assert named == rival.faults("POST", CONFIGS, body("no-such-function"))
    assert named.keys() == {"routing_function"}


def test_an_offering_says_what_it_needs_and_what_it_knows(site: Site) -> None:
    set_offering(
        site,
        "peering",
        nsc_required_l3_config_fields=["bgp_neighbor_asn", "local_asn", "local_address"],
        nsc_supported_l3_config_fields=["bgp_neighbor_address"],
    )
    member = site.login("member")
    function = order_function(site, member)
    assert member.faults("POST", CONFIGS, body(function)).keys() == {"l3_config.bgp_neighbor_asn"}
    named = member.faults("POST", CONFIGS, body(function, l3_config={**NEIGHBOR, "bfd": True}))
    assert named.keys() == {"l3_config.bfd"}
    member.post(CONFIGS, body(function, l3_config=NEIGHBOR))


def test_a_leg_is_ordered_where_its_router_is(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member)
    set_offering(site, "peering", handover_metro_area_network="x", service_metro_area_network="y")
    assert "metro area network" in member.faults("POST", CONFIGS, body(function))["product_offering"]


def test_legs_in_overlapping_subnets_are_refused(site: Site) -> None:
    member = site.login("member")
    function, other = order_function(site, member), order_function(site, member)
    first = member.order_leg(function)
    refused = member.faults("POST", CONFIGS, body(function))
    assert refused.keys() == {"routing_function"}
    assert first["id"] in refused["routing_function"]
    second = member.order_leg(other)
    site.reconcile()
    moving = f"{CONFIGS}/{second['id']}"
    assert member.faults("PATCH", moving, {"routing_function": function}).keys() == {"routing_function"}
    member.delete(f"{CONFIGS}/{first['id']}")
    site.reconcile()
    member.patch(moving, {"routing_function": function})
    site.reconcile()
    assert member.get(moving)["state"] == "production"


def test_the_capacity_of_a_function_bounds_that_of_its_legs(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member, capacity=5000)
    leg = f"{CONFIGS}/{member.order_leg(function, capacity=4000)['id']}"
    path = f"/routing-functions/{function}"
    assert "4000" in member.faults("PATCH", path, {"capacity": 3000})["capacity"]
    assert "5000" in member.faults("PATCH", leg, {"capacity": 6000})["capacity"]
    member.patch(path, {"capacity": 6000}, 200)
    member.patch(leg, {"capacity": 6000})


def test_a_config_moves_between_connection_and_routing_function(site: Site) -> None:
    member = site.login("member")
    connection, function = connect(site, member), order_function(site, member)
    created = member.order_peering(connection, macs=[member.order_mac()["id"]], capacity=1000)
    path = f"{CONFIGS}/{created['id']}"
    site.reconcile()
    to_function = {"connection": None, "routing_function": function, "macs": [], "l3_config": NEIGHBOR}
    assert member.faults("PATCH", path, {**to_function, "l3_config": None}).keys() == {"l3_config"}
    moved = member.patch(path, to_function)
    assert "vlan_config" not in moved
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 0
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert "router" in attachment(site, created["id"])
    claims = "select count(*) from vlan_claim where released_at is null"
    assert site.connection.execute(claims).fetchone() == (0,)
    back = {"connection": connection, "routing_function": None}
    assert member.faults("PATCH", path, back).keys() >= {"vlan_config"}
    vlan = {"vlan_type": "dot1q", "vlan": 7}
    member.patch(path, {**back, "l3_config": None, "vlan_config": vlan})
    site.reconcile()
    assert attachment(site, created["id"])["vlan_config"]["vlan"] == 7


def test_a_config_in_use_does_not_move_to_a_router_that_is_not_there_yet(site: Site) -> None:
    member = site.login("member")
    connection = connect(site, member)
    config = member.order_peering(connection, macs=[member.order_mac()["id"]])["id"]
    site.reconcile()
    function = member.order_router()["id"]
    to_function = {"connection": None, "routing_function": function, "macs": [], "l3_config": NEIGHBOR}
    refused = member.faults("PATCH", f"{CONFIGS}/{config}", to_function)
    assert "once that is in production" in refused["routing_function"]
    assert member.get(f"{CONFIGS}/{config}")["state"] == "production"


def test_legs_are_warned_of_the_end_of_their_function_and_keep_it_up(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member)
    leg = f"{CONFIGS}/{member.order_leg(function)['id']}"
    site.reconcile()
    path = f"/routing-functions/{function}"
    assert member.delete(path)["state"] == "decommission_requested"
    site.reconcile()
    assert "routing_function_leaving" in tags(member.get(leg))
    assert member.get(leg)["state"] == "production"
    held = member.get(path)
    assert (held["state"], tags(held)) == (
        "decommission_requested",
        {"decommission_scheduled", "routing_function_in_use"},
    )
    assert member.faults("POST", CONFIGS, body(function)).keys() == {"routing_function"}
    member.delete(leg)
    site.reconcile()
    assert member.get(leg)["state"] == "decommissioned"
    assert member.get(path)["state"] == "decommissioned"
    assert site.simulator._boxes["switch"].objects == {}


def test_what_was_never_built_ends_with_its_function(site: Site) -> None:
    member = site.login("member")
    function = member.order_router()["id"]
    leg = f"{CONFIGS}/{member.order_leg(function)['id']}"
    member.delete(f"/routing-functions/{function}")
    site.reconcile()
    assert "routing_function_not_in_production" in tags(member.get(leg))
    member.delete(leg)
    site.reconcile()
    assert member.get(leg)["state"] == "cancelled"
    assert site.connection.execute("select count(*) from claim where released_at is null").fetchone() == (0,)


def test_the_password_of_a_session_is_told_nowhere_else(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member)
    created = member.order_leg(function, l3_config={**NEIGHBOR, "bgp_password": "hush-hush-1"})
    assert created["l3_config"]["bgp_password"] == "hush-hush-1"
    site.reconcile()
    changed = member.patch(f"{CONFIGS}/{created['id']}", {"l3_config": {**NEIGHBOR, "bgp_password": "hush-hush-2"}})
    assert "hush" not in str(changed["status"])
    member.faults("PATCH", f"{CONFIGS}/{created['id']}", {"l3_config": {"bgp_password": "hush-hush-3"}})
    journal = str(site.connection.execute("select detail from journal").fetchall())
    assert "bgp_password" in journal
    assert "hush" not in journal
    assert "hush" not in str(site.connection.execute("select meta from document").fetchall())
    assert "l3_config" not in str(site.login("rival").get(CONFIGS))


def test_a_leg_in_a_group_that_filters_addresses_needs_none_of_its_own(site: Site) -> None:
    member = site.login("member")
    function = order_function(site, member)
    group = member.post("/network-services", {"type": "mp2mp_vc", "product_offering": "closed-group"})["id"]
    site.connection.execute(
        "update document set body = body || '{\"mac_acl_protection\": true}'::jsonb where id = %s", (group,)
    )
    l3_config = {"local_address": "198.51.100.1/24"}
    order = {"type": "mp2mp_vc", "network_service": group, "routing_function": function, "l3_config": l3_config}
    created = member.post(CONFIGS, order)
    assert "mac_missing" not in tags(created)
    site.reconcile()
    assert member.get(f"{CONFIGS}/{created['id']}")["state"] == "production"


def test_a_leg_of_a_circuit_is_built_with_the_subnet_it_names(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    function = order_function(site, member)
    port = rival.order_connection()["id"]
    circuit = member.post(
        "/network-services", {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"}
    )
    l3_config = {"local_address": "198.51.100.1/30", "bgp_neighbor_address": "198.51.100.2", "bgp_neighbor_asn": 64497}
    common = {"type": "p2p_vc", "network_service": circuit["id"]}
    leg = member.post(CONFIGS, {**common, "routing_function": function, "l3_config": l3_config})
    rival.post(CONFIGS, {**common, "connection": port, "vlan_config": {"vlan_type": "dot1q", "vlan": 7}})
    site.reconcile()
    built = attachment(site, leg["id"])
    assert (built["local_address"], built["bgp_neighbor_asn"], built["side"]) == ("198.51.100.1/30", 64497, "a")
