"""A member orders peering, from the first port to production and out again."""

from tests.installation import Site


def test_peering_is_ordered_used_and_left(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()
    assert connection["state"] == "requested"
    site.reconcile()
    assert member.get(f"/connections/{connection['id']}")["state"] == "production"

    mac = member.order_mac()
    config = member.order_peering(connection["id"], macs=[mac["id"]])
    addresses = member.get(f"/ips?network_service_config={config['id']}")
    assert [each["address"] for each in addresses] == ["192.0.2.10", "2001:db8:1::fbf0:1"]
    session = member.order_session(config["id"], addresses[0]["id"])
    site.reconcile()
    assert member.get(f"/network-service-configs/{config['id']}")["state"] == "production"
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "production"

    left = member.delete(f"/network-service-configs/{config['id']}")
    assert (left["state"], left["decommission_at"]) == ("decommission_requested", "2026-09-01")
    member.delete(f"/macs/{mac['id']}", 200)
    site.reconcile()
    assert member.get(f"/network-service-configs/{config['id']}")["state"] == "decommissioned"
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "decommissioned"
    assert site.connection.execute(
        "select count(*) from claim where kind <> 'port' and released_at is null"
    ).fetchone() == (0,)
