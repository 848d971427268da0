"""Connections over HTTP, with the port reservations and ports that come and go with them."""

from typing import Any

import pytest

from peerhall.exchange.records import Record
from tests.api.orders import add
from tests.installation import Caller, Site
from tests.world import record

ORDER: dict[str, Any] = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
DAYS = ("decommission_at", "charged_until")


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


def work(site: Site) -> None:
    """Lets the reconciler do what it can while the network takes its time."""
    while site.reconciler.work_once():
        pass


def parts(caller: Caller, connection: str) -> tuple[list[Any], list[Any]]:
    """Its reservations and its ports."""
    return caller.get(f"/port-reservations?connection={connection}"), caller.get(f"/ports?connection={connection}")


def set_offering(site: Site, offering: str, **members: Any) -> None:
    from pydantic_core import to_json

    text = to_json(members).decode()
    site.connection.execute("update document set body = body || %s::jsonb where id = %s", (text, offering))


def other_offering(site: Site, offering: str, id_: str, **members: Any) -> Record:
    """Another offering, like one there is but for these members."""
    return record("product-offerings", id_, **{**site.stored(offering), "id": id_, **members})


def test_a_connection_is_ordered_with_its_ports(site: Site) -> None:
    member = site.login("member")
    created = member.post("/connections", {**ORDER, "mode": "lag_lacp", "port_quantity": 2, "external_ref": "x"})
    given = {
        "state": "requested",
        "mode": "lag_lacp",
        "lacp_timeout": "slow",
        "port_quantity": 2,
        "speed": 20000,
        "capacity_allocated": 0,
        "capacity_allocation_limit": None,
        "pop": "pop",
        "metro_area": "cork",
        "metro_area_network": "man",
        "product_offering": "port-10g",
        "vlan_types": ["port", "dot1q", "qinq"],
        "subscriber_side_demarcs": [],
        "managing_account": "member",
        "consuming_account": "member",
        "billing_account": "member",
        "external_ref": "x",
        "role_assignments": [],
        **dict.fromkeys((*DAYS, "current_billing_start_date")),
    }
    assert {name: created[name] for name in given} == given
    assert created["name"]
    reservations, ports = parts(member, created["id"])
    assert [each["id"] for each in reservations] == created["port_reservations"]
    assert [each["id"] for each in ports] == created["ports"]
    assert [each["port"] for each in reservations] == created["ports"], "here the subscriber orders the cross-connect"
    assert {each["state"] for each in reservations} == {each["state"] for each in ports} == {"allocated"}
    assert all(each["name"] in demarc["exchange_side_demarc"] for each, demarc in zip(ports, reservations, strict=True))
    assert {(each["device"], each["pop"], each["speed"]) for each in ports} == {("switch", "pop", 10000)}
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 22
    site.reconcile()
    assert member.get(f"/connections/{created['id']}")["current_billing_start_date"] == "2026-09-01"
    for kept in parts(member, created["id"]):
        assert {each["state"] for each in kept} == {"production"}


def test_where_the_exchange_orders_the_cross_connect_it_asks_where_to(site: Site) -> None:
    member = site.login("member")
    order = {**ORDER, "product_offering": "port-10g-exchange", "mode": "lag_static", "port_quantity": 2}
    for demarcs in ([], None):
        body = {**order, "subscriber_side_demarcs": demarcs} if demarcs is not None else order
        assert member.faults("POST", "/connections", body).keys() == {"subscriber_side_demarcs"}
    created = member.post(
        "/connections", {**order, "subscriber_side_demarcs": ["A.1", "A.2"], "connecting_party": "us"}
    )
    assert (created["subscriber_side_demarcs"], created["ports"]) == (["A.1", "A.2"], [])
    reservations, _ = parts(member, created["id"])
    assert [each["subscriber_side_demarc"] for each in reservations] == ["A.1", "A.2"]
    assert {
        (each["state"], each["port"], each["exchange_side_demarc"], each["connecting_party"]) for each in reservations
    } == {("requested", None, None, "us")}
    work(site)
    reservations, ports = parts(member, created["id"])
    assert {each["state"] for each in reservations} == {"allocated"}
    assert [each["port"] for each in reservations] == [each["id"] for each in ports]
    site.reconcile()
    assert member.get(f"/connections/{created['id']}")["state"] == "production"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"port_quantity": 0}, {"port_quantity"}),
        ({"port_quantity": -1}, {"port_quantity"}),
        ({"port_quantity": 2}, {"mode"}),
        ({"port_quantity": 5, "mode": "lag_lacp"}, {"port_quantity"}),
        ({"port_quantity": 2**62, "mode": "lag_lacp"}, {"port_quantity"}),
        ({"mode": "bundle"}, {"mode"}),
        ({"lacp_timeout": "fast"}, {"lacp_timeout"}),
        ({"lacp_timeout": "often", "mode": "lag_lacp"}, {"lacp_timeout"}),
        ({"subscriber_side_demarcs": ["a", "b"]}, {"subscriber_side_demarcs"}),
        ({"product_offering": "peering"}, {"product_offering"}),
        ({"product_offering": "no-such-offering"}, {"product_offering"}),
        ({"product_offering": "lan"}, {"product_offering"}),
        ({"consuming_account": "rival"}, {"consuming_account"}),
        ({"billing_account": "rival"}, {"billing_account"}),
        ({"purchase_order": "x" * 81}, {"purchase_order"}),
        ({"role_assignments": ["nothing"]}, {"role_assignments.0"}),
        ({"mode": "flex_ethernet", "port_quantity": 0, "product_offering": "?"}, {"port_quantity", "product_offering"}),
    ],
)
def test_wrong_members_are_named(member: Caller, members: Any, names: set[str]) -> None:
    assert member.faults("POST", "/connections", {**ORDER, **members}).keys() == names


@pytest.mark.parametrize("mode", ["lag_lacp", "lag_static", "flex_ethernet", "standalone"])
def test_every_mode_can_be_had_with_one_port(site: Site, mode: str) -> None:
    member = site.login("member")
    created = member.post("/connections", {**ORDER, "mode": mode})
    assert created["lacp_timeout"] == ("slow" if mode == "lag_lacp" else None)
    site.reconcile()
    assert member.get(f"/connections/{created['id']}")["state"] == "production"


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"orderable_not_before": "2026-09-01T12:00:01Z"}, "before"),
        ({"orderable_not_after": "2026-09-01T11:59:59Z"}, "since"),
    ],
)
def test_an_offering_is_ordered_while_it_is_on_offer(site: Site, members: Any, named: str) -> None:
    member = site.login("member")
    set_offering(site, "port-10g", **members)
    assert named in member.faults("POST", "/connections", ORDER)["product_offering"]
    site.clock.turn(seconds=1 if "orderable_not_before" in members else -1)
    member.post("/connections", ORDER)


def test_a_device_bundles_so_many_ports(site: Site) -> None:
    member = site.login("member")
    set_offering(site, "port-10g", maximum_port_quantity=None)
    lag = {**ORDER, "mode": "lag_lacp"}
    refused = member.faults("POST", "/connections", {**lag, "port_quantity": 9})
    assert "at most 8" in refused["port_quantity"]
    assert len(member.post("/connections", {**lag, "port_quantity": 8})["port_reservations"]) == 8


def test_ports_run_out_and_come_back(site: Site) -> None:
    member = site.login("member")
    lag = {**ORDER, "mode": "lag_lacp", "port_quantity": 4}
    taken = [member.post("/connections", lag)["id"] for _ in range(6)]
    assert "port" in member.unable("POST", "/connections", ORDER)["detail"]
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 0
    member.delete(f"/connections/{taken[0]}")
    site.reconcile()
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 4
    member.post("/connections", lag)
    held = site.connection.execute(
        "select value, count(*) from claim where released_at is null and kind = 'port' group by 1"
    )
    assert max(row[1] for row in held) == 1


def test_a_connection_waits_for_the_roles_its_offering_asks_for(site: Site) -> None:
    set_offering(site, "port-10g", required_contact_roles=["noc", "peering"])
    member = site.login("member")
    contact = member.post("/contacts", {"email": "noc@example.net", "telephone": "+35320912000"})["id"]
    noc, peering = (
        member.post("/role-assignments", {"contact": contact, "role": role})["id"]
        for role in ("role-noc", "role-peering")
    )
    created = member.post("/connections", {**ORDER, "role_assignments": [noc]})
    path = f"/connections/{created['id']}"
    assert missing_roles(created) == ["peering"]
    site.reconcile()
    assert member.get(path)["state"] == "requested"
    changed = member.patch(path, {"role_assignments": [noc, peering]})
    assert missing_roles(changed) == []
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert member.get(f"/ports?connection={created['id']}")[0]["role_assignments"] == [noc, peering]


def test_what_concerns_the_network_is_pending_until_the_network_has_it(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{member.post('/connections', {**ORDER, 'mode': 'lag_lacp', 'port_quantity': 2})['id']}"
    site.reconcile()
    changed = member.patch(path, {"lacp_timeout": "fast"})
    assert (changed["state"], changed["lacp_timeout"]) == ("production_change_pending", "fast")
    [entry] = changed["status"]
    assert entry["attrs"] == {"property": "lacp_timeout", "from": "slow", "to": "fast"}
    site.reconcile()
    done = member.get(path)
    assert (done["state"], done["lacp_timeout"], done["status"]) == ("production", "fast", [])
    assert member.faults("PATCH", path, {"mode": "standalone"}).keys() >= {"mode"}


def test_the_timeout_comes_and_goes_with_lacp(site: Site) -> None:
    # Terraform sends what has changed, and cannot send null.
    member = site.login("member")
    path = f"/connections/{member.post('/connections', {**ORDER, 'mode': 'lag_lacp', 'port_quantity': 2})['id']}"
    site.reconcile()
    assert member.patch(path, {"mode": "lag_static"})["lacp_timeout"] is None
    assert member.faults("PATCH", path, {"lacp_timeout": "fast"}).keys() == {"lacp_timeout"}
    assert member.faults("PATCH", path, {"mode": "flex_ethernet", "lacp_timeout": "fast"}).keys() == {"lacp_timeout"}
    assert member.patch(path, {"mode": "lag_lacp"})["lacp_timeout"] == "slow"
    assert member.patch(path, {"lacp_timeout": "fast"})["lacp_timeout"] == "fast"
    assert member.patch(path, {"lacp_timeout": None})["lacp_timeout"] == "slow"


def test_a_connection_moves_to_an_offering_of_its_own_pop_and_initiator(site: Site) -> None:
    add(site, record("pops", "elsewhere", name="ORK2", facility="facility", metro_area_network="man", devices=[]))
    add(site, *(other_offering(site, "port-10g", f"port-10g-{pop}", handover_pop=pop) for pop in ("pop", "elsewhere")))
    member = site.login("member")
    path = f"/connections/{member.post('/connections', ORDER)['id']}"
    site.reconcile()
    for other in ("port-10g-elsewhere", "port-10g-exchange"):
        assert member.faults("PATCH", path, {"product_offering": other}).keys() == {"product_offering"}
    assert member.patch(path, {"product_offering": "port-10g-pop"})["product_offering"] == "port-10g-pop"


def test_what_does_not_concern_the_network_changes_at_once(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{member.post('/connections', ORDER)['id']}"
    site.reconcile()
    changed = member.patch(path, {"external_ref": "x", "purchase_order": "PO", "contract_ref": "C"})
    assert (changed["state"], changed["external_ref"]) == ("production", "x")
    shown = member.get(path)
    assert member.put(path, shown)["state"] == "production"
    put = {name: shown[name] for name in ("managing_account", "consuming_account", "billing_account", "mode")}
    put |= {"role_assignments": [], "product_offering": "port-10g"}
    assert member.put(path, put)["external_ref"] is None
    assert member.patch(path, {})["state"] == "production"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"port_quantity": 2}, {"port_quantity"}),
        ({"subscriber_side_demarcs": ["x"]}, {"subscriber_side_demarcs"}),
        ({"connecting_party": "somebody"}, {"connecting_party"}),
        ({"product_offering": "peering"}, {"product_offering"}),
        ({"role_assignments": None}, {"role_assignments"}),
        ({"managing_account": None}, {"managing_account"}),
        ({"billing_account": "rival"}, {"billing_account"}),
    ],
)
def test_what_cannot_change_is_named(house: Site, member: Caller, members: Any, names: set[str]) -> None:
    path = f"/connections/{member.post('/connections', ORDER)['id']}"
    assert member.faults("PATCH", path, members).keys() == names
    shown = member.get(path)
    assert member.faults("PUT", path, {**shown, **members}).keys() == names
    member.delete(path)


def test_members_of_the_exchange_are_ignored(member: Caller) -> None:
    created = member.post("/connections", {**ORDER, "id": "mine", "state": "production", "speed": 1, "ports": ["x"]})
    assert (created["id"] != "mine", created["state"], created["speed"]) == (True, "requested", 10000)
    changed = member.patch(f"/connections/{created['id']}", {"state": "archived", "name": "mine", "speed": 5})
    assert changed == created
    member.delete(f"/connections/{created['id']}")


def test_ports_and_reservations_follow_when_a_connection_changes_hands(site: Site) -> None:
    reseller, customer = site.login("reseller"), site.login("customer")
    created = reseller.post("/connections", ORDER)
    assert customer.get("/ports") == customer.get("/port-reservations") == []
    reseller.patch(f"/connections/{created['id']}", {"consuming_account": "customer", "external_ref": "x"})
    assert [each["consuming_account"] for each in customer.get("/ports")] == ["customer"]
    assert [each["id"] for each in customer.get("/port-reservations")] == created["port_reservations"]
    customer.patch(f"/port-reservations/{created['port_reservations'][0]}", {"cross_connect_id": "x"}, 403)


def test_a_reservation_tells_about_the_cable(site: Site) -> None:
    member = site.login("member")
    created = member.post("/connections", ORDER)
    path = f"/port-reservations/{created['port_reservations'][0]}"
    cable = {"cross_connect_id": "XC-1", "connecting_party": "Cabling Ltd", "subscriber_side_demarc": "A.1"}
    changed = member.patch(path, cable)
    assert cable.items() <= changed.items()
    assert member.faults("PATCH", path, {"connection": "another"}).keys() == {"connection"}
    assert member.put(path, {**changed, "cross_connect_id": None})["cross_connect_id"] is None
    assert member.patch(path, {"port": "x", "exchange_side_demarc": "y"})["port"] == created["ports"][0]
    member.delete(f"/connections/{created['id']}")
    member.unable("PATCH", path, {"cross_connect_id": "XC-2"})
    member.patch(path, {"external_ref": "late"})


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"decommission_at": null}', b" {} \n"])
def test_before_production_a_connection_is_cancelled(site: Site, content: bytes) -> None:
    member = site.login("member")
    requested, allocated = (member.post("/connections", ORDER)["id"] for _ in range(2))
    work(site)
    requested = member.post("/connections", ORDER)["id"]
    for id_, state in ((requested, "requested"), (allocated, "allocated")):
        assert member.get(f"/connections/{id_}")["state"] == state
        answer = member.request("DELETE", f"/connections/{id_}", content=content)
        assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
        assert [answer.json()[day] for day in DAYS] == [None, None]
        reservations, ports = parts(member, id_)
        assert {each["state"] for each in [*reservations, *ports]} == {"cancelled"}
    site.reconcile()
    assert member.delete(f"/connections/{requested}")["state"] == "archived"
    assert requested not in [each["id"] for each in member.get("/connections")]
    assert member.delete(f"/connections/{requested}")["state"] == "archived"


def test_a_connection_in_production_leaves_today(site: Site) -> None:
    member = site.login("member")
    created = member.post("/connections", ORDER)
    path = f"/connections/{created['id']}"
    site.reconcile()
    left = member.delete(path)
    assert (left["state"], *(left[day] for day in DAYS)) == ("decommission_requested", "2026-09-01", "2026-09-01")
    assert [each["tag"] for each in left["status"]] == ["decommission_scheduled"]
    assert member.delete(path)["state"] == "decommission_requested"
    site.reconcile()
    gone = member.get(path)
    assert (gone["state"], gone["decommission_at"], gone["status"]) == ("decommissioned", "2026-09-01", [])
    for kept in parts(member, created["id"]):
        assert {each["state"] for each in kept} == {"decommissioned"}
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 24
    assert member.delete(path)["state"] == "archived"
    for kept in parts(member, created["id"]):
        assert kept == []


def test_a_connection_leaves_on_the_day_one_says(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{member.post('/connections', ORDER)['id']}"
    site.reconcile()
    assert member.delete(path, json={"decommission_at": "2026-09-10"})["decommission_at"] == "2026-09-10"
    site.reconcile()
    assert member.get(path)["state"] == "decommission_requested"
    early = member.delete(path, 400, json={"decommission_at": "2026-08-31"})
    assert early["type"].endswith("/cancellation-policy-error.html")
    assert (early["decommission_at"], early["charged_until"]) == ("2026-09-01", "2026-09-01")
    assert member.delete(path)["decommission_at"] == "2026-09-10", "asking again changes nothing"
    assert member.delete(path, json={"decommission_at": "2026-09-05"})["decommission_at"] == "2026-09-05"
    site.clock.turn(days=3, hours=11)
    site.reconcile()
    member = site.login("member")
    assert member.get(path)["state"] == "decommission_requested"
    site.clock.turn(hours=1, minutes=1)
    site.reconcile()
    assert member.get(path)["state"] == "decommissioned"


def test_what_leaves_is_not_changed_any_more(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{member.post('/connections', {**ORDER, 'mode': 'lag_lacp'})['id']}"
    site.reconcile()
    member.delete(path, json={"decommission_at": "2026-10-01"})
    assert "decommission_requested" in member.unable("PATCH", path, {"lacp_timeout": "fast"})["detail"]
    member.unable("PATCH", path, {"external_ref": "x", "billing_account": "member", "mode": "lag_static"})
    assert member.patch(path, {"external_ref": "x"})["external_ref"] == "x"
    assert member.put(path, {**member.get(path), "purchase_order": "late"})["purchase_order"] == "late"


def test_configs_on_a_leaving_connection_are_warned(site: Site) -> None:
    member = site.login("member")
    connection = member.post("/connections", ORDER)["id"]
    site.reconcile()
    config = member.order_peering(connection, macs=[member.order_mac()["id"]])["id"]
    site.reconcile()
    member.delete(f"/connections/{connection}", json={"decommission_at": "2026-09-10"})
    site.reconcile()
    warned = member.get(f"/network-service-configs/{config}")
    assert warned["state"] == "production"
    [entry] = [each for each in warned["status"] if each["tag"] == "connection_leaving"]
    assert entry["attrs"] == {"connection": connection, "decommission_at": "2026-09-10"}
    assert member.faults("POST", "/network-service-configs", peering_on(connection)).keys() == {"connection"}


def peering_on(connection: str) -> dict[str, Any]:
    return {
        "type": "exchange_lan",
        "network_service": "lan",
        "product_offering": "peering",
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q"},
        "asns": [64496],
    }


def missing_roles(connection: Any) -> list[str]:
    return [each["attrs"]["role"] for each in connection["status"] if each["tag"] == "contact_role_required"]
