"""A private line: A orders, B completes, B asks for more, A grants it and later refuses; both leave."""

from typing import Any

from tests.installation import Caller
from tests.scenarios.walk_throughs.walk import Walk, tags

SERVICES, CONFIGS = "/network-services", "/network-service-configs"
ITS_OWN = {"vlan_selected", "circuit_side"}
"""What a side's status says for good."""


def order_side(caller: Caller, service: str, connection: str, **members: Any) -> Any:
    body = {
        "type": "p2p_vc",
        "network_service": service,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        **members,
    }
    return caller.post(CONFIGS, body)


def test_a_private_line_from_order_to_archive(walk: Walk) -> None:
    a, b, stranger = walk.member, walk.reseller, walk.newcomer
    [a_connection] = a.get("/connections")
    b_connection = b.order_connection(product_offering=b.offering("10G port in Northport"))
    walk.reach(b, f"/connections/{b_connection['id']}")

    # A orders the circuit and its own half of it.
    small = a.offering("Circuit within Northport up to 1G, without a term")
    service = a.post(
        SERVICES,
        {
            "type": "p2p_vc",
            "product_offering": small,
            "joining_member_account": b.account,
            "display_name": "Head office to branch",
        },
    )
    at = f"{SERVICES}/{service['id']}"
    assert (service["state"], service["capacity"]) == ("requested", 1000)
    assert [entry["attrs"] for entry in service["status"]] == [
        {"side": "a", "account": a.account},
        {"side": "b", "account": b.account},
    ]
    a_side = f"{CONFIGS}/{order_side(a, service['id'], a_connection['id'])['id']}"
    walk.reach(a, a_side, "requested", saying="awaiting_peer_side")
    assert a.get(at)["state"] == "requested"

    # B finds it and orders the other half; nobody else knows of it.
    [seen] = b.get(SERVICES, params={"type": "p2p_vc"})
    assert (seen["id"], seen["state"], seen["display_name"]) == (service["id"], "requested", "Head office to branch")
    assert "billing_account" not in seen
    stranger.get(at, 404)
    b_side = f"{CONFIGS}/{order_side(b, service['id'], b_connection['id'])['id']}"
    for who, path in ((a, a_side), (b, b_side), (a, at), (b, at)):
        assert tags(walk.reach(who, path)) <= ITS_OWN
    assert a.get(at)["current_billing_start_date"] == "2031-01-01"
    # Each has the tag that was free on its own connection.
    assert a.get(a_side)["vlan_config"]["vlan"] == b.get(b_side)["vlan_config"]["vlan"] == 2

    # B asks for more, and A makes it so.
    large = a.offering("Circuit within Northport, without a term")
    wish = {"product_offering": large, "capacity": 4000}
    assert b.post(f"{at}/change-request", wish, 202) == wish
    assert (b.get(at)["state"], tags(a.get(at))) == ("production_change_pending", {"change_requested"})
    assert a.get(f"{at}/change-request", 202) == wish
    a.patch(at, {"type": "p2p_vc", "product_offering": large})
    assert a.get(f"{at}/change-request", 202) == wish
    a.patch(a_side, {"type": "p2p_vc", "capacity": 4000})
    a.get(f"{at}/change-request", 404)
    grown = walk.reach(a, at)
    assert (grown["capacity"], tags(grown)) == (10000, set())
    for who, side in ((a, a_side), (b, b_side)):
        assert walk.reach(who, side)["capacity"] == 4000

    # B asks for less, and A says no.
    wish = {"product_offering": large, "capacity": 200}
    b.post(f"{at}/change-request", wish, 202)
    assert a.delete(f"{at}/change-request") == wish
    assert tags(walk.reach(b, at)) == {"change_request_rejected"}

    # B takes its half back, then A ends what is left.
    b.delete(b_side)
    walk.reach(b, b_side, "decommissioned")
    assert walk.reach(a, at, saying="awaiting_peer_side")["state"] == "production"
    left = a.delete(at)
    assert (left["state"], left["decommission_at"]) == ("decommission_requested", "2031-01-01")
    for path in (a_side, at):
        walk.reach(a, path, "decommissioned")
    assert a.delete(at)["state"] == "archived"
    assert a.get(SERVICES, params={"type": "p2p_vc"}) == []
    free = a.extension("GET", f"/api/ext/free-vlans/v1/connections/{a_connection['id']}")["outer_vlans"]
    assert free == [{"first": 1, "last": 99}, {"first": 101, "last": 4094}]
