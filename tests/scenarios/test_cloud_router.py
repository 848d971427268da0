"""A member rents a router of the exchange, puts it on the peering LAN with sessions, and takes it all down again."""

from tests.installation import Site


def test_a_router_is_ordered_used_and_given_back(site: Site) -> None:
    member = site.login("member")
    offering = member.get("/product-offerings?type=routing_function")[0]["id"]

    # Router and leg are ordered back to back, as Terraform does.
    function = member.post("/routing-functions", {"product_offering": offering, "asn": 64496, "capacity": 10000})
    leg = member.post(
        "/network-service-configs",
        {
            "type": "exchange_lan",
            "network_service": "lan",
            "product_offering": "peering",
            "routing_function": function["id"],
            "capacity": 1000,
            "asns": [64496],
            "l3_config": {
                "bgp_neighbor_address": "192.0.2.1",
                "bgp_neighbor_asn": 64500,
                "bgp_password": "between-us",
                "bfd": True,
            },
        },
    )
    assert (function["state"], leg["state"]) == ("requested", "requested")
    router, config = f"/routing-functions/{function['id']}", f"/network-service-configs/{leg['id']}"
    site.reconcile()
    assert member.get(router)["state"] == "production"
    assert member.get(config)["state"] == "production"

    # The exchange's router has its own address on the LAN, and sessions with the route servers like anybody else.
    address = member.get(f"/ips?network_service_config={leg['id']}")[0]
    assert address["address"] == "192.0.2.10"
    session = member.order_session(leg["id"], address["id"])
    site.reconcile()
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "production"

    # It grows with its owner.
    assert member.patch(config, {"capacity": 10000})["state"] == "production_change_pending"
    site.reconcile()
    assert member.get(config)["state"] == "production"

    days = {"decommission_at": "2026-09-01", "charged_until": "2026-09-01"}
    assert member.get(f"{router}/cancellation-policy") == days

    # Legs first, then the function; neither is waited for.
    assert member.delete(config, json={})["state"] == "decommission_requested"
    assert member.delete(router, json={})["state"] == "decommission_requested"
    site.reconcile()
    assert member.get(config)["state"] == "decommissioned"
    assert member.get(router)["state"] == "decommissioned"
    assert site.connection.execute("select count(*) from claim where released_at is null").fetchone() == (0,)


def test_a_router_is_kept_to_the_last_day_of_its_legs(site: Site) -> None:
    member = site.login("member")
    function = member.order_router()
    leg = member.order_leg(function["id"])
    site.reconcile()
    member.delete(f"/network-service-configs/{leg['id']}", json={"decommission_at": "2026-10-01"})
    member.delete(f"/routing-functions/{function['id']}", json={"decommission_at": "2026-09-15"})
    site.clock.turn(days=20)
    site.reconcile()
    member = site.login("member")
    held = member.get(f"/routing-functions/{function['id']}")
    assert held["state"] == "decommission_requested"
    assert "routing_function_in_use" in {entry["tag"] for entry in held["status"]}
    site.clock.turn(days=10)
    site.reconcile()
    member = site.login("member")
    assert member.get(f"/network-service-configs/{leg['id']}")["state"] == "decommissioned"
    assert member.get(f"/routing-functions/{function['id']}")["state"] == "decommissioned"


def test_a_router_reaches_another_member_through_a_circuit(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    function = member.order_router(asn=64496)
    port = rival.order_connection()
    site.reconcile()
    circuit = member.post(
        "/network-services", {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"}
    )
    common = {"type": "p2p_vc", "network_service": circuit["id"]}
    l3_config = {
        "local_address": "198.51.100.1/30",
        "bgp_neighbor_address": "198.51.100.2",
        "bgp_neighbor_asn": 64497,
    }
    leg = member.post(
        "/network-service-configs", {**common, "routing_function": function["id"], "l3_config": l3_config}
    )
    far_end = rival.post(
        "/network-service-configs",
        {**common, "connection": port["id"], "vlan_config": {"vlan_type": "dot1q", "vlan": 7}},
    )
    site.reconcile()
    for caller, config in ((member, leg), (rival, far_end)):
        assert caller.get(f"/network-service-configs/{config['id']}")["state"] == "production"
    built = site.simulator._boxes["switch"].objects[f"attachment/{leg['id']}"]
    assert (built["local_address"], built["bgp_neighbor_asn"], built["side"]) == ("198.51.100.1/30", 64497, "a")

    # A second leg into the same subnet would leave the router guessing.
    other = member.post(
        "/network-services", {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"}
    )
    body = {**common, "network_service": other["id"], "routing_function": function["id"], "l3_config": l3_config}
    refused = member.faults("POST", "/network-service-configs", body)
    assert refused.keys() == {"l3_config.local_address"}
    assert leg["id"] in refused["l3_config.local_address"]
