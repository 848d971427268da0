"""The walk-through of a p2p_vc: A orders, B completes, B asks for more, A grants it, and later refuses; all leave."""

from typing import Any

from tests.installation import Caller, Site

SERVICES, CONFIGS = "/network-services", "/network-service-configs"


def order_circuit(caller: Caller, **members: Any) -> Any:
    body = {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival", **members}
    return caller.post(SERVICES, body)


def order_side(caller: Caller, service: str, connection: str, **members: Any) -> Any:
    body = {
        "type": "p2p_vc",
        "network_service": service,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        **members,
    }
    return caller.post(CONFIGS, body)


def tags(each: Any) -> list[str]:
    return [entry["tag"] for entry in each["status"] if entry["tag"] not in ("vlan_selected", "circuit_side")]


def test_a_private_line_from_order_to_archive(site: Site) -> None:
    a, b, stranger = site.login("member"), site.login("rival"), site.login("reseller")
    a_connection, b_connection = (str(each.order_connection()["id"]) for each in (a, b))
    site.reconcile()

    # A orders the circuit and its own half of it.
    service = order_circuit(a, display_name="Head office to branch")
    at = f"{SERVICES}/{service['id']}"
    assert (service["state"], service["capacity"]) == ("requested", 1000)
    assert [entry["attrs"] for entry in service["status"]] == [
        {"side": "a", "account": "member"},
        {"side": "b", "account": "rival"},
    ]
    a_side = order_side(a, service["id"], a_connection)
    site.reconcile()
    assert tags(a.get(f"{CONFIGS}/{a_side['id']}")) == ["awaiting_peer_side"]
    assert a.get(at)["state"] == "requested"

    # B finds it and orders the other half; nobody else knows of it.
    [seen] = b.get(SERVICES, params={"type": "p2p_vc"})
    assert (seen["id"], seen["state"], seen["display_name"]) == (service["id"], "requested", "Head office to branch")
    assert "billing_account" not in seen
    stranger.get(at, 404)
    b_side = order_side(b, service["id"], b_connection)
    site.reconcile()
    for each in (a.get(at), b.get(at), a.get(f"{CONFIGS}/{a_side['id']}"), b.get(f"{CONFIGS}/{b_side['id']}")):
        assert (each["state"], tags(each)) == ("production", [])
    assert a.get(at)["current_billing_start_date"] == "2026-09-01"

    # B asks for more, and A makes it so.
    wish = {"product_offering": "circuit-5g", "capacity": 4000}
    assert b.post(f"{at}/change-request", wish, 202) == wish
    assert (b.get(at)["state"], tags(a.get(at))) == ("production_change_pending", ["change_requested"])
    assert a.get(f"{at}/change-request", 202) == wish
    a.patch(at, {"type": "p2p_vc", "product_offering": "circuit-5g"})
    assert a.get(f"{at}/change-request", 202) == wish
    a.patch(f"{CONFIGS}/{a_side['id']}", {"type": "p2p_vc", "capacity": 4000})
    a.get(f"{at}/change-request", 404)
    site.reconcile()
    assert (a.get(at)["state"], a.get(at)["capacity"]) == ("production", 5000)
    assert [each.get(f"{CONFIGS}/{side['id']}")["capacity"] for each, side in ((a, a_side), (b, b_side))] == [4000] * 2
    assert tags(a.get(at)) == []

    # B asks for less, and A says no.
    wish = {"product_offering": "circuit-5g", "capacity": 200}
    b.post(f"{at}/change-request", wish, 202)
    assert a.delete(f"{at}/change-request") == wish
    assert (b.get(at)["state"], tags(b.get(at))) == ("production", ["change_request_rejected"])

    # B takes its half back, then A ends what is left.
    b.delete(f"{CONFIGS}/{b_side['id']}")
    site.reconcile()
    assert (a.get(at)["state"], "awaiting_peer_side" in tags(a.get(at))) == ("production", True)
    left = a.delete(at)
    assert (left["state"], left["decommission_at"]) == ("decommission_requested", "2026-09-01")
    site.reconcile()
    assert [a.get(each)["state"] for each in (at, f"{CONFIGS}/{a_side['id']}")] == ["decommissioned"] * 2
    assert a.delete(at)["state"] == "archived"
    assert a.get(SERVICES, params={"type": "p2p_vc"}) == []
    assert site.connection.execute("select count(*) from vlan_claim where released_at is null").fetchone() == (0,)
