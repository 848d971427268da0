"""A member leaves the exchange, from the first look at what it costs to the closed account."""

from tests.scenarios.walk_throughs.walk import Somebody, TurnedWalk, Walk


def test_a_member_leaves(walk: Walk) -> None:
    member, far = walk.member, walk.reseller
    [peering], [line] = member.get("/network-service-configs"), member.get("/connections")
    lan_at, line_at = f"/network-service-configs/{peering['id']}", f"/connections/{line['id']}"
    sessions = [f"/network-feature-configs/{each}" for each in peering["network_feature_configs"]]

    # It also has a circuit to the other town, for a year: three months' notice before the year is over, and it goes on
    # by the month.
    port = far.order_connection(product_offering=far.offering("10G port in Southquay"))
    circuit = member.post(
        "/network-services",
        {
            "type": "p2p_vc",
            "product_offering": member.offering("Circuit from Northport to Southquay"),
            "joining_member_account": far.account,
        },
    )
    circuit_at = f"/network-services/{circuit['id']}"
    sides = [
        who.post(
            "/network-service-configs",
            {
                "type": "p2p_vc",
                "network_service": circuit["id"],
                "connection": connection,
                "vlan_config": {"vlan_type": "dot1q", "vlan": None},
            },
        )["id"]
        for who, connection in ((member, line["id"]), (far, port["id"]))
    ]
    walk.reach(member, circuit_at)

    # Somebody is there to be called about the line.
    contact = member.post("/contacts", {"email": "line@example.net", "telephone": "+99 20 5550 0102"})["id"]
    noc = member.post("/role-assignments", {"contact": contact, "role": member.find("/roles", name="noc")["id"]})
    member.patch(line_at, {"role_assignments": [noc["id"]]})

    # In June it asks what leaving would come to. Only the circuit is for a year.
    today = walk.day("2031-06-10")
    walk.wait_for_day(today)
    for path in (lan_at, line_at):
        assert member.get(f"{path}/cancellation-policy") == {"decommission_at": today, "charged_until": today}
    policy = member.get(f"{circuit_at}/cancellation-policy")
    assert policy == {"decommission_at": today, "charged_until": "2032-01-01"}
    # It may stay as long as it pays; the day after would already cost another month.
    until = {"decommission_at": "2032-01-01"}
    assert member.get(f"{circuit_at}/cancellation-policy", params=until)["charged_until"] == "2032-01-01"
    beyond = {"decommission_at": "2032-01-02"}
    assert member.get(f"{circuit_at}/cancellation-policy", params=beyond)["charged_until"] == "2032-02-01"

    # A day that is over cannot be had, and the refusal says which can.
    early = member.delete(circuit_at, 400, json={"decommission_at": "2030-12-31"})
    assert early["type"].endswith("/cancellation-policy-error.html")
    assert (early["decommission_at"], early["charged_until"]) == (today, "2032-01-01")

    # The peering is to go in December, with its sessions, and then on another day.
    lan_day, last_day = walk.day("2031-12-20"), walk.day("2032-01-01")
    walk.hold_network()
    member.delete(lan_at, json={"decommission_at": walk.day("2031-12-01")})
    left = member.delete(lan_at, json={"decommission_at": lan_day})
    assert (left["state"], left["decommission_at"], left["charged_until"]) == (
        "decommission_requested",
        lan_day,
        lan_day,
    )
    walk.hold_network(False)
    # Its MAC addresses can go at once, its contacts not while the connection is in use.
    for mac in peering["macs"]:
        member.delete(f"/macs/{mac}", 200)
    refused = member.delete(f"/contacts/{contact}", 409)["conflicts"]
    assert {each["resource_id"] for each in refused} == {line["id"]}
    refused = member.unable("DELETE", f"/accounts/{member.account}")["conflicts"]
    assert {each["resource_id"] for each in refused} >= {line["id"], circuit["id"]}

    # Then the circuit, with both of its sides, and last the connection.
    left = member.delete(circuit_at, json={"decommission_at": last_day})
    assert (left["state"], left["decommission_at"]) == ("decommission_requested", last_day)
    member.delete(line_at, json={"decommission_at": last_day})
    member.delete(f"/contacts/{contact}", 200)

    # The peering goes when its day begins; the line keeps its light until its own.
    walk.wait_for_day(lan_day)
    for path in (lan_at, *sessions):
        walk.reach(member, path, "decommissioned")
    if lan_day < last_day:
        assert member.get(line_at)["state"] == "decommission_requested"
        [light] = member.get(f"/ports?connection={line['id']}")
        assert (light["state"], light["operational_state"]) == ("decommission_requested", "up")
    walk.wait_for_day(last_day)
    for who, path in (
        (member, circuit_at),
        (member, f"/network-service-configs/{sides[0]}"),
        (far, f"/network-service-configs/{sides[1]}"),
        (member, line_at),
    ):
        walk.reach(who, path, "decommissioned")
    gone = member.get(line_at)
    assert (gone["decommission_at"], gone["charged_until"]) == (last_day, last_day)
    assert member.get(f"{circuit_at}/cancellation-policy")["charged_until"] == "2032-01-01"
    assert far.get(f"/connections/{port['id']}")["state"] == "production"

    # What is over is put away, and the account closed.
    for path in (lan_at, line_at, circuit_at):
        assert member.delete(path)["state"] == "archived"
    assert member.get("/connections") == member.get("/network-service-configs?type=exchange_lan") == []
    closed = member.delete(f"/accounts/{member.account}", 200)
    assert closed["state"] == "decommissioned"


def test_who_asks_too_late_pays_for_another_month(turned: TurnedWalk) -> None:
    member, far = turned.member, turned.reseller
    [line] = member.get("/connections")
    port = far.order_connection(product_offering=far.offering("10G port in Southquay"))
    body = {
        "type": "p2p_vc",
        "product_offering": member.offering("Circuit from Northport to Southquay"),
        "joining_member_account": far.account,
    }
    circuit = f"/network-services/{member.post('/network-services', body)['id']}"
    for who, connection in ((member, line["id"]), (far, port["id"])):
        body = {
            "type": "p2p_vc",
            "network_service": circuit.split("/")[-1],
            "connection": connection,
            "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        }
        who.post("/network-service-configs", body)
    turned.reach(member, circuit)
    for day, until in (
        ("2031-10-01", "2032-01-01"),  # the last day for notice counts
        ("2031-10-02", "2032-02-01"),
        ("2032-01-18", "2032-02-01"),
        ("2032-01-19", "2032-03-01"),
    ):
        turned.wait_for_day(day)
        assert member.get(f"{circuit}/cancellation-policy") == {"decommission_at": day, "charged_until": until}


def test_addresses_and_tags_cool_down_before_another_has_them(turned: TurnedWalk) -> None:
    member, newcomer = turned.member, turned.newcomer.admitted()
    [before] = member.get("/network-service-configs")
    [address] = [each for each in member.get(f"/ips?network_service_config={before['id']}") if each["version"] == 4]
    member.delete(f"/network-service-configs/{before['id']}")
    turned.reach(member, f"/network-service-configs/{before['id']}", "decommissioned")

    line = newcomer.order_connection(product_offering=newcomer.offering("10G port in Northport"))["id"]

    def given(who: Somebody, connection: str) -> str:
        """The address that somebody is given who orders peering, and then does not want it after all."""
        config = who.order_peering(
            connection,
            network_service=before["network_service"],
            product_offering=before["product_offering"],
            asns=[64540],
        )
        found = who.get(f"/ips?network_service_config={config['id']}")
        assert who.delete(f"/network-service-configs/{config['id']}")["state"] == "cancelled"
        return str(next(each["address"] for each in found if each["version"] == 4))

    assert given(newcomer, line) != address["address"]
    assert given(member, member.get("/connections")[0]["id"]) == address["address"], "its last holder may have it"
    turned.wait_for_day("2031-01-10")
    assert given(newcomer, line) == address["address"]
