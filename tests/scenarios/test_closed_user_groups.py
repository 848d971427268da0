"""An owner opens a closed user group, lets members in and keeps them out again, and turns it public."""

from typing import Any

import pytest

from tests.clock import Clock
from tests.installation import Caller, Site
from tests.orderdesk import groups
from tests.orderdesk.groups import CONFIGS, RULES, config, connect, rule, see, tags

SERVICES = "/network-services"


def found(caller: Caller, service: str) -> Any:
    """The service as a caller is shown it in lists and alone; None where it is not there."""
    listed = {each["id"]: each for each in caller.get(SERVICES)}.get(service)
    alone = caller.get(f"{SERVICES}/{service}", 404 if listed is None else 200)
    assert listed is None or alone == listed
    return listed


@pytest.mark.parametrize("days", [0, 546])
def test_a_group_is_opened_joined_and_turned_public(site: Site, clock: Clock, days: int) -> None:
    clock.turn(days=days)
    owner, guest, stranger = site.login("member"), site.login("rival"), site.login("reseller")
    offering = groups.offering(site, "mp2mp_vc")
    own, guests, strangers = (connect(site, each) for each in (owner, guest, stranger))

    # The owner orders a private group. Nobody else knows of it, and nobody learns by trying.
    service = owner.post(
        SERVICES,
        {
            "type": "mp2mp_vc",
            "product_offering": offering,
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
    assert owner.faults("POST", RULES, rule(group, "member")).keys() == {"consuming_account"}
    first = owner.post(CONFIGS, config(group, own, capacity=1000))
    site.reconcile()
    assert see(owner, first)["state"] == "production"
    assert found(owner, group)["state"] == "production"

    # A rule lets the guest in, between two capacities. It sees the group, but not its owner's affairs.
    allowed = owner.post(RULES, rule(group, capacity_min=100, capacity_max=500))
    shown = found(guest, group)
    assert (shown["display_name"], shown["subnet_v4"]) == ("Backup ring", "10.0.0.0/24")
    assert not shown.keys() & {"state", "billing_account", "purchase_order", "member_joining_rules"}
    assert guest.get(RULES) == [allowed]
    assert found(stranger, group) is None
    assert stranger.get(RULES) == []

    assert guest.faults("POST", CONFIGS, config(group, guests, capacity=50)).keys() == {"capacity"}
    mac = guest.order_mac("02:00:5e:10:00:02")
    joined = guest.post(CONFIGS, config(group, guests, capacity=1000, macs=[mac["id"]]))
    assert joined["capacity"] == 500
    assert "bandwidth_limited_by_rule" in tags(joined)
    [address] = guest.get(f"/ips?network_service_config={joined['id']}")
    assert (address["address"], address["prefix_length"]) == ("10.0.0.2", 24)
    site.reconcile()
    assert (see(guest, joined)["state"], tags(see(guest, joined))) == ("production", {"bandwidth_limited_by_rule"})
    assert owner.get(CONFIGS) == [see(owner, first)], "who else is in the group is not told"

    # The rule goes: the guest stays, and still sees the group, but gets no more of it.
    owner.delete(f"{RULES}/{allowed['id']}", 200)
    assert found(guest, group) == shown
    assert "joining_rule_missing" in tags(see(guest, joined))
    assert guest.faults("PATCH", f"{CONFIGS}/{joined['id']}", {"capacity": 200}).keys() == {"capacity"}
    guest.post(CONFIGS, config(group, guests), 403)

    # Public, it is listed for everybody with the little that it takes to join.
    owner.patch(f"{SERVICES}/{group}", {"public": True})
    site.reconcile()
    assert tags(see(guest, joined)) == set()
    assert found(stranger, group).keys() == {
        "id",
        "type",
        "product_offering",
        "display_name",
        "managing_account",
        "consuming_account",
    }
    visitor = stranger.post(CONFIGS, config(group, strangers))
    site.reconcile()
    assert see(stranger, visitor)["state"] == "production"

    # A rule that denies keeps out whom it names, and tears nothing down.
    owner.post(RULES, rule(group, "reseller", "deny"))
    assert (see(stranger, visitor)["state"], tags(see(stranger, visitor))) == ("production", {"joining_denied"})
    stranger.post(CONFIGS, config(group, strangers), 403)
    stranger.delete(f"{CONFIGS}/{visitor['id']}")
    site.reconcile()
    assert see(stranger, visitor)["state"] == "decommissioned"

    # Private again, only those who take part see it.
    owner.patch(f"{SERVICES}/{group}", {"public": False})
    site.reconcile()
    assert found(stranger, group) is None
    assert tags(see(guest, joined)) == {"joining_rule_missing"}
    guest.delete(f"{CONFIGS}/{joined['id']}")
    site.reconcile()
    assert found(guest, group) is None
