"""MAC addresses over HTTP that begin to be valid, and expire, while they are in use."""

from typing import Any

from tests.installation import Caller, Site
from tests.orderdesk.test_exchange_lans import CONFIGS, body, connect

OTHER = "02:00:5e:10:00:02"
ADDRESS = "02:00:5e:10:00:01"


def attached(site: Site) -> list[str]:
    """The MAC addresses that the switch lets through."""
    [box] = [box for device, box in site.simulator._boxes.items() if device == "switch"]
    [config] = [config for key, config in box.objects.items() if key.startswith("attachment/")]
    return list(config["macs"])


def tags(config: Any) -> set[str]:
    return {entry["tag"] for entry in config["status"]} - {"vlan_selected"}


def order(site: Site, *macs: str) -> str:
    member = site.login("member")
    path = f"{CONFIGS}/{member.order_peering(connect(site, member), macs=list(macs))['id']}"
    site.reconcile()
    assert member.get(path)["state"] == "production"
    return path


def pass_hours(site: Site, hours: int) -> Caller:
    site.clock.turn(hours=hours)
    site.reconcile()
    return site.login("member")


def test_an_expired_address_leaves_its_config_and_the_network_with_a_warning(site: Site) -> None:
    member = site.login("member")
    mac = member.order_mac(valid_not_after="2026-09-01T14:00:00Z")["id"]
    kept = member.order_mac(OTHER)["id"]
    path = order(site, mac, kept)
    assert tags(member.get(path)) == {"mac_expires"}
    assert attached(site) == [ADDRESS, OTHER]

    member = pass_hours(site, 1)
    assert (member.get(path)["macs"], attached(site)) == ([mac, kept], [ADDRESS, OTHER])
    member = pass_hours(site, 1)
    found = member.get(path)
    assert (found["state"], found["macs"]) == ("production", [kept])
    assert tags(found) == {"mac_expired"}
    assert found["status"][0]["attrs"] == {"mac": mac, "address": ADDRESS, "valid_not_after": "2026-09-01T14:00:00Z"}
    assert attached(site) == [OTHER]
    assert member.delete(f"/macs/{mac}", 200)["id"] == mac


def test_an_expired_address_is_nobody_elses_until_the_network_has_let_it_go(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    order(site, member.order_mac(valid_not_after="2026-09-01T13:00:00Z")["id"])
    connection = connect(site, rival)
    site.clock.turn(hours=1)
    site.reconciler.work_once()
    rival = site.login("rival")
    macs = [rival.order_mac()["id"]]
    assert attached(site) == [ADDRESS]
    assert "in use" in rival.faults("POST", CONFIGS, body(connection, macs=macs))["macs.0"]
    site.reconcile()
    assert attached(site) == []
    rival.order_peering(connection, macs=macs)


def test_the_warning_goes_once_the_config_names_other_addresses(site: Site) -> None:
    member = site.login("member")
    path = order(site, member.order_mac(valid_not_after="2026-09-01T13:00:00Z")["id"])
    member = pass_hours(site, 1)
    found = member.get(path)
    assert (found["state"], found["macs"], tags(found)) == ("production", [], {"mac_expired"})
    member.patch(path, {"macs": [member.order_mac(OTHER)["id"]]})
    site.reconcile()
    found = member.get(path)
    assert (found["state"], tags(found), attached(site)) == ("production", set(), [OTHER])


def test_an_expired_address_can_be_registered_anew_but_is_not_taken_again(site: Site) -> None:
    member = site.login("member")
    mac = member.order_mac(valid_not_after="2026-09-01T13:00:00Z")["id"]
    path = order(site, mac)
    member = pass_hours(site, 1)
    assert "expired" in member.faults("PATCH", path, {"macs": [mac]})["macs.0"]
    member.patch(path, {"macs": [member.order_mac()["id"]]})
    site.reconcile()
    assert attached(site) == [ADDRESS]


def test_a_live_config_lets_an_address_through_from_its_first_moment_on(site: Site) -> None:
    member = site.login("member")
    later = member.order_mac(OTHER, valid_not_before="2026-09-01T13:00:00Z")["id"]
    now = member.order_mac()["id"]
    path = order(site, now)
    member.patch(path, {"macs": [now, later]})
    site.reconcile()
    assert (member.get(path)["state"], attached(site)) == ("production", [ADDRESS])
    member = pass_hours(site, 1)
    assert (member.get(path)["state"], attached(site)) == ("production", [ADDRESS, OTHER])


def test_an_order_whose_only_address_expires_waits_for_another(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    mac = member.order_mac(valid_not_after="2026-09-01T13:00:00Z")["id"]
    path = f"{CONFIGS}/{member.order_peering(connection, macs=[mac])['id']}"
    site.clock.turn(hours=1)
    site.reconcile()
    member = site.login("member")
    found = member.get(path)
    assert (found["state"], tags(found)) == ("requested", {"mac_missing", "mac_expired", "ip_allocated"})


def test_what_is_over_when_an_address_expires_stays_as_it_was(site: Site) -> None:
    member = site.login("member")
    mac = member.order_mac(valid_not_after="2026-09-01T13:00:00Z")["id"]
    path = order(site, mac)
    member.request("DELETE", path)
    site.reconcile()
    gone = member.get(path)
    assert gone["state"] == "decommissioned"
    member = pass_hours(site, 1)
    assert member.get(path) == gone
