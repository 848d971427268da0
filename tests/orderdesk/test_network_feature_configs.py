"""Sessions with route servers over HTTP: what fits, what they follow, how they change and end."""

from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.orderdesk.test_connections import set_offering
from tests.orderdesk.test_exchange_lans import CONFIGS, connect, session_body, tags

SESSIONS = "/network-feature-configs"
FLAGS = [
    {"name": "blackholing", "description": "Takes blackhole routes", "mandatory": False},
    {"name": "rpki", "description": "Drops invalid routes", "mandatory": True},
]


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def config(house: Site, member: Caller) -> Any:
    """A config in production."""
    connection = connect(house, member)
    created = member.order_peering(connection, macs=[member.order_mac()["id"]], asns=[64496, 64499])
    house.reconcile()
    return member.get(f"{CONFIGS}/{created['id']}")


def order(config: Any, **members: Any) -> dict[str, Any]:
    asked = {**session_body(config, 0), **members}
    return {name: value for name, value in asked.items() if value is not ...}


def test_a_session_is_ordered_with_defaults(site: Site) -> None:
    member = site.login("member")
    config = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]])
    created = member.post(SESSIONS, order(config))
    expected = {
        "state": "requested",
        "asn": 64496,
        "password": "",
        "as_set_v4": "AS-EXAMPLE@RIPE",
        "as_set_v6": None,
        "max_prefix_v4": None,
        "insert_ixp_asn": True,
        "flags": [],
        "role_assignments": [],
        "managing_account": "member",
        "billing_account": "member",
        "ip": config["ips"][0],
    }
    assert {name: created[name] for name in expected} == expected
    assert "insert_ixp_asn_on" in tags(created), "most members do not want the standard's default"
    assert member.get(f"{CONFIGS}/{config['id']}")["network_feature_configs"] == [created["id"]]
    assert [each["id"] for each in member.get(f"/ips?network_feature_config={created['id']}")] == [config["ips"][0]]
    site.reconcile()
    assert member.get(f"{SESSIONS}/{created['id']}")["state"] == "production"
    second = member.post(SESSIONS, order(config, ip=config["ips"][1], password="secret", insert_ixp_asn=False))
    assert (second["password"], "insert_ixp_asn_on" in tags(second)) == ("secret", False)


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"network_feature": "no-such-feature"}, {"network_feature"}),
        ({"network_service_config": "no-such-config"}, {"network_service_config"}),
        ({"network_feature": "lan", "network_service_config": "lan"}, {"network_feature", "network_service_config"}),
        ({"asn": 64497}, {"asn"}),
        ({"asn": -1}, {"asn"}),
        ({"session_mode": "collector"}, {"session_mode"}),
        ({"session_mode": "private"}, {"session_mode"}),
        ({"bgp_session_type": "mutual"}, {"bgp_session_type"}),
        ({"ip": "no-such-ip"}, {"ip"}),
        ({"ip": "lan"}, {"ip"}),
        ({"as_set_v4": ...}, {"as_set_v4", "as_set_v6"}),
        ({"as_set_v4": ""}, {"as_set_v4", "as_set_v6"}),
        ({"as_set_v4": "EXAMPLE"}, {"as_set_v4"}),
        ({"as_set_v4": "AS-EXAMPLE@"}, {"as_set_v4"}),
        ({"as_set_v6": "AS SET"}, {"as_set_v6"}),
        ({"as_set_v6": "AS-X\n"}, {"as_set_v6"}),
        ({"max_prefix_v4": -1}, {"max_prefix_v4"}),
        ({"password": "x" * 129}, {"password"}),
        ({"password": "x\n neighbor 192.0.2.1 shutdown"}, {"password"}),
        ({"flags": [{"name": "unknown", "enabled": True}]}, {"flags.0.name"}),
        ({"flags": [{}]}, {"flags.0.name"}),
        ({"flags": ["on"]}, {"flags.0"}),
        ({"type": "blackholing"}, {"type"}),
        ({"type": ...}, {"type"}),
        ({"billing_account": "rival"}, {"billing_account"}),
        ({"asn": 1, "session_mode": "collector", "ip": "x"}, {"asn", "session_mode", "ip"}),
    ],
)
def test_wrong_members_are_named(member: Caller, config: Any, members: Any, names: set[str]) -> None:
    assert member.faults("POST", SESSIONS, order(config, **members)).keys() == names


@pytest.mark.parametrize(
    "as_set",
    ["AS-EXAMPLE", "as-example@ripe", "AS64496", "AS64496:AS-CUSTOMERS", "AS64496:AS-X:AS-Y@RADB", "RIPE::AS-EXAMPLE"],
)
def test_as_sets_are_taken_as_registries_write_them(member: Caller, config: Any, as_set: str) -> None:
    created = member.post(SESSIONS, order(config, as_set_v4=as_set))
    assert created["as_set_v4"] == as_set
    member.delete(f"{SESSIONS}/{created['id']}")


def test_a_route_server_speaks_the_families_it_has(house: Site, member: Caller, config: Any) -> None:
    set_offering(house, "rs2", address_families=["af_inet6"])
    faults = member.faults("POST", SESSIONS, order(config, network_feature="rs2"))
    assert faults.keys() == {"as_set_v6", "ip"}
    created = member.post(SESSIONS, order(config, network_feature="rs2", ip=config["ips"][1], as_set_v6="AS-X"))
    member.delete(f"{SESSIONS}/{created['id']}")
    set_offering(house, "rs2", address_families=["af_inet", "af_inet6"], available_bgp_session_types=["passive"])
    assert member.faults("POST", SESSIONS, order(config, network_feature="rs2", bgp_session_type="active")).keys() == {
        "bgp_session_type"
    }


def _flags(**enabled: bool) -> list[dict[str, Any]]:
    return [{"id": name, "name": name, "enabled": on} for name, on in enabled.items()]


def test_flags_are_told_whole_and_mandatory_ones_are_on(house: Site, member: Caller, config: Any) -> None:
    set_offering(house, "rs1", flags=FLAGS)
    created = member.post(SESSIONS, order(config))
    assert created["flags"] == _flags(blackholing=False, rpki=True)
    member.delete(f"{SESSIONS}/{created['id']}")
    created = member.post(SESSIONS, order(config, flags=[{"name": "blackholing", "enabled": True}]))
    assert created["flags"] == _flags(blackholing=True, rpki=True)
    # Sent back with the ids, as pyixapi does, or without them, they are the same flags.
    for flags in (created["flags"], [{"name": each["name"], "enabled": each["enabled"]} for each in created["flags"]]):
        assert member.patch(f"{SESSIONS}/{created['id']}", {"flags": flags})["flags"] == created["flags"]
    refused = member.faults("PATCH", f"{SESSIONS}/{created['id']}", {"flags": _flags(blackholing=False, rpki=True)})
    assert refused.keys() == {"flags"}
    assert member.patch(f"{SESSIONS}/{created['id']}", {"flags": created["flags"]}) == created
    member.delete(f"{SESSIONS}/{created['id']}")
    assert member.faults("POST", SESSIONS, order(config, flags=[{"name": "rpki", "enabled": False}])).keys() == {
        "flags.0.enabled"
    }
    set_offering(house, "rs1", flags=[])


def test_a_session_is_had_once(member: Caller, config: Any) -> None:
    created = member.post(SESSIONS, order(config))
    assert created["id"] in member.faults("POST", SESSIONS, order(config))["ip"]
    others = [
        member.post(SESSIONS, order(config, network_feature="rs2"))["id"],
        member.post(SESSIONS, order(config, ip=config["ips"][1]))["id"],
    ]
    for each in (created["id"], *others):
        member.delete(f"{SESSIONS}/{each}")
    member.delete(f"{SESSIONS}/{member.post(SESSIONS, order(config))['id']}")


def test_a_config_of_others_is_as_good_as_none(house: Site, config: Any) -> None:
    rival = house.login("rival")
    foreign = rival.faults("POST", SESSIONS, order(config))
    unknown = rival.faults("POST", SESSIONS, order(config, network_service_config="no-such-config"))
    assert foreign == unknown
    assert foreign.keys() == {"network_service_config"}


def test_a_session_needs_the_roles_of_its_feature(site: Site) -> None:
    set_offering(site, "rs1", nfc_required_contact_roles=["noc"])
    member = site.login("member")
    config = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]])
    path = f"{SESSIONS}/{member.post(SESSIONS, order(config))['id']}"
    site.reconcile()
    waiting = member.get(path)
    assert (waiting["state"], "contact_role_required" in tags(waiting)) == ("requested", True)
    contact = member.post("/contacts", {"email": "noc@example.net", "telephone": "+35320912000"})["id"]
    role = member.post("/role-assignments", {"contact": contact, "role": "role-noc"})["id"]
    assert member.faults("PATCH", path, {"role_assignments": [role]}).keys() == {"role_assignments"}
    member.delete(path)
    staffed = member.post(SESSIONS, order(config, role_assignments=[role]))
    site.reconcile()
    assert member.get(f"{SESSIONS}/{staffed['id']}")["state"] == "production"


def test_a_session_waits_for_its_config(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    config = member.order_peering(connection, macs=[member.order_mac()["id"]])
    created = member.post(SESSIONS, order(config))
    assert "awaiting_network_service_config" in tags(created)
    site.reconcile()
    assert member.get(f"{SESSIONS}/{created['id']}")["state"] == "production"


def test_what_concerns_the_route_server_is_pending_until_it_has_it(site: Site) -> None:
    member = site.login("member")
    config = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]], asns=[64496, 64499])
    path = f"{SESSIONS}/{member.post(SESSIONS, order(config))['id']}"
    site.reconcile()
    changed = member.patch(path, {"max_prefix_v4": 100, "password": "a-new-password", "type": "route_server"})
    assert (changed["state"], changed["max_prefix_v4"]) == ("production_change_pending", 100)
    told = {entry["attrs"]["property"]: entry["attrs"] for entry in changed["status"] if "property" in entry["attrs"]}
    assert told.keys() == {"max_prefix_v4", "password"}
    assert (told["max_prefix_v4"]["from"], told["max_prefix_v4"]["to"]) == (None, 100)
    assert "a-new-password" not in str(changed["status"])
    site.reconcile()
    assert (member.get(path)["state"], member.get(path)["status"]) == ("production", [])
    changed = member.patch(path, {"external_ref": "x"})
    assert (changed["state"], changed["external_ref"]) == ("production", "x")
    assert member.patch(path, {"asn": 64499, "ip": config["ips"][1], "as_set_v6": "AS-X"})["asn"] == 64499
    site.reconcile()
    assert member.put(path, member.get(path))["state"] == "production"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"network_feature": "rs2"}, {"network_feature"}),
        ({"network_service_config": "another"}, {"network_service_config"}),
        ({"flags": [{"name": "x", "enabled": True}]}, {"flags"}),
        ({"billing_account": "rival"}, {"billing_account"}),
        ({"purchase_order": "x"}, {"purchase_order"}),
        ({"type": "other"}, {"type"}),
        ({"asn": 64500}, {"asn"}),
        ({"ip": "x"}, {"ip"}),
        ({"as_set_v4": None}, {"as_set_v4", "as_set_v6"}),
        ({"session_mode": "collector"}, {"session_mode"}),
        ({"managing_account": None}, {"managing_account"}),
    ],
)
def test_what_cannot_change_is_named(member: Caller, config: Any, members: Any, names: set[str]) -> None:
    created = member.post(SESSIONS, order(config))
    path = f"{SESSIONS}/{created['id']}"
    assert member.faults("PATCH", path, members).keys() == names
    assert member.faults("PUT", path, {**created, **members}).keys() == names
    assert member.patch(path, created) == created
    member.delete(path)


@pytest.mark.parametrize("live", [False, True])
def test_a_session_ends_without_its_config(site: Site, live: bool) -> None:
    member = site.login("member")
    config = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]])
    path = f"{SESSIONS}/{member.post(SESSIONS, order(config))['id']}"
    if live:
        site.reconcile()
    left = member.delete(path)
    assert left["state"] == ("decommission_requested" if live else "cancelled")
    assert "decommission_at" not in left, "the standard gives sessions no dates"
    if live:
        assert member.delete(path) == left, "said twice, it leaves no later and no sooner"
    site.reconcile()
    assert member.get(path)["state"] == ("decommissioned" if live else "cancelled")
    assert member.get(f"{CONFIGS}/{config['id']}")["state"] == "production"
    member.unable("PATCH", path, {"max_prefix_v4": 5})
    assert member.delete(path)["state"] == "archived"
    assert member.get(SESSIONS) == []
    assert member.delete(path)["state"] == "archived"


def test_a_required_session_stays_while_its_config_does(site: Site) -> None:
    set_offering(site, "rs1", required=True)
    member = site.login("member")
    config = member.order_peering(connect(site, member), macs=[member.order_mac()["id"]])
    v4, v6 = (member.post(SESSIONS, order(config, ip=ip))["id"] for ip in config["ips"])
    site.reconcile()
    member.delete(f"{SESSIONS}/{v6}")
    [conflict] = member.unable("DELETE", f"{SESSIONS}/{v4}")["conflicts"]
    assert (conflict["resource_type"], conflict["resource_id"]) == ("network-service-configs", config["id"])
    member.delete(f"{CONFIGS}/{config['id']}")
    site.reconcile()
    assert member.get(f"{SESSIONS}/{v4}")["state"] == "decommissioned"
