"""Configs on groups over HTTP: who joins, with how much, as root or leaf, with which addresses."""

from typing import Any

import pytest

from peerhall.provisioning.desired import derive_wanted
from peerhall.provisioning.driver import Device
from peerhall.provisioning.facts import load_facts
from tests.api.orders import add
from tests.installation import Caller, Site
from tests.orderdesk.groups import CONFIGS, RULES, SERVICES, config, connect, group, offering, rule, see, tags
from tests.orderdesk.test_accounts import sub_account
from tests.world import record

BOTH = pytest.mark.parametrize("type_", ["p2mp_vc", "mp2mp_vc"])


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def rival(house: Site) -> Caller:
    return house.login("rival")


@pytest.fixture(scope="module")
def own(house: Site, member: Caller) -> str:
    """A connection of the owner."""
    return connect(house, member)


@pytest.fixture(scope="module")
def others(house: Site, rival: Caller) -> str:
    """A connection of the guest."""
    return connect(house, rival)


def wanted(site: Site, config: Any) -> Any:
    """How a config is to be on the switch."""
    facts = load_facts(site.connection, "switch")
    assert facts is not None
    return next(each.config for each in derive_wanted(facts, site.clock()) if each.document == config["id"])


# Joining


@BOTH
def test_the_owner_joins_without_a_rule(house: Site, member: Caller, own: str, type_: str) -> None:
    service = group(house, type_)
    joined = member.post(CONFIGS, config(service, own, type_, capacity=100))
    assert (joined["state"], joined["capacity"], joined["product_offering"]) == ("requested", 100, None)
    house.reconcile()
    assert see(member, joined)["state"] == "production"
    member.delete(f"{CONFIGS}/{joined['id']}")
    house.reconcile()
    assert see(member, joined)["state"] == "decommissioned"


def test_who_joins_a_group_does_not_wait_for_others_who_do(house: Site, member: Caller, own: str) -> None:
    service = group(house)
    with house.connection.transaction():
        house.connection.execute("select 1 from document where id = %s for share", (service,))
        member.post(CONFIGS, config(service, own, capacity=100))


@BOTH
def test_an_invisible_service_is_not_there(house: Site, rival: Caller, others: str, type_: str) -> None:
    service = group(house, type_)
    refused = rival.faults("POST", CONFIGS, config(service, others, type_))
    assert refused.keys() == {"network_service"}
    assert refused == rival.faults("POST", CONFIGS, config("no-such-thing", others, type_))
    assert refused == rival.faults("POST", CONFIGS, config("lan", others, type_))


@BOTH
def test_joining_a_visible_service_takes_leave(
    house: Site, member: Caller, rival: Caller, others: str, type_: str
) -> None:
    service = group(house, type_, public=True)
    made = member.post(RULES, rule(service, type_="deny"))
    rival.post(CONFIGS, config(service, others, type_), 403)
    member.delete(f"{RULES}/{made['id']}", 200)
    rival.post(CONFIGS, config(service, others, type_))


def test_a_rule_is_for_the_account_it_names_and_not_for_those_below(house: Site, member: Caller) -> None:
    service = group(house)
    member.post(RULES, rule(service, "reseller"))
    reseller = house.login("reseller")
    connection = connect(house, reseller)
    reseller.post(CONFIGS, config(service, connection, consuming_account="customer"), 403)
    reseller.post(CONFIGS, config(service, connection))
    member.post(RULES, rule(service, "customer"))
    reseller.post(CONFIGS, config(service, connection, consuming_account="customer"))


def test_handing_a_config_on_is_joining(house: Site, member: Caller) -> None:
    service = group(house)
    member.post(RULES, rule(service, "reseller"))
    reseller = house.login("reseller")
    joined = reseller.post(CONFIGS, config(service, connect(house, reseller)))
    reseller.patch(f"{CONFIGS}/{joined['id']}", {"consuming_account": "customer"}, 403)
    member.post(RULES, rule(service, "customer", capacity_max=100))
    assert reseller.patch(f"{CONFIGS}/{joined['id']}", {"consuming_account": "customer"})["capacity"] == 100


def test_a_foreign_account_says_nothing_about_its_rules(
    house: Site, member: Caller, rival: Caller, others: str
) -> None:
    service = group(house, public=True)
    before = rival.faults("POST", CONFIGS, config(service, others, consuming_account="reseller"))
    assert before.keys() == {"consuming_account"}
    member.post(RULES, rule(service, "reseller", type_="deny"))
    assert rival.faults("POST", CONFIGS, config(service, others, consuming_account="reseller")) == before


@pytest.mark.parametrize(
    ("asked", "limits", "gets"),
    [
        (500, {}, 500),
        (None, {}, None),
        (500, {"capacity_max": 200}, 200),
        (None, {"capacity_max": 200}, 200),
        (200, {"capacity_max": 200}, 200),
        (100, {"capacity_min": 100, "capacity_max": 100}, 100),
        (None, {"capacity_min": 100}, None),
        (None, {"capacity_max": 20000}, None),
    ],
)
@BOTH
def test_the_rule_says_how_much(
    house: Site, member: Caller, rival: Caller, others: str, type_: str, asked: Any, limits: Any, gets: Any
) -> None:
    service = group(house, type_)
    member.post(RULES, rule(service, **limits))
    joined = rival.post(CONFIGS, config(service, others, type_, capacity=asked))
    assert joined["capacity"] == gets
    entries = {entry["tag"]: entry["attrs"] for entry in joined["status"]}
    limited = entries.get("bandwidth_limited_by_rule")
    assert limited == (None if gets == asked else {"capacity_max": gets})


def test_too_little_to_join_with_is_refused(house: Site, member: Caller, rival: Caller, others: str) -> None:
    service = group(house)
    member.post(RULES, rule(service, capacity_min=100))
    assert rival.faults("POST", CONFIGS, config(service, others, capacity=99)).keys() == {"capacity"}


def test_a_limited_config_asks_for_less_and_more_again(house: Site, member: Caller, rival: Caller, others: str) -> None:
    service = group(house)
    member.post(RULES, rule(service, capacity_max=200))
    joined = rival.post(CONFIGS, config(service, others, capacity=500))
    path = f"{CONFIGS}/{joined['id']}"
    house.reconcile()
    less = rival.patch(path, {"capacity": 100})
    assert (less["capacity"], less["state"]) == (100, "production_change_pending")
    assert "bandwidth_limited_by_rule" not in tags(less)
    house.reconcile()
    assert rival.patch(path, {"capacity": 300})["capacity"] == 200
    house.reconcile()
    same = rival.put(path, see(rival, joined))
    assert (same["capacity"], same["state"]) == (200, "production")
    assert wanted(house, joined)["capacity_mbps"] == 200


# Offerings and places


def test_an_offering_is_no_way_around_what_another_one_forbids(house: Site, member: Caller, own: str) -> None:
    slow, fast = (
        offering(house, "mp2mp_vc", resource_type="network_service_config", bandwidth_max=most, upgrade_allowed=allowed)
        for most, allowed in ((100, False), (500, True))
    )
    service = group(house, nsc_product_offerings=[slow, fast])
    joined = member.post(CONFIGS, config(service, own, product_offering=slow))
    house.reconcile()
    path = f"{CONFIGS}/{joined['id']}"
    for wish in ({}, {"capacity": 500}):
        faults = member.faults("PATCH", path, {"product_offering": fast, **wish})
        assert "cannot be raised" in faults["product_offering"]
    assert member.patch(path, {"product_offering": fast, "capacity": 100})["capacity"] == 100
    house.reconcile()
    assert member.patch(path, {"capacity": 500})["capacity"] == 500


def test_without_a_capacity_a_config_is_limited_by_its_offering(house: Site, member: Caller, own: str) -> None:
    slow, fast = (
        offering(house, "mp2mp_vc", resource_type="network_service_config", bandwidth_max=limit) for limit in (100, 500)
    )
    service = group(
        house, nsc_product_offerings=[slow, fast], product_offering=offering(house, "mp2mp_vc", bandwidth_max=900)
    )
    first, second = (member.post(CONFIGS, config(service, own, product_offering=each)) for each in (None, slow))
    house.reconcile()
    assert [wanted(house, each)["capacity_mbps"] for each in (first, second)] == [900, 100]
    moved = member.patch(f"{CONFIGS}/{second['id']}", {"product_offering": fast})
    assert (moved["state"], moved["capacity"]) == ("production_change_pending", None)
    house.reconcile()
    assert see(member, second)["state"] == "production"
    built = house.simulator.observe(Device("switch", "sw1.ork1"))[f"attachment/{second['id']}"]
    assert built["capacity_mbps"] == 500


@BOTH
def test_the_offering_of_the_service_limits_its_configs(house: Site, member: Caller, own: str, type_: str) -> None:
    named = offering(house, type_, bandwidth_min=100, bandwidth_max=1000)
    service = group(house, type_, product_offering=named)
    for capacity in (99, 1001):
        assert member.faults("POST", CONFIGS, config(service, own, type_, capacity=capacity)).keys() == {"capacity"}
    assert member.post(CONFIGS, config(service, own, type_, product_offering=named))["product_offering"] == named


@BOTH
def test_a_config_names_an_offering_that_its_service_lists(house: Site, member: Caller, own: str, type_: str) -> None:
    listed = offering(house, type_, resource_type="network_service_config", bandwidth_max=100)
    closed = offering(house, type_, resource_type="network_service_config", orderable_not_after="1970-01-01T00:00:00Z")
    unlisted = offering(house, type_, resource_type="network_service_config")
    service = group(house, type_, nsc_product_offerings=[listed, closed])
    for wrong in (closed, unlisted, "peering", "no-such-thing"):
        refused = member.faults("POST", CONFIGS, config(service, own, type_, product_offering=wrong))
        assert refused.keys() == {"product_offering"}
    order = config(service, own, type_, product_offering=listed)
    assert member.faults("POST", CONFIGS, {**order, "capacity": 101}).keys() == {"capacity"}
    assert member.post(CONFIGS, order)["product_offering"] == listed


def test_a_config_attaches_where_its_service_is(house: Site, member: Caller, own: str) -> None:
    add(house, record("metro-area-networks", "elsewhere", name="ELSEWHERE", metro_area="cork", pops=[]))
    elsewhere = {"handover_metro_area_network": "elsewhere", "service_metro_area_network": "elsewhere"}
    faster = {"physical_port_speed": 100000}
    for members in (elsewhere, faster):
        service = group(house, product_offering=offering(house, "mp2mp_vc", **members))
        assert member.faults("POST", CONFIGS, config(service, own)).keys() == {"connection"}


def test_a_service_that_is_over_takes_no_configs(house: Site, member: Caller, own: str) -> None:
    service = group(house, state="decommission_requested")
    assert member.faults("POST", CONFIGS, config(service, own)).keys() == {"network_service"}


def test_a_service_takes_configs_of_its_own_type_only(house: Site, member: Caller, own: str) -> None:
    service = group(house, "p2mp_vc")
    assert member.faults("POST", CONFIGS, config(service, own, "mp2mp_vc")).keys() == {"network_service"}


def test_what_is_over_keeps_its_references_up_to_date(house: Site, member: Caller, rival: Caller, others: str) -> None:
    service = group(house)
    made = member.post(RULES, rule(service))
    joined = rival.post(CONFIGS, config(service, others))
    member.delete(f"{RULES}/{made['id']}", 200)
    rival.delete(f"{CONFIGS}/{joined['id']}")
    house.reconcile()
    rival.get(f"/network-services/{service}", 404)
    assert rival.patch(f"{CONFIGS}/{joined['id']}", {"purchase_order": "PO-2"})["purchase_order"] == "PO-2"


# Roots and leaves


def test_leaves_are_told_when_there_is_no_root(
    house: Site, member: Caller, rival: Caller, own: str, others: str
) -> None:
    service = group(house, "p2mp_vc", public=True)
    leaf = rival.post(CONFIGS, config(service, others, "p2mp_vc"))
    assert (leaf["role"], tags(leaf)) == ("leaf", {"root_missing"})
    house.reconcile()
    leaf = see(rival, leaf)
    assert (leaf["state"], tags(leaf)) == ("production", {"root_missing"})

    root = member.post(CONFIGS, config(service, own, "p2mp_vc", role="root"))
    assert "root_missing" not in tags(root)
    house.reconcile()
    assert tags(see(rival, leaf)) == set()
    assert (wanted(house, leaf)["role"], wanted(house, root)["role"]) == ("leaf", "root")

    member.delete(f"{CONFIGS}/{root['id']}")
    house.reconcile()
    assert tags(see(rival, leaf)) == {"root_missing"}


def test_a_root_that_was_never_built_is_missed(house: Site, member: Caller, own: str) -> None:
    service = group(house, "p2mp_vc")
    root, leaf = (member.post(CONFIGS, config(service, own, "p2mp_vc", role=role)) for role in ("root", None))
    assert (leaf["role"], tags(leaf)) == ("leaf", set())
    assert member.delete(f"{CONFIGS}/{root['id']}")["state"] == "cancelled"
    house.reconcile()
    assert tags(see(member, leaf)) == {"root_missing"}


def test_another_role_has_to_reach_the_network(house: Site, member: Caller, own: str) -> None:
    service = group(house, "p2mp_vc")
    leaf = member.post(CONFIGS, config(service, own, "p2mp_vc"))
    other = member.post(CONFIGS, config(service, own, "p2mp_vc"))
    house.reconcile()
    changed = member.patch(f"{CONFIGS}/{leaf['id']}", {"role": "root"})
    assert (changed["state"], tags(changed)) == ("production_change_pending", {"change_in_progress"})
    house.reconcile()
    assert see(member, leaf)["state"] == "production"
    assert tags(see(member, other)) == set()
    member.patch(f"{CONFIGS}/{leaf['id']}", {"role": None})
    house.reconcile()
    assert (see(member, leaf)["role"], tags(see(member, other))) == ("leaf", {"root_missing"})
    assert member.faults("PATCH", f"{CONFIGS}/{leaf['id']}", {"role": "trunk"}).keys() == {"role"}


def test_who_was_denied_does_not_become_root(house: Site, member: Caller, rival: Caller, others: str) -> None:
    service = group(house, "p2mp_vc", public=True)
    leaf = rival.post(CONFIGS, config(service, others, "p2mp_vc"))
    member.post(RULES, rule(service, type_="deny"))
    assert rival.faults("PATCH", f"{CONFIGS}/{leaf['id']}", {"role": "root"}).keys() == {"role"}


# MAC addresses


def test_a_group_with_a_mac_filter_asks_for_an_address(house: Site, member: Caller, own: str) -> None:
    service = group(house, mac_acl_protection=True)
    mac = member.order_mac("02:00:5e:10:20:01")["id"]
    joined = member.post(CONFIGS, config(service, own))
    house.reconcile()
    assert (see(member, joined)["state"], tags(see(member, joined))) == ("requested", {"mac_missing"})
    member.patch(f"{CONFIGS}/{joined['id']}", {"macs": [mac]})
    house.reconcile()
    assert see(member, joined)["state"] == "production"
    found = wanted(house, joined)
    assert (found["mac_acl_protection"], found["macs"]) == (True, ["02:00:5e:10:20:01"])
    assert member.faults("PATCH", f"{CONFIGS}/{joined['id']}", {"macs": []}).keys() == {"macs"}


def test_without_a_mac_filter_no_address_is_needed(house: Site, member: Caller, own: str) -> None:
    joined = member.post(CONFIGS, config(group(house), own))
    house.reconcile()
    assert see(member, joined)["state"] == "production"
    assert wanted(house, joined)["mac_acl_protection"] is False


@BOTH
def test_a_mac_is_on_one_config_of_a_group(house: Site, member: Caller, own: str, type_: str) -> None:
    service = group(house, type_)
    mac = member.order_mac("02:00:5e:10:20:02")["id"]
    first = member.post(CONFIGS, config(service, own, type_, macs=[mac]))
    refused = member.faults("POST", CONFIGS, config(service, own, type_, macs=[mac]))
    assert first["id"] in refused["macs.0"]
    member.post(CONFIGS, config(group(house, type_), own, type_, macs=[mac]))


# IP addresses and ASNs


def addresses(caller: Caller, joined: Any) -> list[str]:
    return sorted(each["address"] for each in caller.get(f"/ips?network_service_config={joined['id']}"))


def register(caller: Caller, address: str, length: int = 32) -> str:
    version = 6 if ":" in address else 4
    body = {"version": version, "address": address, "prefix_length": length}
    owners = {name: caller.get("/account")["id"] for name in ("managing_account", "consuming_account")}
    return str(caller.post("/ips", {**body, **owners})["id"])


def test_addresses_come_from_the_subnets_of_the_service(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.10.0.0/29", subnet_v6="fd00:10::/64")
    joined = member.post(CONFIGS, config(service, own))
    assert addresses(member, joined) == ["10.10.0.1", "fd00:10::1"]
    assert "ip_allocated" in tags(joined)
    assert wanted_addresses(house, joined) == ["10.10.0.1/29", "fd00:10::1/64"]
    second = member.post(CONFIGS, config(service, own))
    assert addresses(member, second) == ["10.10.0.2", "fd00:10::2"]
    assert addresses(member, member.post(CONFIGS, config(group(house), own))) == []


def wanted_addresses(site: Site, joined: Any) -> Any:
    site.reconcile()
    return wanted(site, joined)["addresses"]


def test_a_full_subnet_takes_no_more(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.11.0.0/30")
    for _ in range(2):
        member.post(CONFIGS, config(service, own))
    assert "no free IPv4 address" in member.unable("POST", CONFIGS, config(service, own))["detail"]


def test_a_member_chooses_an_address_and_is_given_the_other_family(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.12.0.0/24", subnet_v6="fd00:12::/64")
    chosen = register(member, "10.12.0.77")
    joined = member.post(CONFIGS, config(service, own, ips=[chosen]))
    assert addresses(member, joined) == ["10.12.0.77", "fd00:12::1"]
    refused = member.faults("POST", CONFIGS, config(service, own, ips=[chosen]))
    assert "in use" in refused["ips.0"]
    member.unable("PATCH", f"/ips/{chosen}", {"address": "10.12.0.78"})


def test_addresses_that_cannot_be_chosen(house: Site, member: Caller, rival: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.13.0.0/24")
    allocated = member.post(CONFIGS, config(service, own))["ips"][0]
    wrong = {
        "outside": register(member, "10.14.0.1"),
        "a prefix": register(member, "10.13.0.64", 28),
        "the network": register(member, "10.13.0.0"),
        "broadcast": register(member, "10.13.0.255"),
        "of somebody else": register(rival, "10.13.0.200"),
        "of another config": allocated,
        "nothing": "no-such-thing",
    }
    for why, ip in wrong.items():
        assert member.faults("POST", CONFIGS, config(service, own, ips=[ip])).keys() == {"ips.0"}, why
    twice = register(member, "10.13.0.30")
    assert member.faults("POST", CONFIGS, config(service, own, ips=[twice, twice])).keys() == {"ips.1"}


def test_two_groups_may_be_numbered_alike(house: Site, member: Caller, rival: Caller, own: str, others: str) -> None:
    services = [group(house, public=True, subnet_v4="10.22.0.0/24") for _ in range(2)]
    mine, theirs = register(member, "10.22.0.5"), register(rival, "10.22.0.5")
    assert member.post(CONFIGS, config(services[0], own, ips=[mine]))["ips"] == [mine]
    assert "in use" in rival.faults("POST", CONFIGS, config(services[0], others, ips=[theirs]))["ips.0"]
    assert rival.post(CONFIGS, config(services[1], others, ips=[theirs]))["ips"] == [theirs]


def test_any_own_address_is_good_where_there_is_no_subnet(house: Site, member: Caller, own: str) -> None:
    chosen = register(member, "10.15.0.1")
    joined = member.post(CONFIGS, config(group(house), own, ips=[chosen]))
    assert joined["ips"] == [chosen]


def test_chosen_addresses_take_the_place_of_allocated_ones_and_give_it_back(
    house: Site, member: Caller, own: str
) -> None:
    service = group(house, subnet_v4="10.16.0.0/24")
    joined = member.post(CONFIGS, config(service, own))
    path, [given] = f"{CONFIGS}/{joined['id']}", joined["ips"]
    house.reconcile()
    chosen = register(member, "10.16.0.9")
    changed = member.patch(path, {"ips": [chosen]})
    assert (changed["ips"], changed["state"]) == ([chosen], "production_change_pending")
    member.get(f"/ips/{given}", 404)
    assert wanted_addresses(house, joined) == ["10.16.0.9/32"]
    assert member.patch(path, {"external_ref": "same"})["ips"] == [chosen]
    again = member.patch(path, {"ips": []})
    assert addresses(member, again) == ["10.16.0.1"]
    assert member.patch(path, {"ips": []})["ips"] == again["ips"]
    house.reconcile()
    other = member.post(CONFIGS, config(service, own, ips=[chosen]))
    assert other["ips"] == [chosen]
    assert member.put(path, see(member, joined))["ips"] == again["ips"]


def test_an_address_is_nobody_elses_until_the_network_has_let_it_go(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.20.0.0/24")
    joined = member.post(CONFIGS, config(service, own))
    path = f"{CONFIGS}/{joined['id']}"
    assert wanted_addresses(house, joined) == ["10.20.0.1/24"]
    first, second = register(member, "10.20.0.1"), register(member, "10.20.0.9")
    member.patch(path, {"ips": [second]})
    assert "in use" in member.faults("POST", CONFIGS, config(service, own, ips=[first]))["ips.0"]
    assert addresses(member, member.post(CONFIGS, config(service, own))) == ["10.20.0.2"]
    assert addresses(member, member.patch(path, {"ips": []})) == ["10.20.0.1"], "its own it may have back at once"
    assert member.patch(path, {"ips": [second]})["ips"] == [second]
    assert wanted_addresses(house, joined) == ["10.20.0.9/32"]
    assert member.post(CONFIGS, config(service, own, ips=[first]))["ips"] == [first]


def test_an_address_before_production_is_given_up_at_once(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.21.0.0/24")
    path = f"{CONFIGS}/{member.post(CONFIGS, config(service, own))['id']}"
    member.patch(path, {"ips": [register(member, "10.21.0.9")]})
    assert addresses(member, member.post(CONFIGS, config(service, own))) == ["10.21.0.1"]


def test_addresses_are_given_back_when_the_config_has_left(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.17.0.0/30")
    joined = [member.post(CONFIGS, config(service, own)) for _ in range(2)]
    house.reconcile()
    member.delete(f"{CONFIGS}/{joined[0]['id']}")
    house.reconcile()
    assert addresses(member, member.post(CONFIGS, config(service, own))) == ["10.17.0.1"]


def test_asns_are_shown_and_checked(house: Site, member: Caller, own: str) -> None:
    service = group(house)
    assert member.post(CONFIGS, config(service, own))["asns"] == []
    assert member.post(CONFIGS, config(service, own, asns=[64500]))["asns"] == [64500]
    for wrong in (-1, 0, 2**32, 65535):
        assert member.faults("POST", CONFIGS, config(service, own, asns=[wrong])).keys() == {"asns.0"}


def test_an_address_belongs_to_who_uses_the_config(house: Site, member: Caller, own: str) -> None:
    service = group(house, subnet_v4="10.18.0.0/24")
    account = sub_account(member)
    member.post(RULES, rule(service, account))
    joined = member.post(CONFIGS, config(service, own))
    house.connection.execute('update document set body = body || \'{"state": "production"}\' where id = %s', (account,))
    member.patch(f"{CONFIGS}/{joined['id']}", {"consuming_account": account})
    [address] = member.get(f"/ips?network_service_config={joined['id']}")
    assert address["consuming_account"] == account


# The service changes


def test_a_filter_on_macs_comes_with_the_offering(house: Site, member: Caller) -> None:
    for meta, protected in (({}, False), ({"mac_acl_protection": True}, True)):
        order = {"type": "mp2mp_vc", "product_offering": offering(house, "mp2mp_vc", meta)}
        assert member.post(SERVICES, order)["mac_acl_protection"] is protected
        assert member.post(SERVICES, {**order, "mac_acl_protection": not protected})["mac_acl_protection"] is protected


@BOTH
def test_a_group_turned_private_warns_who_has_no_rule(
    house: Site, member: Caller, rival: Caller, others: str, type_: str
) -> None:
    service = group(house, type_, public=True)
    joined = rival.post(CONFIGS, config(service, others, type_, capacity=500))
    member.patch(f"{SERVICES}/{service}", {"public": False})
    house.reconcile()
    assert "joining_rule_missing" in tags(see(rival, joined))
    rival.post(CONFIGS, config(service, others, type_), 403)
    house.login("reseller").get(f"{SERVICES}/{service}", 404)
    member.patch(f"{SERVICES}/{service}", {"public": True})
    house.reconcile()
    assert "joining_rule_missing" not in tags(see(rival, joined))
    assert "state" not in house.login("reseller").get(f"{SERVICES}/{service}")


def test_a_group_turned_public_gives_back_what_a_rule_that_is_gone_took(
    house: Site, member: Caller, rival: Caller, others: str
) -> None:
    service = group(house)
    made = member.post(RULES, rule(service, capacity_max=200))
    joined = rival.post(CONFIGS, config(service, others, capacity=500))
    member.delete(f"{RULES}/{made['id']}", 200)
    assert see(rival, joined)["capacity"] == 200
    member.patch(f"{SERVICES}/{service}", {"public": True})
    house.reconcile()
    assert (see(rival, joined)["capacity"], tags(see(rival, joined))) == (500, set())


def test_a_slower_offering_takes_what_was_asked_for_along(
    house: Site, member: Caller, rival: Caller, others: str
) -> None:
    fast, slow = (offering(house, "mp2mp_vc", bandwidth_max=most) for most in (1000, 300))
    service = group(house, product_offering=fast)
    made = member.post(RULES, rule(service, capacity_max=200))
    joined = rival.post(CONFIGS, config(service, others, capacity=500))
    house.reconcile()
    member.patch(f"{SERVICES}/{service}", {"product_offering": slow})
    house.reconcile()
    assert see(rival, joined)["capacity"] == 200
    member.delete(f"{RULES}/{made['id']}", 200)
    member.post(RULES, rule(service))
    assert see(rival, joined)["capacity"] == 300


def test_rules_go_with_who_manages_the_service(house: Site) -> None:
    reseller, customer = house.login("reseller"), house.login("customer")
    service = group(house, owner="reseller")
    made = reseller.post(RULES, rule(service, owner="reseller"))
    customer.get(f"{RULES}/{made['id']}", 404)
    reseller.patch(f"{SERVICES}/{service}", {"managing_account": "customer"})
    assert customer.get(f"{RULES}/{made['id']}")["managing_account"] == "customer"
    customer.delete(f"{RULES}/{made['id']}", 200)


def test_a_group_takes_all_its_configs_along_when_it_ends(
    house: Site, member: Caller, rival: Caller, others: str
) -> None:
    service = group(house, public=True)
    joined = rival.post(CONFIGS, config(service, others))
    house.reconcile()
    member.delete(f"{SERVICES}/{service}")
    house.reconcile()
    assert see(rival, joined)["state"] == "decommissioned"
    assert member.get(f"{SERVICES}/{service}")["state"] == "decommissioned"
    assert member.faults("POST", RULES, rule(service)).keys() == {"network_service"}


# What a connection has left


def limited_connection(site: Site, caller: Caller) -> str:
    """A connection of 10,000 Mbit/s that cannot be overbooked."""
    site.connection.execute("update setting set value = value || '{\"capacity_limit_percent\": 100}'")
    return connect(site, caller)


def allocated(caller: Caller, connection: str) -> tuple[int, int]:
    found = caller.get(f"/connections/{connection}")
    return found["capacity_allocated"], found["capacity_allocation_limit"]


def test_a_raised_rule_gives_what_the_connection_has_left(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    connection, service = limited_connection(site, rival), group(site)
    rival.post(CONFIGS, config(group(site, public=True), connection, capacity=9000))
    made = member.post(RULES, rule(service, capacity_max=400))
    joined = rival.post(CONFIGS, config(service, connection, capacity=5000))
    assert joined["capacity"] == 400
    member.patch(f"{RULES}/{made['id']}", {"type": "allow", "capacity_max": 3000}, 200)
    cut = see(rival, joined)
    assert (cut["capacity"], tags(cut)) == (1000, {"bandwidth_limited_by_rule", "capacity_cut"})
    assert allocated(rival, connection) == (10000, 10000)
    member.patch(f"{RULES}/{made['id']}", {"type": "allow", "capacity_max": 300}, 200)
    assert (see(rival, joined)["capacity"], tags(see(rival, joined))) == (300, {"bandwidth_limited_by_rule"})
    member.delete(f"{RULES}/{made['id']}", 200)
    member.patch(f"{SERVICES}/{service}", {"public": True})
    assert see(rival, joined)["capacity"] == 1000, "what was asked for is not forgotten"
    less = rival.patch(f"{CONFIGS}/{joined['id']}", {"capacity": 900})
    assert (less["capacity"], tags(less)) == (900, set())


def test_another_offering_of_a_config_takes_no_more_than_the_connection_has_left(site: Site) -> None:
    member = site.login("member")
    connection = limited_connection(site, member)
    slow, fast = (
        offering(site, "mp2mp_vc", resource_type="network_service_config", bandwidth_max=n) for n in (1000, 4000)
    )
    service = group(site, nsc_product_offerings=[slow, fast])
    joined = member.post(CONFIGS, config(service, connection, product_offering=slow))
    member.post(CONFIGS, config(group(site), connection, capacity=7000))
    path = f"{CONFIGS}/{joined['id']}"
    assert "3000 Mbit/s left" in member.faults("PATCH", path, {"product_offering": fast})["capacity"]
    assert allocated(member, connection) == (8000, 10000)
    assert member.patch(path, {"product_offering": fast, "capacity": 3000})["capacity"] == 3000
    assert allocated(member, connection) == (10000, 10000)


@pytest.mark.parametrize(("asked", "before"), [(None, 1000), (1000, 1000)])
def test_a_faster_offering_gives_what_the_connection_has_left(site: Site, asked: int | None, before: int) -> None:
    member = site.login("member")
    connection = limited_connection(site, member)
    slow, fast = (offering(site, "mp2mp_vc", bandwidth_min=n, bandwidth_max=n) for n in (1000, 4000))
    service = group(site, product_offering=slow)
    joined = member.post(CONFIGS, config(service, connection, capacity=asked))
    member.post(CONFIGS, config(group(site), connection, capacity=7000))
    assert allocated(member, connection) == (7000 + before, 10000)
    member.patch(f"{SERVICES}/{service}", {"product_offering": fast})
    site.reconcile()
    cut = see(member, joined)
    assert (cut["capacity"], tags(cut)) == (3000, {"capacity_cut"})
    assert allocated(member, connection) == (10000, 10000)


def test_a_connection_is_told_what_a_faster_offering_means(site: Site) -> None:
    member = site.login("member")
    connection = limited_connection(site, member)
    slow, fast = (offering(site, "mp2mp_vc", bandwidth_max=most) for most in (1000, 4000))
    service = group(site, product_offering=slow)
    member.post(CONFIGS, config(service, connection))
    assert allocated(member, connection) == (1000, 10000)
    member.patch(f"{SERVICES}/{service}", {"product_offering": fast})
    assert allocated(member, connection) == (4000, 10000)
