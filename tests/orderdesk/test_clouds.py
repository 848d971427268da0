"""Clouds and their handovers over HTTP: what is refused, what may change, what is counted, who sees them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from tests.installation import Caller, Site
from tests.orderdesk.test_connections import set_offering
from tests.orderdesk.test_exchange_lans import connect, set_meta

SERVICES, CONFIGS = "/network-services", "/network-service-configs"


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def connection(house: Site, member: Caller) -> str:
    return connect(house, member)


def cloud(**members: Any) -> dict[str, Any]:
    body = {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012", **members}
    return {name: value for name, value in body.items() if value is not ...}


def handover(service: Any, connection: str | None, number: Any = 1, **members: Any) -> dict[str, Any]:
    body = {
        "type": "cloud_vc",
        "network_service": service["id"],
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": number,
        **members,
    }
    return {name: value for name, value in body.items() if value is not ...}


def at(each: Any) -> str:
    return f"{CONFIGS if 'network_service' in each else SERVICES}/{each['id']}"


def tags(each: Any) -> set[str]:
    return {entry["tag"] for entry in each["status"]} - {"vlan_selected"}


def bring(site: Site, bandwidth: int = 500, **members: Any) -> str:
    """A key of a circuit that the customer has ordered."""
    return site.clouds["azure"].sell(CustomersCircuit("north-1", bandwidth=bandwidth, **members))


# Ordering


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"cloud_key": ...}, "cloud_key"),
        ({"cloud_key": "12345678901"}, "cloud_key"),
        ({"cloud_key": "ocid1.virtualcircuit.oc1..aaaa"}, "cloud_key"),
        ({"capacity": 50}, "capacity"),
        ({"capacity": 20000}, "capacity"),
        ({"capacity": 0}, "capacity"),
        ({"product_offering": "circuit-1g"}, "product_offering"),
        ({"product_offering": "nowhere"}, "product_offering"),
        ({"product_offering": "stratus"}, "cloud_key"),
        ({"product_offering": "stratus", "cloud_key": "01234567-89ab-cdef-0123-456789abcdef"}, "cloud_key"),
        ({"consuming_account": "rival"}, "consuming_account"),
    ],
)
def test_what_is_wrong_with_an_order_is_told_by_member(member: Caller, members: Any, wrong: str) -> None:
    assert set(member.faults("POST", SERVICES, cloud(**members))) == {wrong}


@pytest.mark.parametrize(
    ("provider", "good", "bad"),
    [
        ("aws", "123456789012", "1234567890123456"),
        ("azure", "01234567-89ab-cdef-0123-456789abcdef", "123456789012"),
        ("google", "01234567-89ab-cdef-0123-456789abcdef/europe-west1/1", "01234567-89ab-cdef-0123-456789abcdef"),
        ("oracle", "ocid1.virtualcircuit.oc1.eu-frankfurt-1.aaaa", "ocid1.vcn.oc1.eu-frankfurt-1.aaaa"),
        ("alibaba", "1234567890123456", "123456789012"),
        ("other", "whatever they write", " "),
    ],
)
def test_keys_are_written_as_each_provider_writes_them(
    house: Site, member: Caller, provider: str, good: str, bad: str
) -> None:
    set_meta(house, "nimbus", cloud_provider=provider)
    try:
        assert member.faults("POST", SERVICES, cloud(cloud_key=bad)).keys() == {"cloud_key"}
        assert member.post(SERVICES, cloud(cloud_key=good))["cloud_key"] == good
    finally:
        set_meta(house, "nimbus", cloud_provider="aws")


def test_a_key_is_asked_about_and_its_bandwidth_taken_over(house: Site, member: Caller) -> None:
    order = cloud(product_offering="stratus", cloud_key=bring(house, 200))
    assert "200" in member.faults("POST", SERVICES, {**order, "capacity": 500})["capacity"]
    assert member.post(SERVICES, order)["capacity"] == 200


def test_a_circuit_of_a_customer_leads_to_one_service_until_that_is_gone(house: Site, member: Caller) -> None:
    rival = house.login("rival")
    order = cloud(product_offering="stratus", cloud_key=bring(house))
    first = member.post(SERVICES, order)
    assert first["id"] in member.faults("POST", SERVICES, order)["cloud_key"]
    assert (
        first["id"]
        not in rival.faults("POST", SERVICES, {**order, "cloud_key": order["cloud_key"].upper()})["cloud_key"]
    )
    house.reconcile()
    member.delete(at(first))
    house.reconcile()
    rival.post(SERVICES, order)


def test_a_provider_that_does_not_answer_is_waited_for_by_nobody(house: Site, member: Caller) -> None:
    key = bring(house)
    house.clouds["azure"].fall_silent()
    try:
        member.unable("POST", SERVICES, cloud(product_offering="stratus", cloud_key=key))
        member.get("/product-offerings", 503, params={"cloud_key": key})
        assert member.get("/product-offerings", params={"cloud_key": "123456789012"}) == []
        # What does not turn on it is not held up.
        member.post(SERVICES, cloud())
    finally:
        house.clouds["azure"].fall_silent(silent=False)
    member.post(SERVICES, cloud(product_offering="stratus", cloud_key=key))


def test_offerings_are_found_by_what_the_key_stands_for(house: Site, member: Caller) -> None:
    def find(key: str, **filters: Any) -> list[str]:
        found = member.get("/product-offerings", params={"type": "cloud_vc", "cloud_key": key, **filters})
        return [each["id"] for each in found]

    assert find(bring(house)) == ["stratus"]
    assert find(bring(house), bandwidth=20000) == []
    assert find(bring(house, pop="elsewhere")) == []
    assert find(house.clouds["azure"].sell(CustomersCircuit("south-1", bandwidth=500))) == []
    assert find(house.clouds["azure"].sell(CustomersCircuit("north-1", bandwidth=50))) == []
    assert find("01234567-89ab-cdef-0123-456789abcdef") == []
    assert find("") == find("nonsense") == []
    # Where there is nobody to ask, the form of the key decides.
    azure = house.clouds["azure"]
    set_meta(house, "stratus", cloud_provider="cumulus")
    try:
        assert find("any key") == ["stratus"]
        assert find("") == []
    finally:
        set_meta(house, "stratus", cloud_provider=azure.name)
    windows = member.request("GET", "/product-offerings", params={"cloud_key": bring(house), "page_limit": 1})
    assert [each["id"] for each in windows.json()] == ["stratus"]


def test_nobody_else_sees_it(house: Site, member: Caller, connection: str) -> None:
    service = member.post(SERVICES, cloud())
    rival = house.login("rival")
    rival.get(at(service), 404)
    assert rival.faults("POST", CONFIGS, handover(service, connect(house, rival))).keys() == {"network_service"}
    assert service["id"] not in [each["id"] for each in rival.get(SERVICES)]


# Handovers


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"handover": ...}, {"handover"}),
        ({"handover": 0}, {"handover"}),
        ({"handover": 3}, {"handover"}),
        ({"cloud_vlan": 5}, {"cloud_vlan", "cloud_config.vlan"}),
        ({"cloud_vlan": 4095}, {"cloud_vlan"}),
        ({"cloud_config": {"vlan": 5}}, {"cloud_vlan", "cloud_config.vlan"}),
        ({"cloud_config": {"peering_type": "private"}}, {"cloud_config.peering_type"}),
        ({"cloud_config": {"local_asn": -1, "bgp_neighbor_address": "x"}},
         {"cloud_config.local_asn", "cloud_config.bgp_neighbor_address"}),
        ({"connection": "nowhere"}, {"connection"}),
        ({"vlan_config": ...}, {"vlan_config"}),
        ({"network_service": "lan"}, {"network_service"}),
        ({"product_offering": "stratus"}, {"product_offering"}),
        ({"l3_config": {"bfd": True}}, {"l3_config.bfd"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_handover_is_told_by_member(
    member: Caller, connection: str, members: Any, wrong: set[str]
) -> None:
    body = {**handover(member.post(SERVICES, cloud()), connection), **members}
    body = {name: value for name, value in body.items() if value is not ...}
    assert set(member.faults("POST", CONFIGS, body)) == wrong


def test_zero_is_no_vlan(member: Caller, connection: str) -> None:
    """As the official acceptance run sends it."""
    service = member.post(SERVICES, cloud())
    assert member.post(CONFIGS, handover(service, connection, cloud_vlan=0))["cloud_vlan"] is None


def test_the_providers_vlan_goes_by_two_names(house: Site, member: Caller, connection: str) -> None:
    service = member.post(SERVICES, cloud(product_offering="stratus", cloud_key=bring(house)))
    wanted = {"peering_type": "private"}
    assert member.faults("POST", CONFIGS, handover(service, connection)).keys() == {
        "cloud_config.vlan",
        "cloud_config.peering_type",
    }
    differing = handover(service, connection, cloud_vlan=5, cloud_config={"vlan": 6, **wanted})
    assert member.faults("POST", CONFIGS, differing).keys() == {"cloud_vlan"}
    config = member.post(CONFIGS, handover(service, connection, cloud_vlan=5, cloud_config=wanted))
    assert (config["cloud_vlan"], config["cloud_config"]["vlan"]) == (5, 5)
    changed = member.patch(at(config), {"cloud_config": {"vlan": 7, **wanted}})
    assert (changed["cloud_vlan"], changed["cloud_config"]["vlan"]) == (7, 7)
    changed = member.patch(at(config), {"cloud_vlan": 8})
    assert (changed["cloud_vlan"], changed["cloud_config"]["vlan"]) == (8, 8)
    assert changed["cloud_config"]["peering_type"] == "private"
    # A whole object sent back, and one that knows only the new name.
    assert member.put(at(config), changed) == changed
    put = {name: changed[name] for name in changed if name != "cloud_vlan"}
    assert member.put(at(config), put)["cloud_vlan"] == 8


def test_a_handover_is_had_once_and_given_back(house: Site, member: Caller, connection: str) -> None:
    service = member.post(SERVICES, cloud())
    house.reconcile()
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: member.request("POST", CONFIGS, json=handover(service, connection)), range(4))
        )
    assert sorted(each.status_code for each in answers) == [201, 400, 400, 400]
    config = next(each.json() for each in answers if each.status_code == 201)
    assert config["id"] in member.faults("POST", CONFIGS, handover(service, connection))["handover"]
    house.reconcile()
    member.patch(at(config), {"handover": 2})
    # Until the network has followed it has both.
    assert member.faults("POST", CONFIGS, handover(service, connection)).keys() == {"handover"}
    house.reconcile()
    other = member.post(CONFIGS, handover(service, connection))
    member.delete(at(config))
    house.reconcile()
    member.post(CONFIGS, handover(service, connection, 2))
    member.delete(at(other))


def test_a_connection_has_to_be_wide_enough(house: Site, member: Caller, connection: str) -> None:
    set_offering(house, "nimbus", bandwidth_max=None)
    try:
        service = member.post(SERVICES, cloud(capacity=20000))
        assert "20000" in member.faults("POST", CONFIGS, handover(service, connection))["connection"]
        narrow = member.post(SERVICES, cloud(capacity=5000))
        member.post(CONFIGS, handover(narrow, connection))
        assert "10000" in member.faults("PATCH", at(narrow), {"capacity": 20000})["capacity"]
    finally:
        set_offering(house, "nimbus", bandwidth_max=10000)


def test_each_handover_counts_with_the_capacity_of_the_service(house: Site, member: Caller) -> None:
    mine = connect(house, member)
    service = member.post(SERVICES, cloud(capacity=1000))
    for number in (1, 2):
        member.post(CONFIGS, handover(service, mine, number))
    assert member.get(f"/connections/{mine}")["capacity_allocated"] == 2000
    member.patch(at(service), {"capacity": 2000})
    assert member.get(f"/connections/{mine}")["capacity_allocated"] == 4000


# Changing


def test_it_moves_as_its_offering_allows(house: Site, member: Caller, connection: str) -> None:
    service = member.post(SERVICES, cloud(capacity=500))
    member.patch(at(service), {"cloud_key": "210987654321"})
    config = member.post(CONFIGS, handover(service, connection))
    house.reconcile()
    assert member.faults("PATCH", at(service), {"cloud_key": "123456789012"}).keys() == {"cloud_key"}
    set_offering(house, "nimbus", upgrade_allowed=False)
    assert member.faults("PATCH", at(service), {"capacity": 1000}).keys() == {"capacity"}
    assert member.faults("PATCH", at(service), {"capacity": None}).keys() == {"capacity"}
    changed = member.patch(at(service), {"capacity": 200})
    assert (changed["state"], tags(changed)) == (
        "production_change_pending",
        {"change_in_progress", "configs_changing", "redundancy_incomplete"},
    )
    set_offering(house, "nimbus", upgrade_allowed=True, downgrade_allowed=False)
    house.reconcile()
    assert member.faults("PATCH", at(service), {"capacity": 100}).keys() == {"capacity"}
    set_offering(house, "nimbus", downgrade_allowed=True)
    assert [member.get(at(each))["state"] for each in (service, config)] == ["production"] * 2
    assert member.patch(at(service), {"external_ref": "ours"})["state"] == "production"
    assert member.faults("PATCH", at(service), {"product_offering": "stratus"}).keys() >= {"product_offering"}


def test_a_change_of_the_providers_side_reaches_the_provider(house: Site, member: Caller, connection: str) -> None:
    service = member.post(SERVICES, cloud())
    config = member.post(CONFIGS, handover(service, connection, cloud_config={"bgp_password": "secret"}))
    house.reconcile()
    pending = member.patch(at(config), {"cloud_config": {"bgp_password": "other", "local_asn": 64496}})
    assert pending["state"] == "production_change_pending"
    [change] = [entry for entry in pending["status"] if entry["tag"] == "change_in_progress"]
    assert change["attrs"] == {"property": "cloud_config", "from": None, "to": None}
    house.reconcile()
    assert member.get(at(config))["state"] == "production"
    far = house.simulator._boxes[service["id"]].objects[f"attachment/{config['id']}"]
    assert (far["bgp_password"], far["local_asn"]) == ("other", 64496)


def test_both_ends_are_built_as_they_were_ordered(house: Site, member: Caller) -> None:
    mine, boxes = connect(house, member), house.simulator._boxes
    service = member.post(SERVICES, cloud(capacity=500))
    config = member.post(CONFIGS, handover(service, mine))
    house.reconcile()
    member.patch(at(service), {"capacity": 1000})
    house.reconcile()
    assert boxes[service["id"]].objects[f"circuit/{service['id']}"]["capacity_mbps"] == 1000
    assert boxes["switch"].objects[f"attachment/{config['id']}"]["capacity_mbps"] == 1000

    brought = member.post(SERVICES, cloud(product_offering="stratus", cloud_key=bring(house)))
    to = {"cloud_config": {"vlan": 102, "peering_type": "microsoft"}}
    config = member.post(CONFIGS, handover(brought, mine, **to))
    house.reconcile()
    far = boxes[brought["id"]].objects[f"attachment/{config['id']}"]
    assert far == {"circuit": brought["id"], "handover": 1, "vlan": 102, "peering_type": "microsoft"}


def test_who_only_consumes_a_handover_does_not_read_its_password(house: Site) -> None:
    reseller, customer = house.login("reseller"), house.login("customer")
    mine = connect(house, reseller)
    service = reseller.post(SERVICES, cloud(consuming_account="customer"))
    secret = {"cloud_config": {"bgp_password": "secret"}, "consuming_account": "customer"}
    config = reseller.post(CONFIGS, handover(service, mine, **secret))
    assert reseller.get(at(config))["cloud_config"]["bgp_password"] == "secret"
    assert customer.get(at(config))["cloud_config"]["bgp_password"] == "********"


# On a routing function


def test_a_cloud_is_a_leg_of_a_router(house: Site, member: Caller) -> None:
    function = member.order_router(capacity=1000)
    wide = member.post(SERVICES, cloud(capacity=2000))
    l3_config = {"local_address": "198.51.100.1/30", "bgp_neighbor_address": "198.51.100.2", "bgp_neighbor_asn": 64512}
    leg = {"vlan_config": ..., "routing_function": function["id"], "l3_config": l3_config}
    assert "1000" in member.faults("POST", CONFIGS, handover(wide, None, **leg))["routing_function"]
    service = member.post(SERVICES, cloud(capacity=1000))
    set_offering(house, "nimbus", nsc_required_cloud_config_fields=["bgp_neighbor_asn", "local_asn"])
    config = member.post(CONFIGS, handover(service, None, cloud_config={"bgp_neighbor_asn": 64513}, **leg))
    set_offering(house, "nimbus", nsc_required_cloud_config_fields=[])
    house.reconcile()
    assert [member.get(at(each))["state"] for each in (service, config)] == ["production"] * 2
    far = house.simulator._boxes[service["id"]].objects[f"attachment/{config['id']}"]
    assert (far["local_address"], far["bgp_neighbor_asn"], far["local_asn"]) == ("198.51.100.1/30", 64513, 64496)
    near = house.simulator._boxes["switch"].objects[f"attachment/{config['id']}"]
    assert (near["router"][:3], near["bgp_neighbor_asn"], near["capacity_mbps"]) == ("rf-", 64512, 1000)
    assert member.faults("PATCH", at(service), {"capacity": 5000}).keys() == {"capacity"}
    assert member.faults("PATCH", f"/routing-functions/{function['id']}", {"capacity": 500}).keys() == {"capacity"}


# Leaving


def test_it_leaves_by_its_own_terms_and_takes_its_handovers_along(site: Site) -> None:
    member = site.login("member")
    mine = connect(site, member)
    set_offering(site, "nimbus", contract_initial_period="P1M", contract_renewal_period="P1M")
    service = member.post(SERVICES, cloud())
    unbuilt = member.post(SERVICES, cloud())
    config = member.post(CONFIGS, handover(service, mine))
    site.reconcile()
    policy = member.get(f"{at(service)}/cancellation-policy?decommission_at=2026-09-20")
    assert policy == {"decommission_at": "2026-09-20", "charged_until": "2026-10-01"}
    left = member.delete(at(service), json={"decommission_at": "2026-09-20"})
    assert (left["state"], left["charged_until"]) == ("decommission_requested", "2026-10-01")
    seen = member.get(at(config))
    assert (seen["state"], seen["decommission_at"]) == ("decommission_requested", "2026-09-20")
    assert member.faults("POST", CONFIGS, handover(service, mine, 2)).keys() == {"network_service"}
    assert member.delete(at(unbuilt))["state"] == "cancelled"
    site.clock.turn(days=20)
    site.reconcile()
    member = site.login("member")
    assert [member.get(at(each))["state"] for each in (service, config)] == ["decommissioned"] * 2
    held = site.connection.execute("select kind from claim where released_at is null and kind <> 'port'").fetchall()
    assert held == []
    assert not site.simulator._boxes[service["id"]].objects


# Bad input


@pytest.mark.parametrize(
    "change",
    [
        {"cloud_vlan": False},
        {"cloud_vlan": "5"},
        {"cloud_vlan": [5], "cloud_config": {"vlan": 6}},
        {"cloud_vlan": -1},
        {"cloud_vlan": 2**70},
        {"cloud_config": []},
        {"cloud_config": {"vlan": "x"}},
        {"cloud_config": {"vlan": {"vlan": 5}}, "cloud_vlan": {}},
        {"cloud_config": {"vlan": True}},
        {"cloud_config": {"local_address": "192.0.2.1/-1"}},
        {"cloud_config": {"bgp_neighbor_asn": 2**63}},
        {"handover": 2**63},
    ],
)
def test_what_makes_no_sense_of_a_handover_is_refused(
    house: Site, member: Caller, connection: str, change: dict[str, Any]
) -> None:
    service = member.post(SERVICES, cloud(product_offering="stratus", cloud_key=bring(house)))
    config = member.post(CONFIGS, handover(service, connection, cloud_config={"vlan": 5, "peering_type": "private"}))
    members = {name.partition(".")[0] for name in member.faults("PATCH", at(config), change)}
    assert members <= {"cloud_vlan", "cloud_config", "handover"}
    assert member.get(at(config))["cloud_vlan"] == 5


@pytest.mark.parametrize("key", ["", "\x00", "\ud800", "x" * 5000, 5, None, ["123456789012"], {}])
@pytest.mark.parametrize("offering", ["nimbus", "stratus"])
def test_what_makes_no_sense_as_a_key_is_refused(member: Caller, offering: str, key: Any) -> None:
    body = json.dumps(cloud(product_offering=offering, cloud_key=key))
    answer = member.request("POST", SERVICES, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("named", ["\x00", "x" * 5000, 5, None, []])
def test_what_makes_no_sense_as_an_offering_is_refused(house: Site, member: Caller, named: Any) -> None:
    assert member.faults("POST", SERVICES, cloud(product_offering=named)).keys() == {"product_offering"}
    service = member.post(SERVICES, cloud(product_offering="stratus", cloud_key=bring(house)))
    assert member.faults("PATCH", at(service), {"product_offering": named}).keys() == {"product_offering"}


@pytest.mark.parametrize("key", ["%00", "%ED%A0%80", "x" * 3000, "%F0%9F%98%80", "'"])
def test_a_key_to_filter_by_is_any_text(member: Caller, key: str) -> None:
    answer = member.request("GET", f"/product-offerings?cloud_key={key}")
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or answer.json() == []


def test_what_was_ordered_can_be_changed_after_its_offering_has(site: Site) -> None:
    member = site.login("member")
    here = member.order_connection()["id"]
    service = member.post(SERVICES, cloud(capacity=500))
    config = member.post(CONFIGS, handover(service, here))
    peering = member.order_peering(here, capacity=500, macs=[member.order_mac()["id"]])
    site.reconcile()
    demands = {"nsc_required_cloud_config_fields": ["bgp_password"], "nsc_required_l3_config_fields": ["bgp_password"]}
    for id_ in ("nimbus", "peering"):
        set_offering(site, id_, bandwidth_min=1000, **demands)
    for each in (service, config, peering):
        assert member.patch(at(each), {"external_ref": "mine"})["external_ref"] == "mine"
    for each in (service, peering):
        assert member.faults("PATCH", at(each), {"capacity": 600}).keys() == {"capacity"}
    faults = member.faults("PATCH", at(config), {"cloud_config": {"local_asn": 64496}})
    assert "cloud_config.bgp_password" in faults
