"""A new member joins the peering LAN, from the empty account to its router being seen."""

from tests.scenarios.walk_throughs.walk import TurnedWalk, Walk, tags


def test_a_new_member_joins_the_peering_lan(walk: Walk) -> None:
    newcomer = walk.newcomer

    # Its account says what is missing.
    account = newcomer.get("/account")
    assert (account["state"], account["managing_account"]) == ("requested", None)
    assert [(each["tag"], each["attrs"]) for each in account["status"]] == [
        ("contact_role_required", {"role": "legal"})
    ]

    # It tells the exchange whom to call for what, and is admitted.
    roles = {each["name"]: each for each in newcomer.get("/roles")}
    assert roles["noc"]["required_fields"] == ["email", "telephone"]
    contact = newcomer.post("/contacts", {"name": "Everybody (fictional)", "email": "noc@example.net"})
    refused = newcomer.unable("POST", "/role-assignments", {"role": roles["noc"]["id"], "contact": contact["id"]})
    assert "telephone" in refused["detail"]
    newcomer.patch(f"/contacts/{contact['id']}", {"telephone": "+99 20 5550 0101"}, 200)
    assigned = {
        name: newcomer.post("/role-assignments", {"role": roles[name]["id"], "contact": contact["id"]})["id"]
        for name in ("legal", "noc", "peering", "implementation")
    }
    assert newcomer.get("/account")["state"] == "production"
    assert newcomer.get("/account")["status"] == []

    # It looks for the LAN, for a port near it, and for what the LAN demands.
    lan = newcomer.find("/network-services?type=exchange_lan", name="FIX Northport")
    port = newcomer.find(
        f"/product-offerings?type=connection&handover_metro_area_network={lan['metro_area_network']}",
        physical_port_speed=10000,
        cross_connect_initiator="subscriber",
    )
    features = newcomer.get(f"/network-features?network_service={lan['id']}")
    assert [(each["name"], each["required"]) for each in features] == [
        ("rs1.npt.fix.example", False),
        ("rs2.npt.fix.example", False),
    ]

    # It orders port, presence and sessions in one go. Its addresses are there at once.
    line = newcomer.order_connection(product_offering=port["id"], role_assignments=[assigned["implementation"]])
    mac = newcomer.order_mac("02:00:5e:00:53:40")
    config = newcomer.order_peering(
        line["id"],
        network_service=lan["id"],
        product_offering=newcomer.offering("Peering in Northport"),
        role_assignments=[assigned["noc"], assigned["peering"]],
        asns=[64540],
        macs=[mac["id"]],
        listed=True,
        consumer_side_ready=False,
    )
    assert (line["state"], config["state"]) == ("requested", "requested")
    addresses = newcomer.get(f"/ips?network_service_config={config['id']}")
    assert [each["version"] for each in addresses] == [4, 6]
    assert addresses[1]["address"] == "2001:db8:100::6:4540:1"
    sessions = [
        newcomer.order_session(
            config["id"],
            address["id"],
            feature["id"],
            asn=64540,
            as_set_v4="AS64540",
            as_set_v6="AS64540",
            insert_ixp_asn=False,
        )
        for feature in features
        for address in addresses
    ]
    assert newcomer.get("/account")["asns"] == [64540]

    # The exchange connects it, and waits until it says that its router is ready.
    at = f"/network-service-configs/{config['id']}"
    walk.reach(newcomer, f"/connections/{line['id']}")
    held = walk.reach(newcomer, at, "allocated", saying="consumer_side_not_ready")
    assert set(held["network_feature_configs"]) == {each["id"] for each in sessions}
    newcomer.patch(at, {"type": "exchange_lan", "consumer_side_ready": True})
    there = walk.reach(newcomer, at)
    assert (tags(there), there["current_billing_start_date"]) == ({"vlan_selected"}, "2031-01-01")
    for session in sessions:
        walk.reach(newcomer, f"/network-feature-configs/{session['id']}")
    assert newcomer.states_told(config["id"]) == ["requested", "allocated", "testing", "production"]
    [port_of_line] = newcomer.get(f"/ports?connection={line['id']}")
    assert (port_of_line["state"], port_of_line["operational_state"]) == ("production", "up")

    # The others see that there is somebody, and nothing of what it has.
    assert config["id"] not in {each["id"] for each in walk.member.get("/network-service-configs")}
    walk.member.get(at, 404)


def test_a_mac_address_leaves_when_its_time_is_over(turned: TurnedWalk) -> None:
    member = turned.member
    [config] = member.get("/network-service-configs")
    at = f"/network-service-configs/{config['id']}"
    lent = member.order_mac("02:00:5e:00:53:41", valid_not_after="2031-04-01T00:00:00Z")
    member.patch(at, {"type": "exchange_lan", "macs": [*config["macs"], lent["id"]]})
    assert "mac_expires" in tags(turned.reach(member, at))
    turned.wait_for_day("2031-03-31")
    assert member.get(at)["macs"] == [*config["macs"], lent["id"]]
    turned.wait_for_day("2031-04-01")
    left = member.get(at)
    assert (left["state"], left["macs"]) == ("production", config["macs"])
    assert "mac_expired" in tags(left)
    member.delete(f"/macs/{lent['id']}", 200)
    # The address can be registered anew.
    again = member.order_mac("02:00:5e:00:53:41")
    member.patch(at, {"type": "exchange_lan", "macs": [*config["macs"], again["id"]]})
    assert tags(turned.reach(member, at)) == set()
