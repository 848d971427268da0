"""Accounts over HTTP: sub-accounts, their place in the tree, admission, closing."""

from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.world import ADDRESS, BILLING


def sub_account(caller: Caller, name: str = "Sub", **members: Any) -> str:
    return str(caller.post("/accounts", {"name": name, "address": ADDRESS, **members})["id"])


def admit(caller: Caller, account: str, **contact: Any) -> str:
    """Gives an account the contact it needs; returns the role assignment."""
    owners = {"managing_account": account, "consuming_account": account}
    contact = caller.post("/contacts", {**owners, "email": "legal@example.net", **contact})
    return str(caller.post("/role-assignments", {"contact": contact["id"], "role": "role-legal"})["id"])


def test_a_reseller_adds_accounts_below_its_own(site: Site) -> None:
    reseller = site.login("reseller")
    created = reseller.post("/accounts", {"name": "Sub", "address": ADDRESS})
    assert created["managing_account"] == "reseller"
    assert created["state"] == "requested"
    assert [(each["tag"], each["attrs"]) for each in created["status"]] == [
        ("contact_role_required", {"role": "legal"})
    ]
    assert (created["discoverable"], created["metro_area_network_presence"], created["asns"]) == (False, [], [])
    assert reseller.get(f"/accounts/{created['id']}") == created
    below = sub_account(reseller, managing_account=created["id"])
    assert site.login(created["id"]).get(f"/accounts/{below}")["managing_account"] == created["id"]


@pytest.mark.parametrize(
    "name",
    [
        "Example Exchange",
        "  EXAMPLE\u00a0 exchange ",
        "Exam\u200bple Exchange",
        "\uff25xample Exchange",
        "Example Exchange e.V.",
    ],
)
def test_nobody_is_called_like_the_exchange(site: Site, name: str) -> None:
    site.connection.execute(
        "update document set body = body || '{\"legal_name\": \"Example Exchange e.V.\"}' where id = 'exchange'"
    )
    reseller, operator = site.login("reseller"), site.login(None)
    assert "exchange" in reseller.faults("POST", "/accounts", {"name": name, "address": ADDRESS})["name"]
    assert "exchange" in reseller.faults("PATCH", "/accounts/customer", {"name": name})["name"]
    sub_account(reseller, name="Example Exchange Customers")
    operator.patch("/accounts/exchange", {"name": name})


def test_an_account_is_admitted_once_its_roles_are_filled(site: Site) -> None:
    newcomer = site.login("newcomer")
    order = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
    refused = newcomer.faults("POST", "/connections", order)
    assert refused.keys() == {"consuming_account"}
    assert "requested" in refused["consuming_account"]
    assert "legal" not in refused["consuming_account"], "the world's newcomer was never looked at"

    contact = newcomer.post("/contacts", {"name": "Counsel", "email": "legal@example.net"})
    newcomer.post("/role-assignments", {"contact": contact["id"], "role": "role-peering"})
    account = newcomer.get("/account")
    assert (account["state"], [each["attrs"]["role"] for each in account["status"]]) == ("requested", ["legal"])
    assert "legal" in newcomer.faults("POST", "/connections", order)["consuming_account"]

    newcomer.post("/role-assignments", {"contact": contact["id"], "role": "role-legal"})
    account = newcomer.get("/account")
    assert (account["state"], account["status"]) == ("production", [])
    newcomer.post("/connections", order)


def test_an_account_can_be_admitted_by_who_manages_it(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    admit(reseller, account)
    assert reseller.get(f"/accounts/{account}")["state"] == "production"


def test_an_account_moves_with_all_below_it(site: Site) -> None:
    reseller = site.login("reseller")
    upper, lower = sub_account(reseller), sub_account(reseller)
    moved = sub_account(reseller, managing_account=upper)
    below = sub_account(reseller, managing_account=moved)
    assert moved in seen_by(site, upper)
    reseller.patch(f"/accounts/{moved}", {"managing_account": lower})
    assert {moved, below}.isdisjoint(seen_by(site, upper))
    assert {moved, below} < seen_by(site, lower)
    assert {moved, below, upper, lower} < seen_by(site, "reseller")
    reseller.patch(f"/accounts/{moved}", {"managing_account": "reseller"})
    assert {moved, below}.isdisjoint(seen_by(site, lower))


def test_an_account_does_not_move_below_itself_or_out_of_the_tree(site: Site) -> None:
    reseller = site.login("reseller")
    upper = sub_account(reseller)
    lower = sub_account(reseller, managing_account=upper)
    for parent in (upper, lower):
        assert reseller.faults("PATCH", f"/accounts/{upper}", {"managing_account": parent}).keys() == {
            "managing_account"
        }
    assert reseller.faults("PATCH", f"/accounts/{upper}", {"managing_account": None}).keys() == {"managing_account"}
    for parent in ("rival", "no-such-account", ""):
        reseller.patch(f"/accounts/{upper}", {"managing_account": parent}, 403)
    reseller.patch("/accounts/reseller", {"managing_account": upper}, 400)
    reseller.patch("/accounts/rival", {"managing_account": "reseller"}, 403)
    reseller.patch("/accounts/member", {"managing_account": "reseller"}, 404)
    assert reseller.get(f"/accounts/{upper}")["managing_account"] == "reseller"


def test_only_the_operator_makes_roots(site: Site) -> None:
    operator = site.login(None)
    created = operator.post("/accounts", {"name": "New", "address": ADDRESS})
    assert created["managing_account"] is None
    operator.patch(f"/accounts/{created['id']}", {"managing_account": "reseller"})
    operator.patch(f"/accounts/{created['id']}", {"managing_account": None})
    for parent in ("no-such-account", "lan", ""):
        assert operator.faults("POST", "/accounts", {"name": "x", "address": ADDRESS, "managing_account": parent})
        assert operator.faults("PATCH", f"/accounts/{created['id']}", {"managing_account": parent})


def test_one_sends_back_what_one_was_shown(site: Site) -> None:
    """Who is not told its parent sends null back; that is no wish to become a root."""
    customer = site.login("customer")
    own = customer.get("/account")
    assert own["managing_account"] is None
    assert customer.put("/accounts/customer", own) == own
    assert customer.patch("/accounts/customer", {"managing_account": None, "name": "Renamed"})["name"] == "Renamed"
    assert site.stored("customer")["managing_account"] == "reseller"


def test_a_put_that_names_nobody_above_leaves_an_account_where_it_is(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    whole = {"name": "Renamed", "address": ADDRESS, "metro_area_network_presence": []}
    changed = reseller.put(f"/accounts/{account}", whole)
    assert (changed["name"], changed["managing_account"]) == ("Renamed", "reseller")
    refused = reseller.faults("PUT", f"/accounts/{account}", {**whole, "managing_account": None})
    assert refused.keys() == {"managing_account"}


def test_patch_changes_what_it_names_and_put_sets_back_the_rest(site: Site) -> None:
    member = site.login("member")
    member.patch("/accounts/member", {"legal_name": "Member Ltd", "discoverable": True, "external_ref": "x"})
    patched = member.patch("/accounts/member", {"legal_name": "Member plc"})
    assert (patched["legal_name"], patched["discoverable"], patched["external_ref"]) == ("Member plc", True, "x")
    body = {"name": "Member", "address": ADDRESS, "metro_area_network_presence": ["man"]}
    put = member.put("/accounts/member", {**body, "billing_information": BILLING, "discoverable": True})
    assert (put["legal_name"], put["external_ref"], put["discoverable"]) == (None, None, True)
    assert site.login("rival").get("/accounts/member")["metro_area_network_presence"] == ["man"]
    assert member.put("/accounts/member", body)["discoverable"] is False
    assert member.faults("PUT", "/accounts/member", {}).keys() == body.keys()


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"address": {**ADDRESS, "country": "IRL"}}, {"address.country"}),
        ({"address": {**ADDRESS, "country": "1E"}}, {"address.country"}),
        ({"address": {"country": "IE"}}, {"address.locality", "address.postal_code", "address.street_address"}),
        (
            {"billing_information": {**BILLING, "address": {**ADDRESS, "country": "!!"}}},
            {"billing_information.address.country"},
        ),
        ({"billing_information": {"name": "x"}}, {"billing_information.address"}),
        ({"billing_information": {**BILLING, "vat_number": "1"}}, {"billing_information.vat_number"}),
        ({"metro_area_network_presence": ["man", "cork"]}, {"metro_area_network_presence.1"}),
        ({"name": None}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
    ],
)
def test_wrong_members_are_named(site: Site, members: Any, names: set[str]) -> None:
    member = site.login("member")
    assert member.faults("PATCH", "/accounts/member", members).keys() == names
    assert member.faults("POST", "/accounts", {"name": "x", "address": ADDRESS, **members}).keys() == names


def test_members_the_exchange_owns_are_ignored(site: Site) -> None:
    member = site.login("member")
    asked = {"id": "other", "state": "archived", "status": [], "asns": [1], "unknown": 1}
    changed = member.patch("/accounts/member", asked)
    assert (changed["id"], changed["state"], changed["asns"]) == ("member", "production", [])
    assert "unknown" not in changed


def test_an_account_that_is_billed_keeps_its_billing_information(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    problem = member.unable("PATCH", "/accounts/member", {"billing_information": None})
    assert (connection, "billing_account") in [
        (each["resource_id"], each["resource_property"]) for each in problem["conflicts"]
    ]
    member.delete(f"/connections/{connection}")
    assert member.patch("/accounts/member", {"billing_information": None})["billing_information"] is None
    order = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
    assert member.faults("POST", "/connections", order).keys() == {"billing_account"}


def test_an_account_in_use_is_not_closed(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    below = sub_account(reseller, managing_account=account)
    assert conflicts(reseller.unable("DELETE", f"/accounts/{account}")) == {("accounts", below, "managing_account")}
    reseller.delete(f"/accounts/{below}", 200)
    reseller.delete(f"/accounts/{account}", 200)

    member = site.login("member")
    connection = member.order_connection()
    found = conflicts(member.unable("DELETE", "/accounts/member"))
    for role in ("managing_account", "consuming_account", "billing_account"):
        assert ("connections", connection["id"], role) in found
    assert member.get("/account")["state"] == "production"


def test_closing_an_account_takes_its_contacts_along(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    assignment = admit(reseller, account)
    contact = reseller.get(f"/role-assignments/{assignment}")["contact"]
    owners = {"managing_account": account, "consuming_account": account}
    mac = reseller.order_mac(**owners)["id"]
    closed = reseller.delete(f"/accounts/{account}", 200)
    assert (closed["state"], closed["status"]) == ("decommissioned", [])
    for path in (f"/role-assignments/{assignment}", f"/contacts/{contact}", f"/macs/{mac}"):
        reseller.get(path, 404)
    assert account in seen_by(site, "reseller")
    assert reseller.delete(f"/accounts/{account}", 200)["state"] == "archived"
    assert account not in seen_by(site, "reseller")
    assert reseller.delete(f"/accounts/{account}", 200)["state"] == "archived"


def test_what_others_use_of_an_account_keeps_it_open(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    assignment = admit(reseller, account)
    mac = reseller.order_mac(managing_account=account, consuming_account=account)["id"]
    connection = reseller.order_connection(role_assignments=[assignment])["id"]
    site.reconcile()
    config = reseller.order_peering(connection, macs=[mac])["id"]
    site.reconcile()
    assert conflicts(reseller.unable("DELETE", f"/accounts/{account}")) >= {
        ("connections", connection, "role_assignments"),
        ("network-service-configs", config, "macs"),
    }
    reseller.delete(f"/network-service-configs/{config}")
    reseller.delete(f"/connections/{connection}")
    reseller.delete(f"/accounts/{account}", 200)
    assert reseller.get(f"/connections/{connection}")["role_assignments"] == []
    assert reseller.get(f"/network-service-configs/{config}")["macs"] == []
    for path in (f"/role-assignments/{assignment}", f"/macs/{mac}"):
        reseller.get(path, 404)


def test_nothing_personal_outlives_an_account_that_has_left(site: Site) -> None:
    member = site.login("member")
    contact = member.post("/contacts", {"name": "NOC", "email": "noc@example.net", "telephone": "+353 20 912 2000"})
    assignment = member.post("/role-assignments", {"contact": contact["id"], "role": "role-noc"})["id"]
    connection = member.order_connection(role_assignments=[assignment])["id"]
    site.reconcile()
    member.delete(f"/connections/{connection}", json={"decommission_at": "2026-09-02"})
    assert ("connections", connection, "billing_account") in conflicts(member.unable("DELETE", "/accounts/member"))
    site.clock.turn(days=1)
    site.reconcile()
    member = site.login("member")
    assert member.delete("/accounts/member", 200)["state"] == "decommissioned"
    member.get(f"/contacts/{contact['id']}", 404)
    assert member.get(f"/connections/{connection}")["role_assignments"] == []


def test_a_closed_account_is_over(site: Site) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller)
    admit(reseller, account)
    closed = site.login(account)
    reseller.delete(f"/accounts/{account}", 200)
    reseller.unable("PATCH", f"/accounts/{account}", {"name": "Renamed"})
    reseller.patch(f"/accounts/{account}", {"external_ref": "closed"})
    assert closed.get("/account")["state"] == "decommissioned"
    closed.unable("PATCH", f"/accounts/{account}", {"discoverable": True})
    for path, body in (
        ("/contacts", {}),
        ("/macs", {"address": "02:00:5e:00:53:01"}),
        ("/ips", {"version": 4, "address": "198.51.100.1", "prefix_length": 32}),
        ("/accounts", {"name": "x", "address": ADDRESS}),
    ):
        assert closed.request("POST", path, json=body).status_code == 400, path
    owners = {"managing_account": "reseller", "consuming_account": account}
    assert reseller.faults("POST", "/contacts", owners).keys() == {"consuming_account"}
    assert reseller.faults("POST", "/accounts", {"name": "x", "address": ADDRESS, "managing_account": account})


def seen_by(site: Site, account: str) -> set[str]:
    return {each["id"] for each in site.login(account).get("/accounts")}


def conflicts(problem: Any) -> set[tuple[str, str, str]]:
    return {(each["resource_type"], each["resource_id"], each["resource_property"]) for each in problem["conflicts"]}
