"""Routing functions over HTTP: ordered, changed, found, and taken down again."""

from typing import Any

import pytest
from pydantic_core import to_json

from tests.api.orders import add
from tests.installation import Caller, Site
from tests.orderdesk.test_connections import other_offering, set_offering

FUNCTIONS = "/routing-functions"


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


def body(**members: Any) -> dict[str, Any]:
    order = {"product_offering": "routing", "asn": 64496, **members}
    return {name: value for name, value in order.items() if value is not ...}


def tags(found: Any) -> list[str]:
    return [entry["tag"] for entry in found["status"]]


def router(site: Site, function: Any) -> Any:
    """What of it is in the network."""
    return site.simulator._boxes["switch"].objects.get(f"router/{function['id']}")


def test_a_routing_function_comes_into_production_as_it_was_ordered(site: Site) -> None:
    member = site.login("member")
    order = {"capacity": 10000, "external_ref": "my-router", "purchase_order": "PO-7", "contract_ref": "C-7"}
    created = member.order_router(asn=4200000000, **order)
    assert created == {
        "id": created["id"],
        "state": "requested",
        "status": [],
        "managing_account": "member",
        "consuming_account": "member",
        "billing_account": "member",
        "product_offering": "routing",
        "asn": 4200000000,
        **order,
    }
    path = f"{FUNCTIONS}/{created['id']}"
    site.reconcile()
    live = member.get(path)
    assert (live["state"], live["status"]) == ("production", [])
    assert router(site, created)["asn"] == 4200000000
    assert router(site, created)["capacity_mbps"] == 10000
    assert member.get(f"{FUNCTIONS}?asn=4200000000") == [live]
    assert member.get(f"{FUNCTIONS}?asn=64496") == []
    assert member.get(f"{FUNCTIONS}?external_ref=my-router&state=production") == [live]


def test_without_a_capacity_the_offering_limits_what_comes_through(site: Site) -> None:
    member = site.login("member")
    created = member.order_router()
    site.reconcile()
    assert created["capacity"] is None
    assert router(site, created)["capacity_mbps"] == 10000


@pytest.mark.parametrize("asn", [1, 65534, 131072, 4294967294])
def test_any_asn_that_a_network_can_have_will_do(member: Caller, asn: int) -> None:
    assert member.order_router(asn=asn)["asn"] == asn


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"asn": ...}, {"asn"}),
        ({"asn": "64496"}, {"asn"}),
        ({"asn": 0}, {"asn"}),
        ({"asn": -1}, {"asn"}),
        ({"asn": 23456}, {"asn"}),
        ({"asn": 65535}, {"asn"}),
        ({"asn": 2**32 - 1}, {"asn"}),
        ({"asn": 2**32}, {"asn"}),
        ({"product_offering": ...}, {"product_offering"}),
        ({"product_offering": "none"}, {"product_offering"}),
        ({"product_offering": "peering"}, {"product_offering"}),
        ({"capacity": 99}, {"capacity"}),
        ({"capacity": 10001}, {"capacity"}),
        ({"capacity": 0, "asn": 0, "billing_account": "rival"}, {"capacity", "asn", "billing_account"}),
    ],
)
def test_wrong_members_are_named(member: Caller, members: Any, names: set[str]) -> None:
    assert member.faults("POST", FUNCTIONS, body(**members)).keys() == names


def test_without_a_device_there_no_router_can_be_built(site: Site) -> None:
    set_offering(site, "routing", handover_metro_area_network="elsewhere")
    member = site.login("member")
    assert "no device" in member.unable("POST", FUNCTIONS, body())["detail"]


def test_a_change_is_pending_until_the_network_has_it(site: Site) -> None:
    member = site.login("member")
    created = member.order_router(capacity=1000)
    path = f"{FUNCTIONS}/{created['id']}"
    site.reconcile()
    changed = member.patch(path, {"asn": 64497, "capacity": 2000, "external_ref": "new"}, 200)
    assert changed["state"] == "production_change_pending"
    assert tags(changed) == ["change_in_progress", "change_in_progress"]
    assert (changed["asn"], changed["capacity"], changed["external_ref"]) == (64497, 2000, "new")
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert (router(site, created)["asn"], router(site, created)["capacity_mbps"]) == (64497, 2000)
    # References alone do not concern the network, and the whole object may be sent back.
    assert member.patch(path, {**member.get(path), "external_ref": None}, 200)["state"] == "production"
    assert member.get(path)["external_ref"] is None


def test_what_a_change_may_be_is_checked(site: Site) -> None:
    member = site.login("member")
    path = f"{FUNCTIONS}/{member.order_router(capacity=1000)['id']}"
    site.reconcile()
    assert member.faults("PATCH", path, {"asn": 65535, "capacity": 50}).keys() == {"asn", "capacity"}
    assert member.faults("PATCH", path, {"product_offering": "peering"}).keys() == {"product_offering"}
    set_offering(site, "routing", upgrade_allowed=False, downgrade_allowed=False)
    assert "raised" in member.faults("PATCH", path, {"capacity": 2000})["capacity"]
    assert "raised" in member.faults("PATCH", path, {"capacity": None})["capacity"]
    assert "lowered" in member.faults("PATCH", path, {"capacity": 500})["capacity"]
    member.patch(path, {"asn": 64499}, 200)


def test_a_faster_offering_is_an_upgrade_also_without_a_capacity(site: Site) -> None:
    add(site, other_offering(site, "routing", "faster", bandwidth_max=40000))
    set_offering(site, "routing", upgrade_allowed=False)
    member = site.login("member")
    created = member.order_router()
    path = f"{FUNCTIONS}/{created['id']}"
    site.reconcile()
    assert "raised" in member.faults("PATCH", path, {"product_offering": "faster"})["capacity"]
    set_offering(site, "routing", upgrade_allowed=True)
    assert member.patch(path, {"product_offering": "faster"}, 200)["state"] == "production_change_pending"
    site.reconcile()
    assert (member.get(path)["state"], router(site, created)["capacity_mbps"]) == ("production", 40000)


def test_before_production_it_is_cancelled(site: Site) -> None:
    member = site.login("member")
    path = f"{FUNCTIONS}/{member.order_router()['id']}"
    assert member.delete(path)["state"] == "cancelled"
    assert member.delete(path)["state"] == "archived"
    site.reconcile()
    assert site.connection.execute("select count(*) from claim where released_at is null").fetchone() == (0,)


def test_it_leaves_on_its_day(site: Site) -> None:
    member = site.login("member")
    created = member.order_router()
    path = f"{FUNCTIONS}/{created['id']}"
    site.reconcile()
    assert member.delete(path, 400, json={"decommission_at": "2026-08-31"})["status"] == 400
    leaving = member.delete(path, json={"decommission_at": "2026-09-03"})
    assert (leaving["state"], tags(leaving)) == ("decommission_requested", ["decommission_scheduled"])
    assert leaving["status"][0]["attrs"]["decommission_at"] == "2026-09-03"
    member.patch(path, {"external_ref": "still mine"}, 200)
    assert "no longer be changed" in member.unable("PATCH", path, {"asn": 64497})["detail"]
    site.clock.turn(days=1)
    site.reconcile()
    assert router(site, created) is not None
    site.clock.turn(days=1)
    site.reconcile()
    member = site.login("member")
    assert member.get(path)["state"] == "decommissioned"
    assert router(site, created) is None
    assert site.connection.execute("select count(*) from claim where released_at is null").fetchone() == (0,)
    assert member.delete(path)["state"] == "archived"


def test_routers_are_spread_over_the_devices(site: Site) -> None:
    text = to_json({**site.stored("switch"), "id": "second"}).decode()
    site.connection.execute(
        "insert into document (id, kind, body, meta) select 'second', kind, %s::jsonb, meta from document"
        " where id = 'switch'",
        (text,),
    )
    site.connection.execute("insert into reference (source, member, target) values ('second', 'pop', 'pop')")
    member = site.login("member")
    for _ in range(4):
        member.order_router()
    site.reconcile()
    boxes = site.simulator._boxes
    assert [len(boxes[device].objects) for device in ("switch", "second")] == [2, 2]


def test_a_restarted_network_is_filled_again(site: Site) -> None:
    member = site.login("member")
    created = member.order_router()
    site.reconcile()
    site.simulator.forget()
    site.look_again()
    site.reconcile()
    assert router(site, created)["asn"] == 64496


def test_an_account_with_a_routing_function_stays_open(site: Site) -> None:
    member = site.login("member")
    created = member.order_router()
    problem = member.unable("DELETE", "/accounts/member")
    assert created["id"] in {each["resource_id"] for each in problem["conflicts"]}
