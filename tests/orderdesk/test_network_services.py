"""Network services that members order, over HTTP: what they need, what may change, how they end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from peerhall.provisioning.driver import Device
from tests.installation import Caller, Site
from tests.orderdesk.test_connections import set_offering
from tests.orderdesk.test_exchange_lans import connect

SERVICES, CONFIGS = "/network-services", "/network-service-configs"


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def rival(house: Site) -> Caller:
    return house.login("rival")


@pytest.fixture(scope="module")
def stranger(house: Site) -> Caller:
    return house.login("reseller")


@pytest.fixture(scope="module")
def here(house: Site, member: Caller) -> str:
    return connect(house, member)


@pytest.fixture(scope="module")
def there(house: Site, rival: Caller) -> str:
    return connect(house, rival)


def circuit(**members: Any) -> dict[str, Any]:
    body = {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival", **members}
    return {name: value for name, value in body.items() if value is not ...}


def side(service: Any, connection: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "p2p_vc",
        "network_service": service["id"],
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        **members,
    }


def complete(site: Site, a: Caller, b: Caller, here: str, there: str, **members: Any) -> tuple[Any, Any, Any]:
    """A circuit in production with both sides."""
    service = a.post(SERVICES, circuit(**members))
    first, second = a.post(CONFIGS, side(service, here)), b.post(CONFIGS, side(service, there))
    site.reconcile()
    assert a.get(at(service))["state"] == "production"
    return service, first, second


def at(each: Any) -> str:
    return f"{CONFIGS if 'network_service' in each else SERVICES}/{each['id']}"


def tags(each: Any) -> set[str]:
    return {entry["tag"] for entry in each["status"]} - {"vlan_selected", "circuit_side"}


# Ordering


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"joining_member_account": "nobody"}, "joining_member_account"),
        ({"joining_member_account": ...}, "joining_member_account"),
        ({"product_offering": "no-offering"}, "product_offering"),
        ({"product_offering": "rooted"}, "product_offering"),
        ({"product_offering": "peering"}, "product_offering"),
        ({"availability_zones": ["nowhere"]}, "availability_zones.0"),
        ({"consuming_account": "rival"}, "consuming_account"),
        ({"billing_account": "rival"}, "billing_account"),
        ({"type": "exchange_lan"}, "type"),
    ],
)
def test_what_is_wrong_with_an_order_is_told_by_member(member: Caller, members: Any, wrong: str) -> None:
    assert set(member.faults("POST", SERVICES, circuit(**members))) == {wrong}


@pytest.mark.parametrize(
    ("subnets", "wrong"),
    [
        ({"subnet_v4": "192.0.2.1/24"}, {"subnet_v4"}),
        ({"subnet_v4": "2001:db8::/64"}, {"subnet_v4"}),
        ({"subnet_v4": "192.0.2.1"}, {"subnet_v4"}),
        ({"subnet_v4": "0.0.0.0/0"}, {"subnet_v4"}),
        ({"subnet_v4": "ff", "subnet_v6": "127.0.0.0/8"}, {"subnet_v4", "subnet_v6"}),
    ],
)
def test_a_group_is_numbered_from_proper_prefixes(member: Caller, subnets: Any, wrong: set[str]) -> None:
    body = {"type": "mp2mp_vc", "product_offering": "closed-group", **subnets}
    assert set(member.faults("POST", SERVICES, body)) == wrong


@pytest.mark.parametrize(("type_", "offering"), [("p2mp_vc", "rooted"), ("mp2mp_vc", "closed-group")])
def test_a_group_can_be_joined_at_once_and_waits_for_its_first_config(
    house: Site, member: Caller, stranger: Caller, type_: str, offering: str
) -> None:
    body = {"type": type_, "product_offering": offering, "public": None, "display_name": "Group"}
    group = member.post(SERVICES, body)
    assert (group["state"], group["public"], group["member_joining_rules"]) == ("requested", False, [])
    house.reconcile()
    seen = member.get(at(group))
    assert (seen["state"], tags(seen)) == ("allocated", {"awaiting_first_config"})
    stranger.get(at(group), 404)
    member.patch(at(group), {"type": type_, "public": True})
    assert set(stranger.get(at(group))) == {
        *("id", "type", "product_offering", "display_name", "managing_account", "consuming_account")
    }
    assert member.delete(at(group))["state"] == "cancelled"


def test_a_circuit_shows_the_capacity_of_its_offering(member: Caller) -> None:
    service = member.post(SERVICES, circuit(capacity=7, joining_member_account="member"))
    assert (service["capacity"], service["nsc_product_offerings"], service["nsc_required_contact_roles"]) == (
        1000,
        [],
        [],
    )


def test_who_has_nothing_to_do_with_a_circuit_finds_nothing_of_it(
    member: Caller, stranger: Caller, rival: Caller, here: str
) -> None:
    service = member.post(SERVICES, circuit())
    for method in ("GET", "PATCH", "DELETE"):
        body = {"json": {"type": "p2p_vc"}} if method == "PATCH" else {}
        assert stranger.request(method, at(service), **body).status_code == 404
        if method != "GET":
            assert rival.request(method, at(service), **body).status_code == 403
    stranger.get(f"{at(service)}/change-request", 404)
    assert stranger.faults("POST", CONFIGS, side(service, here))["network_service"] == "there is no such circuit"
    assert service["id"] not in [each["id"] for each in stranger.get(SERVICES)]
    seen = rival.get(at(service))
    hidden = {"billing_account", "purchase_order", "contract_ref", "external_ref", "charged_until"}
    assert not hidden & seen.keys()
    assert seen["state"] == "requested"


def test_a_peering_lan_is_not_changed_through_the_api(house: Site, member: Caller) -> None:
    member.patch(f"{SERVICES}/lan", {"type": "p2p_vc"}, 403)
    member.delete(f"{SERVICES}/lan", 403)
    house.login("exchange").unable("DELETE", f"{SERVICES}/lan")
    house.login(None).unable("PATCH", f"{SERVICES}/lan", {"type": "p2p_vc", "display_name": "LAN"})


# Sides


def test_a_third_config_is_refused(house: Site, member: Caller, rival: Caller, here: str, there: str) -> None:
    service, first, second = complete(house, member, rival, here, there)
    reason = member.faults("POST", CONFIGS, side(service, here))["network_service"]
    assert first["id"] in reason
    reason = rival.faults("POST", CONFIGS, side(service, there))["network_service"]
    assert second["id"] in reason


def test_accounts_on_neither_side_get_no_config(
    house: Site, member: Caller, stranger: Caller, rival: Caller, here: str
) -> None:
    below = rival.post(
        "/accounts",
        {
            "name": "Below",
            "managing_account": "rival",
            "address": {"country": "IE", "locality": "Cork", "postal_code": "T12", "street_address": "1"},
        },
    )
    service = member.post(SERVICES, circuit(joining_member_account=below["id"]))
    faults = rival.faults("POST", CONFIGS, side(service, connect(house, rival)))
    assert faults["consuming_account"] == "is on neither side of the circuit"


def test_within_one_account_the_first_config_is_the_a_side(house: Site, member: Caller, here: str) -> None:
    service = member.post(SERVICES, circuit(joining_member_account="member"))
    sides = [member.post(CONFIGS, side(service, here)) for _ in range(2)]
    told = [[entry["attrs"]["side"] for entry in each["status"] if entry["tag"] == "circuit_side"] for each in sides]
    assert told == [["a"], ["b"]]
    assert set(member.faults("POST", CONFIGS, side(service, here))) == {"network_service"}
    house.reconcile()
    assert [member.get(at(each))["state"] for each in (service, *sides)] == ["production"] * 3


def test_a_config_stays_on_its_side_when_the_circuit_changes_hands(house: Site, stranger: Caller) -> None:
    reseller = stranger
    mine = connect(house, reseller)
    service = reseller.post(SERVICES, circuit(product_offering="circuit-5g"))
    config = reseller.post(CONFIGS, side(service, mine))
    to_customer = {"managing_account": "customer", "consuming_account": "customer"}
    reseller.patch(at(service), to_customer)
    assert reseller.patch(at(config), {"external_ref": "mine", "capacity": 500})["capacity"] == 500
    assert reseller.patch(at(config), to_customer)["consuming_account"] == "customer"
    back = {"managing_account": "reseller", "consuming_account": "reseller"}
    assert reseller.faults("PATCH", at(config), back).keys() == {"consuming_account"}


def test_only_one_of_two_clients_gets_the_last_side(house: Site, member: Caller, rival: Caller, there: str) -> None:
    service = member.post(SERVICES, circuit())
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: rival.request("POST", CONFIGS, json=side(service, there)).status_code, range(4))
        )
    assert sorted(answers) == [201, 400, 400, 400]


def test_a_side_ends_where_the_offering_says(house: Site, member: Caller, here: str) -> None:
    set_offering(house, "circuit-5g", physical_port_speed=100000)
    service = member.post(SERVICES, circuit(product_offering="circuit-5g"))
    assert set(member.faults("POST", CONFIGS, side(service, here))) == {"connection"}
    set_offering(house, "circuit-5g", physical_port_speed=None)
    set_offering(house, "circuit-5g", handover_metro_area_network="elsewhere")
    assert set(member.faults("POST", CONFIGS, side(service, here))) == {"connection"}
    set_offering(house, "circuit-5g", handover_metro_area_network="man")
    assert set(member.faults("POST", CONFIGS, side(service, here, capacity=6000))) == {"capacity"}
    assert set(member.faults("POST", CONFIGS, side(service, here, product_offering="peering"))) == {"product_offering"}


def test_neither_side_is_in_production_before_the_other(
    house: Site, member: Caller, rival: Caller, here: str, there: str
) -> None:
    service = member.post(SERVICES, circuit())
    first = member.post(CONFIGS, side(service, here))
    later = str(rival.order_connection(product_offering="port-10g-exchange", subscriber_side_demarcs=["cage"])["id"])
    rival.post(CONFIGS, side(service, later))
    house.take_turns(1)
    seen = member.get(at(first))
    assert seen["state"] in ("requested", "allocated")
    house.reconcile()
    assert [member.get(at(each))["state"] for each in (first, service)] == ["production"] * 2


# Changing


def test_a_frozen_or_foreign_member_is_refused_and_the_exchanges_are_ignored(member: Caller) -> None:
    service = member.post(SERVICES, circuit())
    changed = member.patch(at(service), {"type": "p2p_vc", "capacity": 5, "state": "production", "display_name": "New"})
    assert (changed["capacity"], changed["state"], changed["display_name"]) == (1000, "requested", "New")
    assert member.patch(at(service), {"type": "p2p_vc"}) == changed
    assert member.patch(at(service), {"display_name": None})["display_name"] is None
    assert set(member.faults("PATCH", at(service), {"type": "mp2mp_vc"})) == {"type"}
    put = member.put(at(service), {"type": "p2p_vc", "display_name": "Put", "external_ref": "x"})
    assert (put["display_name"], put["external_ref"], put["joining_member_account"]) == ("Put", "x", "rival")


def test_the_b_side_can_be_another_until_there_are_configs(member: Caller, rival: Caller, here: str) -> None:
    service = member.post(SERVICES, circuit(joining_member_account="reseller"))
    rival.get(at(service), 404)
    member.patch(at(service), {"joining_member_account": "rival"})
    rival.get(at(service))
    member.post(CONFIGS, side(service, here))
    faults = member.faults("PATCH", at(service), {"joining_member_account": "reseller"})
    assert set(faults) == {"joining_member_account"}


def test_another_offering_differs_in_bandwidth_only_and_configs_follow(
    house: Site, member: Caller, rival: Caller, here: str, there: str
) -> None:
    service, first, second = complete(house, member, rival, here, there, product_offering="circuit-5g")
    member.patch(at(first), {"capacity": 4000})
    changed = member.patch(at(service), {"product_offering": "circuit-1g"})
    assert (changed["capacity"], changed["state"]) == (1000, "production_change_pending")
    house.reconcile()
    assert member.get(at(service))["state"] == "production"
    assert (member.get(at(first))["capacity"], rival.get(at(second))["capacity"]) == (1000, None)
    set_offering(house, "circuit-1g", upgrade_allowed=False)
    assert set(member.faults("PATCH", at(service), {"product_offering": "circuit-5g"})) == {"product_offering"}
    set_offering(house, "circuit-1g", upgrade_allowed=True)
    assert set(member.faults("PATCH", at(service), {"product_offering": "rooted"})) == {"product_offering"}


# Change requests


def test_only_the_b_side_asks_and_one_thing_at_a_time(
    house: Site, member: Caller, rival: Caller, stranger: Caller, here: str, there: str
) -> None:
    service, _, _ = complete(house, member, rival, here, there)
    wishes = f"{at(service)}/change-request"
    wish = {"product_offering": "circuit-5g", "capacity": 2000}
    rival.get(wishes, 404)
    rival.delete(wishes, 404)
    member.post(wishes, wish, 403)
    stranger.post(wishes, wish, 404)
    assert set(rival.faults("POST", wishes, {**wish, "capacity": 6000})) == {"capacity"}
    assert set(rival.faults("POST", wishes, {**wish, "product_offering": "rooted"})) == {"product_offering"}
    assert set(rival.faults("POST", wishes, {"capacity": 5})) == {"product_offering"}
    assert set(rival.faults("POST", wishes, {"product_offering": "circuit-1g"})) == {"capacity"}
    assert rival.post(wishes, wish, 202) == wish
    rival.unable("POST", wishes, wish)
    stranger.get(wishes, 404)
    stranger.delete(wishes, 404)
    assert rival.delete(wishes) == wish
    seen = rival.get(at(service))
    assert (seen["state"], tags(seen)) == ("production", set())
    member.get(wishes, 404)


def test_a_wish_for_all_there_is_is_granted_by_the_service_alone(
    house: Site, member: Caller, rival: Caller, here: str, there: str
) -> None:
    service, first, second = complete(house, member, rival, here, there)
    rival.post(f"{at(service)}/change-request", {"product_offering": "circuit-5g"}, 202)
    member.patch(at(service), {"product_offering": "circuit-5g"})
    rival.get(f"{at(service)}/change-request", 404)
    house.reconcile()
    assert [member.get(at(each))["state"] for each in (service, first)] == ["production"] * 2
    assert rival.get(at(second))["state"] == "production"
    assert {config["capacity_mbps"] for config in attachments_of(house, service).values()} == {5000}


def test_nothing_is_asked_of_what_is_not_in_production(member: Caller, rival: Caller) -> None:
    service = member.post(SERVICES, circuit())
    rival.unable("POST", f"{at(service)}/change-request", {"product_offering": "circuit-5g"})
    group = member.post(SERVICES, {"type": "mp2mp_vc", "product_offering": "closed-group"})
    member.get(f"{at(group)}/change-request", 404)


# In the network, and out again


def attachments_of(site: Site, service: Any) -> dict[str, Any]:
    """What the switch has of a service, by side."""
    switch = site.simulator.observe(Device("switch", "sw1.ork1"))
    found = [entry for entry in switch.values() if entry.get("service") == service["id"]]
    return {entry["side"]: entry for entry in found}


def test_the_switch_is_told_which_circuit_and_which_side(
    house: Site, member: Caller, rival: Caller, here: str, there: str
) -> None:
    service, _, _ = complete(house, member, rival, here, there)
    told = attachments_of(house, service)
    assert set(told) == {"a", "b"}
    assert {each["service_type"] for each in told.values()} == {"p2p_vc"}
    assert len({each["service_number"] for each in told.values()}) == 1


def test_ending_a_circuit_ends_both_sides(house: Site, member: Caller, rival: Caller, here: str, there: str) -> None:
    service, first, second = complete(house, member, rival, here, there)
    left = member.delete(at(service), json={"decommission_at": "2026-09-10"})
    assert (left["state"], left["decommission_at"]) == ("decommission_requested", "2026-09-10")
    assert rival.get(at(second))["decommission_at"] == "2026-09-10"
    assert tags(rival.get(at(service))) == {"decommission_scheduled"}
    assert "charged_until" not in str(rival.get(at(service)))
    house.reconcile()
    assert member.get(at(first))["state"] == "decommission_requested"
    member.unable("PATCH", at(service), {"display_name": "Too late"})
    again = member.delete(at(service), json={"decommission_at": "2026-09-01"})
    assert again["decommission_at"] == "2026-09-01"
    house.reconcile()
    assert [member.get(at(each))["state"] for each in (service, first)] == ["decommissioned"] * 2
    assert rival.get(at(second))["state"] == "decommissioned"
    assert attachments_of(house, service) == {}
    assert member.delete(at(service))["state"] == "archived"
    assert service["id"] not in [each["id"] for each in rival.get(SERVICES)]


def test_a_circuit_that_nobody_completed_is_cancelled(house: Site, member: Caller, here: str) -> None:
    service = member.post(SERVICES, circuit())
    first = member.post(CONFIGS, side(service, here))
    assert member.delete(at(service))["state"] == "cancelled"
    house.reconcile()
    assert member.get(at(first))["state"] == "cancelled"


def test_a_side_that_was_given_up_can_be_taken_again(
    house: Site, member: Caller, rival: Caller, here: str, there: str
) -> None:
    service, _, second = complete(house, member, rival, here, there)
    rival.delete(at(second))
    house.reconcile()
    assert tags(member.get(at(service))) == {"awaiting_peer_side"}
    another = rival.post(CONFIGS, side(service, there))
    house.reconcile()
    assert rival.get(at(another))["state"] == "production"
    assert tags(member.get(at(service))) == set()
