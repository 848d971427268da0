"""Contacts and role assignments over HTTP: who can be reached how, and who fills which role."""

from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.orderdesk.test_accounts import conflicts, sub_account

REACHABLE = {"name": "Operations", "telephone": "+353 20 912 2000", "email": "noc@example.net"}


def contact(caller: Caller, **members: Any) -> str:
    return str(caller.post("/contacts", {**REACHABLE, **members})["id"])


def assign(caller: Caller, contact: str, role: str = "role-noc") -> str:
    return str(caller.post("/role-assignments", {"contact": contact, "role": role})["id"])


def test_a_contact_is_the_callers_own_unless_it_says_otherwise(site: Site) -> None:
    member = site.login("member")
    created = member.post("/contacts", {})
    assert created == {
        "id": created["id"],
        "managing_account": "member",
        "consuming_account": "member",
        "external_ref": None,
        "name": None,
        "telephone": None,
        "email": None,
    }
    assert member.get(f"/contacts/{created['id']}") == created


def test_a_reseller_keeps_the_contacts_of_its_customers(site: Site) -> None:
    reseller = site.login("reseller")
    id_ = contact(reseller, consuming_account="customer")
    customer = site.login("customer")
    assert customer.get(f"/contacts/{id_}")["managing_account"] == "reseller"
    customer.patch(f"/contacts/{id_}", {"name": "x"}, 403)
    customer.delete(f"/contacts/{id_}", 403)
    reseller.patch(f"/contacts/{id_}", {"managing_account": "customer"}, 200)
    assert customer.patch(f"/contacts/{id_}", {"name": "x"}, 200)["name"] == "x"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"telephone": "020 912 2000"}, {"telephone"}),
        ({"telephone": "+353 20 CALL"}, {"telephone"}),
        ({"telephone": "+1"}, {"telephone"}),
        ({"email": "nobody"}, {"email"}),
        ({"email": "a@b c"}, {"email"}),
        ({"email": "x" * 80 + "@example.net"}, {"email"}),
        ({"telephone": "1", "email": "2", "name": 3}, {"name"}),
        ({"telephone": "1", "email": "2"}, {"telephone", "email"}),
        ({"consuming_account": "rival"}, {"consuming_account"}),
        ({"consuming_account": "no-such-account"}, {"consuming_account"}),
    ],
)
def test_wrong_members_are_named(site: Site, members: Any, names: set[str]) -> None:
    member = site.login("member")
    id_ = contact(member)
    assert member.faults("POST", "/contacts", members).keys() == names
    assert member.faults("PATCH", f"/contacts/{id_}", members).keys() == names
    assert member.get(f"/contacts/{id_}").items() >= REACHABLE.items()


def test_empty_texts_and_nulls_clear(site: Site) -> None:
    member = site.login("member")
    id_ = contact(member)
    assert member.patch(f"/contacts/{id_}", {"telephone": None, "email": ""}, 200)["telephone"] is None
    put = {"managing_account": "member", "consuming_account": "member", "name": "x"}
    assert member.put(f"/contacts/{id_}", put, 200)["email"] is None
    assert member.faults("PUT", f"/contacts/{id_}", {}).keys() == {"managing_account", "consuming_account"}


def test_what_was_brought_along_does_not_stand_in_the_way(site: Site) -> None:
    """A contact that came in by an import may have a telephone number we would not take."""
    member = site.login("member")
    id_ = contact(member)
    statement = 'update document set body = body || \'{"telephone": "ext. 12"}\' where id = %s'
    site.connection.execute(statement, (id_,))
    assert member.patch(f"/contacts/{id_}", {"name": "x"}, 200)["telephone"] == "ext. 12"


def test_a_role_needs_what_it_needs(site: Site) -> None:
    member = site.login("member")
    id_ = contact(member, telephone=None, email=None)
    problem = member.unable("POST", "/role-assignments", {"contact": id_, "role": "role-noc"})
    assert "email and telephone" in problem["detail"]
    member.patch(f"/contacts/{id_}", REACHABLE, 200)
    assert assign(member, id_)
    for cleared in (None, ""):
        assert "telephone" in member.unable("PATCH", f"/contacts/{id_}", {"telephone": cleared})["detail"]


def test_a_role_is_filled_once_by_a_contact(site: Site) -> None:
    member = site.login("member")
    id_ = contact(member)
    assignment = assign(member, id_)
    again = member.faults("POST", "/role-assignments", {"contact": id_, "role": "role-noc"})
    assert assignment in again["role"]
    assign(member, id_, "role-peering")
    assign(member, contact(member))
    assert len(member.get("/role-assignments?role=role-noc")) == 2


def test_only_ones_own_contacts_are_assigned(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    body = {"contact": contact(rival), "role": "role-noc"}
    unknown = {"contact": "no-such-contact", "role": "role-noc"}
    assert member.faults("POST", "/role-assignments", body) == member.faults("POST", "/role-assignments", unknown)
    assert member.faults("POST", "/role-assignments", {"contact": "x", "role": "x"}).keys() == {"contact", "role"}
    reseller = site.login("reseller")
    for_customer = contact(reseller, consuming_account="customer")
    customers = {"contact": for_customer, "role": "role-noc"}
    assert site.login("customer").faults("POST", "/role-assignments", customers).keys() == {"contact"}
    assert assign(reseller, for_customer)


def test_assignments_are_seen_by_who_sees_the_contact(site: Site) -> None:
    reseller, customer = site.login("reseller"), site.login("customer")
    id_ = contact(reseller)
    assignment = assign(reseller, id_)
    customer.get(f"/role-assignments/{assignment}", 404)
    reseller.patch(f"/contacts/{id_}", {"consuming_account": "customer"}, 200)
    assert customer.get(f"/role-assignments/{assignment}") == {"id": assignment, "contact": id_, "role": "role-noc"}
    customer.delete(f"/role-assignments/{assignment}", 403)


def test_a_role_that_something_live_needs_stays(site: Site) -> None:
    member = site.login("member")
    id_ = contact(member)
    assignment = assign(member, id_)
    connection = member.order_connection(role_assignments=[assignment])["id"]
    for path in (f"/role-assignments/{assignment}", f"/contacts/{id_}"):
        problem = member.delete(path, 409)
        assert problem["type"].endswith("/constraint-violation.html")
        assert {
            "resource_type": "connections",
            "resource_id": connection,
            "resource_property": "role_assignments",
            "remote_resource_type": "role-assignments",
            "remote_resource_id": assignment,
        } in problem["conflicts"]
    member.delete(f"/connections/{connection}")
    member.delete(f"/contacts/{id_}", 200)
    member.get(f"/role-assignments/{assignment}", 404)
    assert member.get(f"/connections/{connection}")["role_assignments"] == []


def test_a_role_that_an_account_in_use_needs_stays_until_another_fills_it(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    owners = {"managing_account": account, "consuming_account": account}
    first, second = contact(reseller, **owners), contact(reseller, **owners)
    assignment = assign(reseller, first, "role-legal")
    reseller.order_connection(consuming_account=account)
    assert ("accounts", account, None) in conflicts(reseller.delete(f"/role-assignments/{assignment}", 409))
    reseller.delete(f"/contacts/{first}", 409)
    reseller.patch(f"/contacts/{first}", {"consuming_account": "reseller"}, 409)
    assign(reseller, second, "role-legal")
    assert reseller.delete(f"/role-assignments/{assignment}", 200)["id"] == assignment
    reseller.delete(f"/contacts/{first}", 200)
    assert reseller.get(f"/accounts/{account}")["state"] == "production"


@pytest.mark.parametrize("goes", ["role-assignments", "contacts"])
def test_an_account_without_orders_lets_its_contacts_go_and_has_to_be_completed_again(site: Site, goes: str) -> None:
    # Terraform destroys contacts before the account they are of.
    reseller = site.login("reseller")
    account = sub_account(reseller)
    legal = contact(reseller, consuming_account=account)
    assignment = assign(reseller, legal, "role-legal")
    cancelled = reseller.order_connection(consuming_account=account)["id"]
    reseller.delete(f"/{goes}/{assignment if goes == 'role-assignments' else legal}", 409)
    reseller.delete(f"/connections/{cancelled}")
    reseller.delete(f"/role-assignments/{assignment}", 200)
    idle = reseller.get(f"/accounts/{account}")
    assert (idle["state"], [each["tag"] for each in idle["status"]]) == ("requested", ["contact_role_required"])
    refused = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1, "consuming_account": account}
    assert reseller.faults("POST", "/connections", refused).keys() == {"consuming_account"}
    assign(reseller, legal, "role-legal")
    assert reseller.get(f"/accounts/{account}")["state"] == "production"
    reseller.delete(f"/contacts/{legal}", 200)
    assert reseller.get(f"/accounts/{account}")["state"] == "requested"
    assert reseller.delete(f"/accounts/{account}", 200)["state"] == "decommissioned"


def test_a_contact_without_use_is_deleted_with_its_roles(site: Site) -> None:
    member = site.login("member")
    id_ = contact(member)
    assignment = assign(member, id_)
    deleted = member.delete(f"/contacts/{id_}", 200)
    assert deleted["id"] == id_
    member.delete(f"/contacts/{id_}", 404)
    member.get(f"/role-assignments/{assignment}", 404)


def test_a_foreign_assignment_is_not_named_in_an_order(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    foreign = assign(rival, contact(rival))
    order = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
    own = assign(member, contact(member))
    named = member.faults("POST", "/connections", {**order, "role_assignments": [own, foreign, "nothing"]})
    assert named.keys() == {"role_assignments.1", "role_assignments.2"}
    assert len(set(named.values())) == 1
