"""Whose name things are ordered in, by whom: the operator, a reseller, and a database that nobody is in yet."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clock import Clock
from tests.installation import Site
from tests.orderdesk.test_connections import ORDER
from tests.world import ADDRESS

BODIES: dict[str, dict[str, Any]] = {
    "/contacts": {},
    "/macs": {"address": "02:00:5e:00:53:01"},
    "/ips": {"version": 4, "address": "198.51.100.1", "prefix_length": 32},
}


@pytest.mark.parametrize("path", BODIES)
def test_the_operator_says_whose_it_is(house: Site, path: str) -> None:
    operator = house.login(None)
    owners = {"managing_account", "consuming_account"}
    assert operator.faults("POST", path, BODIES[path]).keys() == owners
    for nobody in ("no-such-account", "lan", ""):
        assert operator.faults("POST", path, {**BODIES[path], **dict.fromkeys(owners, nobody)}).keys() == owners
    created = operator.post(path, {**BODIES[path], **dict.fromkeys(owners, "member")})
    assert house.login("member").get(f"{path}/{created['id']}") == created


def test_the_operator_orders_for_anybody_by_the_same_rules(house: Site) -> None:
    operator = house.login(None)
    owners = ("managing_account", "consuming_account", "billing_account")
    assert operator.faults("POST", "/connections", ORDER).keys() == set(owners)
    for_newcomer = operator.faults("POST", "/connections", {**ORDER, **dict.fromkeys(owners, "newcomer")})
    assert for_newcomer.keys() == {"consuming_account"}
    unbillable = operator.faults("POST", "/connections", {**ORDER, **dict.fromkeys(owners, "customer")})
    assert unbillable.keys() == {"billing_account"}
    created = operator.post("/connections", {**ORDER, **dict.fromkeys(owners, "member")})
    assert house.login("member").delete(f"/connections/{created['id']}")["state"] == "cancelled"


def test_a_reseller_orders_for_its_customer_who_looks_on(house: Site) -> None:
    reseller, customer = house.login("reseller"), house.login("customer")
    created = reseller.post("/connections", {**ORDER, "consuming_account": "customer"})
    path = f"/connections/{created['id']}"
    assert (created["managing_account"], created["billing_account"]) == ("reseller", "reseller")
    assert customer.get(path) == created
    for refused in (customer.patch(path, {"external_ref": "x"}, 403), customer.delete(path, 403)):
        assert refused["type"].endswith("/permission-denied.html")
    customer.post("/connections", {**ORDER, "managing_account": "reseller"}, 403)
    assert customer.faults("POST", "/connections", ORDER).keys() == {"billing_account"}
    reseller.patch("/accounts/customer", {"billing_information": house.stored("reseller")["billing_information"]})
    own = customer.post("/connections", ORDER)
    assert reseller.patch(f"/connections/{own['id']}", {"external_ref": "from above"})["external_ref"] == "from above"
    for id_ in (own["id"], created["id"]):
        reseller.delete(f"/connections/{id_}")


@pytest.mark.parametrize("member", ["consuming_account", "billing_account"])
def test_of_a_foreign_account_nothing_is_told(house: Site, member: str) -> None:
    caller = house.login("member")
    for path, body in {**BODIES, "/connections": ORDER}.items():
        if member == "billing_account" and path != "/connections":
            continue
        # One that is not there, in production, not admitted yet, without billing information, and no account at all.
        told = {
            str(caller.post(path, {**body, member: named}, 400)["properties"])
            for named in ("no-such-account", "rival", "newcomer", "customer", "lan", "")
        }
        assert told == {str([{"name": member, "reason": "is not an account you act for"}])}


def test_what_stands_in_the_way_is_told_to_who_may_know(house: Site) -> None:
    reseller, customer = house.login("reseller"), house.login("customer")
    contact = customer.post("/contacts", {"email": "legal@example.net"})["id"]
    assignment = customer.post("/role-assignments", {"role": "role-peering", "contact": contact})["id"]
    connection = reseller.post("/connections", {**ORDER, "role_assignments": [assignment]})["id"]
    customer.get(f"/connections/{connection}", 404)
    for path in (f"/contacts/{contact}", f"/role-assignments/{assignment}"):
        assert connection in str(reseller.delete(path, 409))
        problem = customer.delete(path, 409)
        assert "conflicts" not in problem
        assert connection not in str(problem)
    reseller.delete(f"/connections/{connection}")
    customer.delete(f"/contacts/{contact}", 200)


def test_a_database_without_an_exchange_says_so(make_database: Callable[[str], str], clock: Clock) -> None:
    with Site(make_database("migrated"), clock).open() as site:
        operator = site.login(None)
        assert operator.get("/accounts") == operator.get("/product-offerings") == []
        problem = operator.unable("POST", "/accounts", {"name": "x", "address": ADDRESS})
        assert "no exchange yet" in problem["detail"]
        assert operator.get("/accounts") == []
