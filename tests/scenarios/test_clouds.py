"""The two walk-throughs of a cloud_vc: the exchange builds the circuit, or the customer brings its key."""

from typing import Any

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from tests.installation import Caller, Site

SERVICES, CONFIGS, OFFERINGS = "/network-services", "/network-service-configs", "/product-offerings"


def order_handover(caller: Caller, service: str, connection: str, handover: int, **members: Any) -> Any:
    body = {
        "type": "cloud_vc",
        "network_service": service,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": handover,
        **members,
    }
    return caller.post(CONFIGS, body)


def tags(each: Any) -> list[str]:
    return [entry["tag"] for entry in each["status"] if entry["tag"] != "vlan_selected"]


def test_the_exchange_builds_the_circuit(site: Site) -> None:
    member = site.login("member")
    connection = str(member.order_connection()["id"])
    site.reconcile()

    # What leads into the cloud's region, and how often it is handed over.
    [offering] = member.get(
        OFFERINGS,
        params={"type": "cloud_vc", "service_provider_region": "north-1", "bandwidth": 500}
        | {"service_provider": "Nimbus Cloud"},
    )
    assert (offering["service_provider_workflow"], offering["diversity"], offering["provider_vlans"]) == (
        "exchange_first",
        2,
        "single",
    )

    # The tenant's account id is all the exchange needs to build the circuit.
    body = {"type": "cloud_vc", "product_offering": offering["id"], "cloud_key": "123456789012", "capacity": 500}
    service = member.post(SERVICES, body)
    at = f"{SERVICES}/{service['id']}"
    assert (service["state"], service["provider_ref"], service["diversity"]) == ("requested", None, 2)
    first = order_handover(member, service["id"], connection, 1)
    assert tags(first) == ["awaiting_cloud_circuit"]
    site.reconcile()

    # The provider accepts; one handover is enough to be in production, and two would be better.
    seen = member.get(at)
    assert seen["provider_ref"].startswith("dxcon-")
    assert (seen["state"], tags(seen)) == ("production", ["redundancy_incomplete"])
    assert seen["status"][0]["attrs"] == {"handovers_expected": 2, "handovers_present": 1}
    assert seen["current_billing_start_date"] == "2026-09-01"
    seen = member.get(f"{CONFIGS}/{first['id']}")
    assert (seen["state"], tags(seen)) == ("production", ["redundancy_incomplete"])
    second = order_handover(member, service["id"], connection, 2)
    site.reconcile()
    for path in (at, f"{CONFIGS}/{first['id']}", f"{CONFIGS}/{second['id']}"):
        assert (member.get(path)["state"], tags(member.get(path))) == ("production", [])

    # More of it: the provider's end and both of ours follow.
    assert member.patch(at, {"capacity": 1000})["state"] == "production_change_pending"
    site.reconcile()
    assert (member.get(at)["state"], member.get(at)["capacity"]) == ("production", 1000)
    assert member.get(f"/connections/{connection}")["capacity_allocated"] == 2000
    boxes = site.simulator._boxes
    assert boxes[service["id"]].objects[f"circuit/{service['id']}"]["capacity_mbps"] == 1000
    assert boxes["switch"].objects[f"attachment/{first['id']}"]["capacity_mbps"] == 1000

    # Handovers first, then the cloud; neither is waited for.
    member.delete(f"{CONFIGS}/{second['id']}", json={})
    member.delete(f"{CONFIGS}/{first['id']}", json={})
    assert member.delete(at, json={})["state"] == "decommission_requested"
    site.reconcile()
    for path in (at, f"{CONFIGS}/{first['id']}", f"{CONFIGS}/{second['id']}"):
        assert member.get(path)["state"] == "decommissioned"
    assert boxes[service["id"]].objects == {}
    assert site.connection.execute(
        "select count(*) from claim where released_at is null and kind <> 'port'"
    ).fetchone() == (0,)
    assert member.delete(at)["state"] == "archived"


def test_the_customer_brings_the_key_of_its_circuit(site: Site) -> None:
    member = site.login("member")
    connection = str(member.order_connection()["id"])
    site.reconcile()

    # The circuit is ordered at the provider, which gives a key; the exchange asks what it stands for.
    key = site.clouds["azure"].sell(CustomersCircuit(region="north-1", bandwidth=500))
    elsewhere = site.clouds["azure"].sell(CustomersCircuit(region="south-9", bandwidth=500))
    for given, fitting in ((key, ["stratus"]), (key.upper(), ["stratus"]), (elsewhere, []), ("no key", [])):
        found = member.get(OFFERINGS, params={"type": "cloud_vc", "cloud_key": given})
        assert [each["id"] for each in found] == fitting

    # The bandwidth is that of the circuit.
    order = {"type": "cloud_vc", "product_offering": "stratus", "cloud_key": key}
    assert "500" in member.faults("POST", SERVICES, {**order, "capacity": 1000})["capacity"]
    assert "north-1" in member.faults("POST", SERVICES, {**order, "cloud_key": elsewhere})["product_offering"]
    service = member.post(SERVICES, {**order, "capacity": 500})
    at = f"{SERVICES}/{service['id']}"
    assert member.faults("POST", SERVICES, order).keys() == {"cloud_key"}

    # One key, two handovers: a primary and a secondary, each with a VLAN at the provider for each kind of peering.
    private = {"vlan": 101, "peering_type": "private"}
    handovers = [order_handover(member, service["id"], connection, n, cloud_config=private) for n in (1, 2)]
    site.reconcile()
    for path in (at, *(f"{CONFIGS}/{each['id']}" for each in handovers)):
        assert (member.get(path)["state"], tags(member.get(path))) == ("production", [])
    assert member.get(at)["provider_ref"].startswith("expressroute-")
    public = order_handover(
        member, service["id"], connection, 1, cloud_config={"vlan": 102, "peering_type": "microsoft"}
    )
    site.reconcile()
    seen = member.get(f"{CONFIGS}/{public['id']}")
    assert (seen["state"], seen["cloud_vlan"], seen["cloud_config"]["vlan"]) == ("production", 102, 102)
    far = site.simulator._boxes[service["id"]].objects[f"attachment/{public['id']}"]
    assert far == {"circuit": service["id"], "handover": 1, "vlan": 102, "peering_type": "microsoft"}

    # What is taken is taken, and the key is fixed once the circuit is there.
    body = {
        "type": "cloud_vc",
        "network_service": service["id"],
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": 1,
        "cloud_config": private,
    }
    assert handovers[0]["id"] in member.faults("POST", CONFIGS, body)["cloud_config.vlan"]
    assert member.faults("PATCH", at, {"cloud_key": elsewhere}).keys() >= {"cloud_key"}

    # The cloud takes its handovers along.
    member.delete(at)
    site.reconcile()
    for path in (at, *(f"{CONFIGS}/{each['id']}" for each in (*handovers, public))):
        assert member.get(path)["state"] == "decommissioned"
    assert member.post(SERVICES, order)["capacity"] == 500
