"""What members registered can be made free again by the operator, who has to say which."""

from typing import Any

import pytest

from tests.commands import Operator
from tests.installation import Site
from tests.orderdesk.groups import CONFIGS, config, connect, group

PREFIX = {"version": 4, "address": "198.51.100.0", "prefix_length": 24}


@pytest.mark.parametrize("by", ["id", "prefix"])
def test_a_prefix_is_made_free(site: Site, by: str) -> None:
    member, rival, operator = site.login("member"), site.login("rival"), Operator(site.dsn)
    registered = member.post("/ips", PREFIX)["id"]
    rival.faults("POST", "/ips", PREFIX)
    said = operator.run("ip", "free", registered if by == "id" else "198.51.100.0/24").output
    assert "198.51.100.0/24 is free" in said
    member.get(f"/ips/{registered}", 404)
    rival.post("/ips", PREFIX)
    row = site.connection.execute("select detail from journal where operation = 'ip_free'").fetchone()
    assert row == ({"address": "198.51.100.0", "prefix_length": 24},)


def test_an_address_in_use_stays_until_its_order_is_over(site: Site) -> None:
    member, rival, operator = site.login("member"), site.login("rival"), Operator(site.dsn)
    address: Any = {"version": 4, "address": "198.51.100.1", "prefix_length": 32}
    registered = member.post("/ips", address)["id"]
    order = member.post(CONFIGS, config(group(site), connect(site, member), ips=[registered]))["id"]
    site.reconcile()
    assert order in operator.run("ip", "free", registered, code=1).output
    member.delete(f"{CONFIGS}/{order}")
    site.reconcile()
    operator.run("ip", "free", registered)
    assert member.get(f"/ips/{registered}")["valid_not_after"], "the order that is over still names it"
    rival.post("/ips", address)


@pytest.mark.parametrize("ip", ["no-such-thing", "198.51.100.0/24", "192.0.2.0/26", "192.0.2.1", "lan"])
def test_what_is_not_registered_is_not_made_free(site: Site, ip: str) -> None:
    assert "no registered IP" in Operator(site.dsn).run("ip", "free", ip, code=1).output


def test_what_the_exchange_allocated_is_not_made_free(site: Site) -> None:
    member = site.login("member")
    allocated = member.order_peering(connect(site, member))["ips"][0]
    assert "given back with the order" in Operator(site.dsn).run("ip", "free", allocated, code=1).output
