"""A member reaches a cloud: the exchange builds the circuit there, or the member brings the key of its own."""

from typing import Any

from tests.installation import Caller
from tests.scenarios.walk_throughs.walk import Walk, tags

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


def test_the_exchange_builds_the_circuit(walk: Walk) -> None:
    member = walk.member
    [line] = member.get("/connections")

    # What leads into the cloud's region with two handovers, on the same or another device of the exchange.
    [offering] = [
        each
        for each in member.get(
            OFFERINGS,
            params={
                "type": "cloud_vc",
                "service_provider": "Nimbus Cloud (fictional)",
                "service_provider_region": "xn-north-1",
                "bandwidth": 500,
            },
        )
        if each["diversity"] == 2
    ]
    assert (offering["service_provider_workflow"], offering["provider_vlans"]) == ("exchange_first", "single")

    # The tenant's account id is all the exchange needs. The provider is not quick to accept.
    walk.control("POST", "/faults", {"kind": "transient", "cloud_provider": "aws"}, 201)
    body = {"type": "cloud_vc", "product_offering": offering["id"], "capacity": 500}
    assert member.faults("POST", SERVICES, {**body, "cloud_key": "1234"}).keys() == {"cloud_key"}
    service = member.post(SERVICES, {**body, "cloud_key": "123456789012"})
    at = f"{SERVICES}/{service['id']}"
    assert (service["state"], service["provider_ref"], service["diversity"]) == ("requested", None, 2)
    first = f"{CONFIGS}/{order_handover(member, service['id'], line['id'], 1)['id']}"

    # One handover is enough to be in production, and two would be better.
    alone = walk.reach(member, at, saying="redundancy_incomplete")
    assert alone["provider_ref"].startswith("dxcon-")
    assert alone["current_billing_start_date"] == "2031-01-01"
    [incomplete] = alone["status"]
    assert incomplete["attrs"] == {"handovers_expected": 2, "handovers_present": 1}
    walk.reach(member, first, saying="redundancy_incomplete")
    second = f"{CONFIGS}/{order_handover(member, service['id'], line['id'], 2)['id']}"
    for path in (second, first, at):
        assert tags(walk.reach(member, path, silent="redundancy_incomplete")) <= {"vlan_selected"}
    assert member.get(first)["vlan_config"]["vlan"] != member.get(second)["vlan_config"]["vlan"]

    # More of it: the provider's end and both of ours follow.
    before = member.get(f"/connections/{line['id']}")["capacity_allocated"]
    assert member.patch(at, {"type": "cloud_vc", "capacity": 1000})["state"] == "production_change_pending"
    assert walk.reach(member, at)["capacity"] == 1000
    assert member.get(f"/connections/{line['id']}")["capacity_allocated"] == before + 2 * 500

    # Handovers first, then the cloud; neither is waited for. It is for a month at least.
    policy = member.get(f"{at}/cancellation-policy")
    assert policy == {"decommission_at": "2031-01-01", "charged_until": "2031-02-01"}
    last_day = walk.day("2031-02-01")
    for path in (second, first, at):
        assert member.delete(path, json={"decommission_at": last_day})["state"] == "decommission_requested"
    walk.wait_for_day(last_day)
    for path in (second, first, at):
        walk.reach(member, path, "decommissioned")
    assert member.get(at)["charged_until"] == "2031-02-01"
    assert member.delete(at)["state"] == "archived"


def test_the_member_brings_the_key_of_its_circuit(walk: Walk) -> None:
    member = walk.member
    [line] = member.get("/connections")
    [stratus] = member.get(OFFERINGS, params={"service_provider": "Stratus Cloud (fictional)"})
    assert (stratus["service_provider_workflow"], stratus["diversity"]) == ("provider_first", 2)

    # The circuit is ordered at the provider, which gives a key; the exchange asks what it stands for.
    def buy(region: str) -> str:
        wish = {"cloud_provider": "azure", "region": region, "bandwidth": 500}
        return str(walk.control("POST", "/cloud-circuits", wish, 201)["cloud_key"])

    key, elsewhere = buy("north"), buy("south-9")
    for given, fitting in ((key, [stratus]), (key.upper(), [stratus]), (elsewhere, []), ("no key", [])):
        assert member.get(OFFERINGS, params={"type": "cloud_vc", "cloud_key": given}) == fitting

    # The bandwidth is that of the circuit.
    order = {"type": "cloud_vc", "product_offering": stratus["id"], "cloud_key": key}
    assert "500" in member.faults("POST", SERVICES, {**order, "capacity": 1000})["capacity"]
    assert "north" in member.faults("POST", SERVICES, {**order, "cloud_key": elsewhere})["product_offering"]
    service = member.post(SERVICES, {**order, "capacity": 500})
    at = f"{SERVICES}/{service['id']}"
    assert member.faults("POST", SERVICES, order).keys() == {"cloud_key"}

    # One key, two handovers: a primary and a secondary, each with a VLAN at the provider for each kind of peering.
    private = {"vlan": 101, "peering_type": "private"}
    handovers = [
        f"{CONFIGS}/{order_handover(member, service['id'], line['id'], number, cloud_config=private)['id']}"
        for number in (1, 2)
    ]
    for path in (*handovers, at):
        assert tags(walk.reach(member, path, silent="redundancy_incomplete")) <= {"vlan_selected"}
    assert member.get(at)["provider_ref"].startswith("expressroute-")
    public = order_handover(
        member, service["id"], line["id"], 1, cloud_config={"vlan": 102, "peering_type": "microsoft"}
    )
    seen = walk.reach(member, f"{CONFIGS}/{public['id']}")
    assert (seen["cloud_vlan"], seen["cloud_config"]["vlan"]) == (102, 102)

    # What is taken is taken, and the key is fixed once the circuit is there.
    twice = {
        "type": "cloud_vc",
        "network_service": service["id"],
        "connection": line["id"],
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": 1,
        "cloud_config": private,
    }
    assert handovers[0].split("/")[-1] in member.faults("POST", CONFIGS, twice)["cloud_config.vlan"]
    assert member.faults("PATCH", at, {"cloud_key": elsewhere}).keys() >= {"cloud_key"}

    # The cloud takes its handovers along, and its key can be brought again.
    last_day = walk.day("2031-06-01")
    member.delete(at, json={"decommission_at": last_day})
    walk.wait_for_day(last_day)
    for path in (at, *handovers, f"{CONFIGS}/{public['id']}"):
        walk.reach(member, path, "decommissioned")
    assert member.post(SERVICES, order)["capacity"] == 500
