"""An owner opens a closed user group, lets members in and keeps them out again, and turns it public."""

from typing import Any

from tests.installation import Caller
from tests.orderdesk.groups import CONFIGS, RULES, config, rule, see
from tests.scenarios.walk_throughs.walk import Walk, tags

SERVICES = "/network-services"


def found(caller: Caller, service: str) -> Any:
    """The service as a caller is shown it in lists and alone; None where it is not there."""
    listed = {each["id"]: each for each in caller.get(SERVICES)}.get(service)
    alone = caller.get(f"{SERVICES}/{service}", 404 if listed is None else 200)
    assert listed is None or alone == listed
    return listed


def test_a_group_is_opened_joined_and_turned_public(walk: Walk) -> None:
    owner, guest, stranger = walk.member, walk.reseller, walk.newcomer.admitted()
    [own] = [each["id"] for each in owner.get("/connections")]
    port = owner.offering("10G port in Northport")
    guests, strangers = (each.order_connection(product_offering=port)["id"] for each in (guest, stranger))
    walk.reach(guest, f"/connections/{guests}")
    walk.reach(stranger, f"/connections/{strangers}")

    # The owner orders a private group. Nobody else knows of it, and nobody learns by trying.
    service = owner.post(
        SERVICES,
        {
            "type": "mp2mp_vc",
            "product_offering": owner.offering("Closed user group in Northport"),
            "public": False,
            "display_name": "Backup ring",
            "subnet_v4": "10.0.0.0/24",
        },
    )
    group = service["id"]
    assert found(guest, group) is None
    hidden = guest.faults("POST", CONFIGS, config(group, guests))
    assert hidden == guest.faults("POST", CONFIGS, config("no-such-thing", guests))
    assert hidden.keys() == {"network_service"}

    # It needs no rule for itself.
    assert owner.faults("POST", RULES, rule(group, owner.account, owner=owner.account)).keys() == {"consuming_account"}
    first = owner.post(CONFIGS, config(group, own, capacity=1000))
    walk.reach(owner, f"{CONFIGS}/{first['id']}")
    walk.reach(owner, f"{SERVICES}/{group}")

    # A rule lets the guest in, between two capacities. It sees the group, but not its owner's affairs.
    allowed = owner.post(RULES, rule(group, guest.account, owner=owner.account, capacity_min=100, capacity_max=500))
    shown = found(guest, group)
    assert (shown["display_name"], shown["subnet_v4"]) == ("Backup ring", "10.0.0.0/24")
    assert not shown.keys() & {"state", "billing_account", "purchase_order", "member_joining_rules"}
    assert guest.get(RULES) == [allowed]
    assert found(stranger, group) is None
    assert stranger.get(RULES) == []

    assert guest.faults("POST", CONFIGS, config(group, guests, capacity=50)).keys() == {"capacity"}
    mac = guest.order_mac("02:00:5e:00:53:42")
    joined = guest.post(CONFIGS, config(group, guests, capacity=1000, macs=[mac["id"]]))
    joined_at = f"{CONFIGS}/{joined['id']}"
    assert joined["capacity"] == 500
    assert "bandwidth_limited_by_rule" in tags(joined)
    [address] = guest.get(f"/ips?network_service_config={joined['id']}")
    assert (address["address"], address["prefix_length"]) == ("10.0.0.2", 24)
    assert tags(walk.reach(guest, joined_at)) == {"vlan_selected", "bandwidth_limited_by_rule"}
    in_group = owner.get(f"{CONFIGS}?network_service={group}")
    assert in_group == [see(owner, first)], "who else is in the group is not told"

    # The rule goes: the guest stays, and still sees the group, but gets no more of it.
    owner.delete(f"{RULES}/{allowed['id']}", 200)
    assert found(guest, group) == shown
    walk.reach(guest, joined_at, saying="joining_rule_missing")
    assert guest.faults("PATCH", joined_at, {"capacity": 200}).keys() == {"capacity"}
    guest.post(CONFIGS, config(group, guests), 403)

    # Public, it is listed for everybody with the little that it takes to join.
    owner.patch(f"{SERVICES}/{group}", {"public": True})
    assert tags(walk.reach(guest, joined_at, silent="joining_rule_missing")) == {"vlan_selected"}
    assert found(stranger, group).keys() == {
        "id",
        "type",
        "product_offering",
        "display_name",
        "managing_account",
        "consuming_account",
    }
    visitor = f"{CONFIGS}/{stranger.post(CONFIGS, config(group, strangers))['id']}"
    walk.reach(stranger, visitor)

    # A rule that denies keeps out whom it names, and tears nothing down.
    owner.post(RULES, rule(group, stranger.account, "deny", owner=owner.account))
    walk.reach(stranger, visitor, saying="joining_denied")
    stranger.post(CONFIGS, config(group, strangers), 403)
    stranger.delete(visitor)
    walk.reach(stranger, visitor, "decommissioned")

    # Private again, only those who take part see it.
    owner.patch(f"{SERVICES}/{group}", {"public": False})
    assert found(stranger, group) is None
    walk.reach(guest, joined_at, saying="joining_rule_missing")
    guest.delete(joined_at)
    walk.reach(guest, joined_at, "decommissioned")
    assert found(guest, group) is None
