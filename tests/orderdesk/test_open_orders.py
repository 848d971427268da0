"""How much a member may have on order at a time, over HTTP."""

from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.orderdesk.test_exchange_lans import CONFIGS, body, connect, set_rules


def limited(site: Site, limit: int | None) -> Caller:
    set_rules(site, open_orders_limit=limit)
    return site.login("reseller")


def connection(**members: Any) -> dict[str, Any]:
    return {"mode": "lag_lacp", "product_offering": "port-10g", "port_quantity": 1, **members}


def test_ports_on_order_are_so_many_until_they_are_in_production(site: Site) -> None:
    reseller = limited(site, 3)
    first = reseller.post("/connections", connection(port_quantity=2))
    problem = reseller.unable("POST", "/connections", connection(port_quantity=2))
    assert "more than 3 port-reservations on order" in problem["detail"]
    assert reseller.get("/devices/switch")["capabilities"][0]["availability"] == 22, "nothing of it was kept"
    reseller.post("/port-reservations", {"connection": first["id"]})
    reseller.unable("POST", "/port-reservations", {"connection": first["id"]})
    site.reconcile()
    reseller.post("/connections", connection(port_quantity=3))
    site.login("member").post("/connections", connection(port_quantity=3))


def test_what_was_cancelled_is_not_on_order(site: Site) -> None:
    reseller = limited(site, 1)
    for _ in range(3):
        reseller.delete(f"/connections/{reseller.post('/connections', connection())['id']}")


def test_configs_on_order_are_so_many(site: Site) -> None:
    reseller = limited(site, 2)
    port = connect(site, reseller)
    for _ in range(2):
        reseller.order_peering(port)
    assert "network-service-configs" in reseller.unable("POST", CONFIGS, body(port))["detail"]


def test_accounts_below_a_member_count_as_the_member(site: Site) -> None:
    reseller = limited(site, 2)
    reseller.post("/connections", connection())
    below = {"managing_account": "customer", "consuming_account": "customer", "billing_account": "reseller"}
    reseller.post("/connections", connection(**below))
    for owners in (below, {}):
        reseller.unable("POST", "/connections", connection(**owners))


@pytest.mark.parametrize("login", [None, "reseller"])
def test_the_operator_is_not_limited_and_nobody_where_there_is_no_limit(site: Site, login: str | None) -> None:
    limited(site, 1 if login is None else None)
    caller = site.login(login)
    owners = dict.fromkeys(("managing_account", "consuming_account", "billing_account"), "reseller")
    for _ in range(3):
        caller.post("/connections", connection(**owners))
