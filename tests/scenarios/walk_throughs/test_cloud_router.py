"""A member rents a router of the exchange, joins a LAN, a circuit and a cloud with it, and takes it all down again."""

from tests.scenarios.walk_throughs.walk import Walk, tags

CONFIGS = "/network-service-configs"


def test_a_router_is_ordered_used_and_given_back(walk: Walk) -> None:
    member, far = walk.member, walk.reseller

    # Router and legs are ordered back to back, as Terraform does: one on the peering LAN,
    function = member.post(
        "/routing-functions",
        {"product_offering": member.offering("Router in Northport"), "asn": 64530, "capacity": 10000},
    )
    lan = member.find("/network-services?type=exchange_lan", name="FIX Northport")
    on_lan = member.order_leg(
        function["id"],
        network_service=lan["id"],
        product_offering=member.offering("Peering in Northport"),
        capacity=1000,
        asns=[64530],
        l3_config={
            "bgp_neighbor_address": "198.51.100.1",
            "bgp_neighbor_asn": 64510,
            "bgp_password": "between-us",
            "bfd": True,
        },
    )
    # one in a cloud,
    cloud = member.post(
        "/network-services",
        {
            "type": "cloud_vc",
            "product_offering": member.offering("Nimbus Cloud (fictional) in Northport"),
            "cloud_key": "123456789012",
            "capacity": 500,
        },
    )
    in_cloud = member.post(
        CONFIGS,
        {
            "type": "cloud_vc",
            "network_service": cloud["id"],
            "routing_function": function["id"],
            "handover": 1,
            "l3_config": {
                "local_address": "192.0.2.5/30",
                "bgp_neighbor_address": "192.0.2.6",
                "bgp_neighbor_asn": 64512,
            },
            "cloud_config": {"peering_type": "private"},
        },
    )
    # and one on a circuit, whose other end is somebody else's port.
    circuit = member.post(
        "/network-services",
        {
            "type": "p2p_vc",
            "product_offering": member.offering("Circuit within Northport, without a term"),
            "joining_member_account": far.account,
        },
    )
    on_circuit = member.post(
        CONFIGS,
        {
            "type": "p2p_vc",
            "network_service": circuit["id"],
            "routing_function": function["id"],
            "l3_config": {
                "local_address": "192.0.2.1/30",
                "bgp_neighbor_address": "192.0.2.2",
                "bgp_neighbor_asn": 64531,
            },
        },
    )
    assert {each["state"] for each in (function, on_lan, in_cloud, on_circuit)} == {"requested"}
    router, lan_leg = f"/routing-functions/{function['id']}", f"{CONFIGS}/{on_lan['id']}"
    circuit_leg, cloud_leg = (f"{CONFIGS}/{each['id']}" for each in (on_circuit, in_cloud))
    for path in (router, lan_leg, cloud_leg, f"/network-services/{cloud['id']}"):
        walk.reach(member, path)
    walk.reach(member, circuit_leg, "requested", saying="awaiting_peer_side")
    port = far.order_connection(product_offering=far.offering("10G port in Northport"))
    far_end = far.post(
        CONFIGS,
        {
            "type": "p2p_vc",
            "network_service": circuit["id"],
            "connection": port["id"],
            "vlan_config": {"vlan_type": "dot1q", "vlan": 7},
        },
    )
    walk.reach(far, f"{CONFIGS}/{far_end['id']}")
    walk.reach(member, circuit_leg)

    # Nobody else reads how the router talks to its neighbours.
    assert member.get(lan_leg)["l3_config"]["bgp_password"] == "between-us"
    far.get(circuit_leg, 404)

    # A second leg into the same subnet would leave the router guessing.
    other = member.post(
        "/network-services",
        {
            "type": "p2p_vc",
            "product_offering": circuit["product_offering"],
            "joining_member_account": far.account,
        },
    )
    twice = {
        "type": "p2p_vc",
        "network_service": other["id"],
        "routing_function": function["id"],
        "l3_config": on_circuit["l3_config"],
    }
    refused = member.faults("POST", CONFIGS, twice)
    assert refused.keys() == {"l3_config.local_address"}
    assert on_circuit["id"] in refused["l3_config.local_address"]
    member.delete(f"/network-services/{other['id']}")

    # The exchange's router has its own address on the LAN, and sessions with the route servers like anybody else.
    address = member.find(f"/ips?network_service_config={on_lan['id']}", version=4)
    feature = member.find(f"/network-features?network_service={lan['id']}", name="rs1.npt.fix.example")
    session = member.order_session(on_lan["id"], address["id"], feature["id"], asn=64530, as_set_v4="AS64530")
    walk.reach(member, f"/network-feature-configs/{session['id']}")

    # It grows with its owner.
    changed = member.patch(lan_leg, {"type": "exchange_lan", "capacity": 10000})
    assert changed["state"] == "production_change_pending"
    walk.reach(member, lan_leg)

    # Legs first, then the function, a quarter later where one can wait for it. The function does not go before them.
    days = {"decommission_at": "2031-01-01", "charged_until": "2031-01-01"}
    assert member.get(f"{router}/cancellation-policy") == days
    last_day, earlier = walk.day("2031-04-01"), walk.day("2031-03-01")
    for path in (lan_leg, f"/network-services/{cloud['id']}", f"/network-services/{circuit['id']}"):
        left = member.delete(path, json={"decommission_at": last_day})
        assert (left["state"], left["decommission_at"]) == ("decommission_requested", last_day)
    assert member.delete(router, json={"decommission_at": earlier})["state"] == "decommission_requested"
    walk.wait_for_day(earlier)
    if earlier < last_day:
        held = walk.reach(member, router, "decommission_requested", saying="routing_function_in_use")
        assert "decommission_scheduled" in tags(held)
    walk.wait_for_day(last_day)
    for path in (lan_leg, cloud_leg, circuit_leg, router):
        walk.reach(member, path, "decommissioned")
    walk.reach(far, f"{CONFIGS}/{far_end['id']}", "decommissioned")
