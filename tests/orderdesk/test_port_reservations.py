"""Ports that are added to a connection, and taken out of it again, over HTTP."""

from typing import Any

import pytest
from pydantic_core import to_json

from peerhall.provisioning.driver import Device
from tests.installation import Caller, Site

BUNDLE: dict[str, Any] = {"mode": "lag_lacp", "product_offering": "port-10g", "port_quantity": 2}


def free(caller: Caller) -> int:
    return int(caller.get("/devices/switch")["capabilities"][0]["availability"])


def bundle(site: Site, caller: Caller, **members: Any) -> str:
    """The path of a connection with two ports, in production."""
    path = f"/connections/{caller.order_connection(**{**BUNDLE, **members})['id']}"
    site.reconcile()
    assert caller.get(path)["state"] == "production"
    return path


def add(caller: Caller, path: str, status: int = 201, **members: Any) -> Any:
    return caller.post("/port-reservations", {"connection": path.split("/")[-1], **members}, status)


def size(caller: Caller, path: str) -> tuple[int, int, int, int]:
    """Reservations, ports, quantity and speed that a connection tells."""
    found = caller.get(path)
    return len(found["port_reservations"]), len(found["ports"]), found["port_quantity"], found["speed"]


def on_the_switch(site: Site) -> set[str]:
    observed = site.simulator.observe(Device("switch", "sw1.ork1"))
    return {key for key in observed if key.startswith("port/")}


def set_offering(site: Site, **members: Any) -> None:
    site.connection.execute(
        "update document set body = body || %s::jsonb where id = 'port-10g'", (to_json(members).decode(),)
    )


def test_a_port_is_added_and_counts_once_it_is_in_use(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    assert (size(member, path), free(member)) == ((2, 2, 2, 20000), 22)
    cable = {"external_ref": "x", "purchase_order": "PO", "cross_connect_id": "XC", "subscriber_side_demarc": "A.1"}
    added = add(member, path, **cable)
    assert cable.items() <= added.items()
    assert (added["state"], added["connection"]) == ("allocated", path.split("/")[-1])
    assert added["exchange_side_demarc"].endswith("sw1.ork1 / Ethernet3")
    assert (size(member, path), free(member)) == ((3, 3, 3, 20000), 21)
    assert member.get(path)["state"] == "production"
    site.reconcile()
    shown = member.get(f"/port-reservations/{added['id']}")
    assert (shown["state"], shown["current_billing_start_date"]) == ("production", "2026-09-01")
    port = member.get(f"/ports/{shown['port']}")
    assert (port["state"], port["managing_account"], port["speed"]) == ("production", "member", 10000)
    assert size(member, path) == (3, 3, 3, 30000)
    assert len(on_the_switch(site)) == 3


def test_a_port_that_is_not_in_use_yet_makes_no_connection_of_another_port_speed(site: Site) -> None:
    site.connection.execute(
        """update document set body = body || '{"physical_port_speed": 10000}' where id = 'peering'"""
    )
    member = site.login("member")
    path = bundle(site, member, product_offering="port-10g-exchange", subscriber_side_demarcs=["A.1", "A.2"])
    connection = path.split("/")[-1]
    config = f"/network-service-configs/{member.order_peering(connection, macs=[member.order_mac()['id']])['id']}"
    site.reconcile()
    add(member, path, subscriber_side_demarc="A.3")
    assert size(member, path)[2:] == (3, 20000)
    assert member.patch(config, {"external_ref": "mine"})["external_ref"] == "mine"
    assert member.order_peering(connection, asns=[64497])["connection"] == connection
    assert [each["id"] for each in member.get("/connections?supported_network_service=lan")] == [connection]
    site.reconcile()
    assert size(member, path)[2:] == (3, 30000)
    assert member.patch(config, {"external_ref": "yours"})["external_ref"] == "yours"


def test_a_port_is_added_to_an_order_that_is_still_on_its_way(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{member.order_connection(**BUNDLE)['id']}"
    add(member, path)
    assert size(member, path) == (3, 3, 3, 30000)
    site.reconcile()
    assert member.get(path)["state"] == "production"
    assert {each["state"] for each in member.get("/ports")} == {"production"}


def test_a_port_that_the_exchange_connects_says_where_to(site: Site) -> None:
    member = site.login("member")
    asked = {"product_offering": "port-10g-exchange", "subscriber_side_demarcs": ["A.1", "A.2"]}
    path = bundle(site, member, **asked)
    assert member.faults("POST", "/port-reservations", {"connection": path.split("/")[-1]}).keys() == {
        "subscriber_side_demarc"
    }
    added = add(member, path, subscriber_side_demarc="A.3")
    site.reconcile()
    assert member.get(f"/port-reservations/{added['id']}")["state"] == "production"
    assert size(member, path) == (3, 3, 3, 30000)


def test_what_cannot_be_added_is_refused(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")

    def refused(path: str) -> dict[str, str]:
        return member.faults("POST", "/port-reservations", {"connection": path.split("/")[-1]})

    single = f"/connections/{member.order_connection()['id']}"
    assert "lag_lacp" in refused(single)["connection"]
    assert refused("/connections/nothing").keys() == {"connection"}
    path = bundle(site, member)
    assert rival.faults("POST", "/port-reservations", {"connection": path.split("/")[-1]}) == refused("/nothing")
    set_offering(site, maximum_port_quantity=3)
    add(member, path)
    assert "3" in refused(path)["connection"]
    set_offering(site, maximum_port_quantity=None)
    for _ in range(5):
        add(member, path)
    assert "8" in refused(path)["connection"], "no more than the device can bundle"
    member.delete(path, json={"decommission_at": "2026-10-01"})
    assert "decommission_requested" in refused(path)["connection"]


def test_a_port_is_on_the_device_of_the_others(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    ports = [{"media_type": "10GBASE-LR", "speed": 10000, "names": ["Ethernet1", "Ethernet2"]}]
    site.connection.execute(
        "update document set meta = meta || %s::jsonb where id = 'switch'", (to_json({"ports": ports}).decode(),)
    )
    problem = member.unable("POST", "/port-reservations", {"connection": path.split("/")[-1]})
    assert "sw1.ork1" in problem["detail"]
    assert size(member, path) == (2, 2, 2, 20000)


def test_only_who_manages_the_connection_adds_to_it(site: Site) -> None:
    site.connection.execute("update document set body = body || '{\"state\": \"production\"}' where id = 'customer'")
    reseller, customer = site.login("reseller"), site.login("customer")
    path = bundle(site, reseller, consuming_account="customer")
    add(customer, path, 403)
    added = add(reseller, path)
    assert customer.get(f"/port-reservations/{added['id']}") == added
    customer.delete(f"/port-reservations/{added['id']}", 403)
    site.login("rival").delete(f"/port-reservations/{added['id']}", 404)


def test_a_port_leaves_its_bundle_once_it_is_out_of_the_network(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    config = member.order_peering(path.split("/")[-1], macs=[member.order_mac()["id"]])["id"]
    site.reconcile()
    first, second = member.get(path)["port_reservations"]
    port = member.get(f"/port-reservations/{first}")["port"]
    left = member.delete(f"/port-reservations/{first}", json={"decommission_at": "2026-09-10"})
    assert (left["state"], left["decommission_at"], left["charged_until"]) == (
        "decommission_requested",
        "2026-09-10",
        "2026-09-10",
    )
    site.reconcile()
    assert (size(member, path), free(member), len(on_the_switch(site))) == ((2, 2, 2, 20000), 22, 2)
    site.clock.turn(days=9)
    site.reconcile()
    member = site.login("member")
    assert (size(member, path), free(member), len(on_the_switch(site))) == ((1, 1, 1, 10000), 23, 1)
    assert member.get(path)["port_reservations"] == [second]
    assert member.get(path)["state"] == member.get(f"/network-service-configs/{config}")["state"] == "production"
    assert member.get(f"/port-reservations/{first}")["state"] == "decommissioned"
    assert member.get(f"/ports/{port}")["state"] == "decommissioned"
    assert member.delete(f"/port-reservations/{first}")["state"] == "archived"
    add(member, path)
    site.reconcile()
    assert (size(member, path), free(member)) == ((2, 2, 2, 20000), 22)


def test_a_port_that_was_not_in_use_yet_is_cancelled(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    added = add(member, path)
    assert member.delete(f"/port-reservations/{added['id']}")["state"] == "cancelled"
    site.reconcile()
    assert (size(member, path), free(member), len(on_the_switch(site))) == ((2, 2, 2, 20000), 22, 2)
    assert member.get(path)["state"] == "production"
    assert member.delete(f"/port-reservations/{added['id']}")["state"] == "archived"


def test_a_port_that_was_cancelled_before_it_was_in_use_does_not_count_while_it_is_taken_out(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    added = add(member, path)
    site.take_turns(4)
    assert len(on_the_switch(site)) == 3
    site.simulator.cut_off("switch")
    assert member.delete(f"/port-reservations/{added['id']}")["state"] == "cancelled"
    another = add(member, path)
    assert size(member, path) == (4, 4, 4, 20000)
    site.simulator.cut_off("switch", unreachable=False)
    site.look_again()
    site.reconcile()
    assert member.get(f"/port-reservations/{another['id']}")["state"] == "production"
    assert size(member, path) == (3, 3, 3, 30000)


def test_a_port_that_was_never_in_use_is_no_part_of_a_connection_that_leaves(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    added = add(member, path)
    member.delete(path, json={"decommission_at": "2026-10-01"})
    assert member.get(f"/port-reservations/{added['id']}")["state"] == "cancelled"
    site.reconcile()
    assert (size(member, path), free(member)) == ((2, 2, 2, 20000), 22)
    site.clock.turn(days=60)
    site.reconcile()
    member = site.login("member")
    assert member.get(path)["state"] == "decommissioned"
    assert size(member, path) == (2, 2, 2, 20000), "it tells for good which ports it had"


def test_a_connection_that_was_never_in_use_tells_which_ports_it_was_to_have(site: Site) -> None:
    member = site.login("member")
    connection = member.post("/connections", {"mode": "lag_lacp", "product_offering": "port-10g", "port_quantity": 2})
    path = f"/connections/{connection['id']}"
    add(member, path)
    site.simulator.cut_off("switch")
    site.take_turns(4)
    member.delete(path)
    site.simulator.cut_off("switch", unreachable=False)
    site.look_again()
    site.reconcile()
    assert (member.get(path)["state"], free(member)) == ("cancelled", 24)
    assert size(member, path) == (3, 3, 3, 30000)


def test_ports_leave_under_the_terms_of_their_connection(site: Site) -> None:
    set_offering(site, contract_initial_period="P1Y", contract_initial_notice_period="P3M")
    member = site.login("member")
    path = bundle(site, member)
    site.clock.turn(days=30)
    member = site.login("member")
    added = f"/port-reservations/{add(member, path)['id']}"
    site.reconcile()
    first = f"/port-reservations/{member.get(path)['port_reservations'][0]}"
    assert member.get(f"{first}/cancellation-policy")["charged_until"] == "2027-09-01"
    assert member.get(f"{added}/cancellation-policy")["charged_until"] == "2027-10-01"
    left = member.delete(path, json={"decommission_at": "2027-09-01"})
    assert (left["decommission_at"], left["charged_until"]) == ("2027-09-01", "2027-09-01")
    assert member.get(added)["charged_until"] == "2027-10-01", "its own year is not over"


@pytest.mark.parametrize("quantity", [1, 2])
def test_the_last_port_goes_with_the_connection_only(site: Site, quantity: int) -> None:
    member = site.login("member")
    path = bundle(site, member, port_quantity=quantity)
    *others, last = member.get(path)["port_reservations"]
    for each in others:
        member.delete(f"/port-reservations/{each}", json={"decommission_at": "2026-09-15"})
    problem = member.unable("DELETE", f"/port-reservations/{last}")
    assert "cancel the connection" in problem["detail"]
    assert [each["resource_id"] for each in problem["conflicts"]] == [path.split("/")[-1]]
    member.delete(path, json={"decommission_at": "2026-10-01"})
    assert member.delete(f"/port-reservations/{last}")["decommission_at"] == "2026-10-01"
    member.unable("DELETE", f"/port-reservations/{last}", {"decommission_at": "2026-09-20"})


def test_a_port_does_not_outstay_its_connection_but_may_leave_before(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    first, second = (f"/port-reservations/{each}" for each in member.get(path)["port_reservations"])
    member.delete(first, json={"decommission_at": "2026-09-10"})
    member.delete(path, json={"decommission_at": "2026-10-01"})
    assert member.get(first)["decommission_at"] == "2026-09-10"
    assert member.get(second)["decommission_at"] == "2026-10-01"
    assert member.faults("DELETE", first, {"decommission_at": "2026-10-02"}).keys() == {"decommission_at"}
    member.delete(path, json={"decommission_at": "2026-11-01"})
    assert [member.get(each)["decommission_at"] for each in (first, second)] == ["2026-09-10", "2026-11-01"]
    site.clock.turn(days=9)
    site.reconcile()
    member = site.login("member")
    assert (size(member, path), free(member)) == ((1, 1, 1, 10000), 23)
    site.clock.turn(days=60)
    site.reconcile()
    member = site.login("member")
    assert (member.get(path)["state"], free(member)) == ("decommissioned", 24)
    assert size(member, path) == (1, 1, 1, 10000), "as it was at its end"


def test_the_only_port_in_use_stays_while_another_one_is_still_to_come(site: Site) -> None:
    demand = """update document set meta = meta || '{"loa_required": true}' where id = 'port-10g-exchange'"""
    site.connection.execute(demand)
    member = site.login("member")
    asked = {"product_offering": "port-10g-exchange", "subscriber_side_demarcs": ["A.1", "A.2"]}
    created = member.order_connection(**{**BUNDLE, **asked})
    first, second = created["port_reservations"]
    letter = {"content": b"Letter of authorisation\n", "headers": {"Content-Type": "text/plain"}}
    assert member.request("POST", f"/port-reservations/{first}/loa", **letter).status_code == 200
    site.reconcile()
    path = f"/connections/{created['id']}"
    assert [member.get(f"/port-reservations/{each}")["state"] for each in (first, second)] == [
        "production",
        "requested",
    ]
    added = add(member, path, subscriber_side_demarc="A.3")["id"]
    assert member.unable("DELETE", f"/port-reservations/{first}")["conflicts"]
    assert member.get(path)["state"] == "production"
    for waiting in (second, added):
        assert member.delete(f"/port-reservations/{waiting}")["state"] == "cancelled"
    assert size(member, path) == (1, 1, 1, 10000)


def test_a_port_that_is_still_to_come_delivers_no_capacity(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    config = member.order_peering(path.split("/")[-1], macs=[member.order_mac()["id"]], capacity=15000)["id"]
    add(member, path)
    first = f"/port-reservations/{member.get(path)['port_reservations'][0]}"
    assert [each["resource_id"] for each in member.unable("DELETE", first)["conflicts"]] == [config]
    site.reconcile()
    member.delete(first)


def test_a_port_that_a_capacity_needs_stays(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    config = member.order_peering(path.split("/")[-1], macs=[member.order_mac()["id"]], capacity=15000)["id"]
    first = f"/port-reservations/{member.get(path)['port_reservations'][0]}"
    assert [each["resource_id"] for each in member.unable("DELETE", first)["conflicts"]] == [config]
    # It needs the port until it is gone itself.
    site.reconcile()
    leaving = f"/network-service-configs/{config}"
    member.delete(leaving, json={"decommission_at": "2026-12-01"})
    member.unable("DELETE", first, {"decommission_at": "2026-11-30"})
    member.delete(first, json={"decommission_at": "2026-12-01"})


def test_a_port_that_no_capacity_needs_any_more_goes(site: Site) -> None:
    member = site.login("member")
    path = bundle(site, member)
    config = member.order_peering(path.split("/")[-1], macs=[member.order_mac()["id"]], capacity=15000)["id"]
    member.patch(f"/network-service-configs/{config}", {"capacity": 10000})
    member.delete(f"/port-reservations/{member.get(path)['port_reservations'][0]}")


def test_what_may_be_allocated_follows_the_ports(site: Site) -> None:
    rules = to_json({"capacity_limit_percent": 100}).decode()
    site.connection.execute("update setting set value = value || %s::jsonb where name = 'exchange'", (rules,))
    member = site.login("member")
    path = bundle(site, member)
    macs = [[member.order_mac(f"02:00:5e:10:00:0{number}")["id"]] for number in (1, 2)]
    order = {"connection": path.split("/")[-1], "capacity": 8000}
    configs = [member.order_peering(**order, macs=each)["id"] for each in macs]
    first = f"/port-reservations/{member.get(path)['port_reservations'][0]}"
    assert {each["resource_id"] for each in member.unable("DELETE", first)["conflicts"]} == set(configs)
    add(member, path)
    site.reconcile()
    assert member.get(path)["capacity_allocation_limit"] == 30000
    member.delete(first)
    site.reconcile()
    found = member.get(path)
    assert (found["capacity_allocation_limit"], found["capacity_allocated"]) == (20000, 16000)


def test_a_device_that_says_nothing_of_bundles_has_ports_all_the_same(site: Site) -> None:
    site.connection.execute(
        "update document set body = body #- '{capabilities,0,max_lag}' where id = 'switch' and kind = 'devices'"
    )
    member = site.login("member")
    assert "max_lag" not in member.get("/devices/switch")["capabilities"][0]
    path = bundle(site, member)
    add(member, path)
    site.reconcile()
    assert size(member, path) == (3, 3, 3, 30000)
