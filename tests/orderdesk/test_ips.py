"""IP addresses over HTTP: a member's own, and the names of those the exchange allocates."""

from typing import Any

import pytest

from peerhall.exchange.claims import Holder, PrefixClaim
from peerhall.store import claims
from tests.installation import Caller, Site


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def config(house: Site, member: Caller) -> Any:
    """A config with addresses."""
    connection = member.order_connection()["id"]
    house.reconcile()
    return member.order_peering(connection)


def prefix(caller: Caller, address: str, length: int = 24, **members: Any) -> Any:
    version = 6 if ":" in address else 4
    return caller.post("/ips", {"version": version, "address": address, "prefix_length": length, **members})


def test_a_member_registers_prefixes_and_addresses(member: Caller) -> None:
    created = prefix(member, "203.0.113.0", 28, fqdn="net.example.net")
    assert created == {
        "id": created["id"],
        "managing_account": "member",
        "consuming_account": "member",
        "external_ref": None,
        "version": 4,
        "address": "203.0.113.0",
        "prefix_length": 28,
        "fqdn": "net.example.net",
        "valid_not_before": None,
        "valid_not_after": None,
    }
    assert prefix(member, "2001:db8:f::1", 128)["version"] == 6


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"address": "198.51.100.256"}, {"address"}),
        ({"address": "198.51.100.0/24"}, {"address"}),
        ({"address": "198.51.100"}, {"address"}),
        ({"address": "fe80::1%eth0", "version": 6, "prefix_length": 128}, {"address"}),
        ({"address": "2001:db8::"}, {"version"}),
        ({"version": 6}, {"version"}),
        ({"prefix_length": 33}, {"address"}),
        ({"prefix_length": -1}, {"prefix_length"}),
        ({"prefix_length": 129}, {"prefix_length"}),
        ({"prefix_length": 23, "address": "198.51.101.0"}, {"prefix_length"}),
        ({"address": "0.0.0.0", "prefix_length": 0}, {"address"}),
        ({"address": "64.0.0.0", "prefix_length": 7}, {"prefix_length"}),
        ({"address": "8000::", "prefix_length": 1, "version": 6}, {"prefix_length"}),
        ({"address": "224.0.0.0", "prefix_length": 4}, {"address"}),
        ({"address": "127.0.0.1", "prefix_length": 32}, {"address"}),
        ({"address": "ff02::1", "prefix_length": 128, "version": 6}, {"address"}),
        ({"version": 5}, {"version"}),
        ({"fqdn": "not a name"}, {"fqdn"}),
        ({"fqdn": "-x.example.net"}, {"fqdn"}),
        ({"fqdn": "x" * 64 + ".example.net"}, {"fqdn"}),
        ({"fqdn": ".".join(["x" * 30] * 4)}, {"fqdn"}),
        ({"valid_not_after": "2026-09-01T12:00:00Z"}, {"valid_not_after"}),
        (
            {"fqdn": "?", "address": "x", "valid_not_after": "2020-01-01T00:00:00Z"},
            {"fqdn", "address", "valid_not_after"},
        ),
    ],
)
def test_wrong_members_are_named(member: Caller, members: Any, names: set[str]) -> None:
    body = {"version": 4, "address": "198.51.100.0", "prefix_length": 24, **members}
    assert member.faults("POST", "/ips", body).keys() == names


def test_what_overlaps_is_refused_and_its_holder_told_only_to_itself(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own = prefix(member, "198.51.100.0", 24)["id"]
    for address, length in (("198.51.100.0", 24), ("198.51.100.128", 25), ("198.51.100.7", 32), ("198.51.0.0", 16)):
        body = {"version": 4, "address": address, "prefix_length": length}
        assert own in member.faults("POST", "/ips", body)["address"]
        reason = rival.faults("POST", "/ips", body)["address"]
        assert "in use" in reason
        assert own not in reason
        assert "member" not in reason


def test_the_lan_is_the_exchanges(member: Caller) -> None:
    for address, length in (("192.0.2.20", 32), ("192.0.2.0", 24), ("192.0.2.0", 26), ("2001:db8:1::5", 128)):
        body = {"version": 6 if ":" in address else 4, "address": address, "prefix_length": length}
        assert "in use" in member.faults("POST", "/ips", body)["address"]


@pytest.mark.parametrize("address", ["10.1.0.1", "172.16.0.1", "192.168.9.1", "fd00::1"])
def test_private_addresses_are_nobodys_alone(site: Site, address: str) -> None:
    member, rival = site.login("member"), site.login("rival")
    length = 128 if ":" in address else 32
    own = prefix(member, address, length)["id"]
    prefix(rival, address, length)
    body = {"version": 6 if ":" in address else 4, "address": address, "prefix_length": length}
    assert own in member.faults("POST", "/ips", body)["address"]
    moved = {**body, "address": "2001:db8:f::5" if ":" in address else "198.51.100.5"}
    assert member.patch(f"/ips/{own}", moved, 200)["address"] == moved["address"]
    assert "in use" in rival.faults("POST", "/ips", moved)["address"]
    prefix(member, address, length)


def test_a_private_lan_is_the_exchanges(site: Site) -> None:
    with site.connection.transaction():
        claims.take(site.connection, [PrefixClaim("10.0.0.0/24")], Holder("lan", "exchange"), site.clock())
    body = {"version": 4, "address": "10.0.0.5", "prefix_length": 32}
    assert "LAN" in site.login("member").faults("POST", "/ips", body)["address"]


def test_a_prefix_that_moves_frees_the_old_one(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    own = prefix(member, "198.51.100.0", 24)["id"]
    moved = member.patch(f"/ips/{own}", {"address": "203.0.113.0"}, 200)
    assert (moved["address"], moved["prefix_length"]) == ("203.0.113.0", 24)
    taken = prefix(rival, "198.51.100.0", 25)["id"]
    assert member.faults("PATCH", f"/ips/{own}", {"address": "198.51.100.0"}).keys() == {"address"}
    assert member.patch(f"/ips/{own}", {"prefix_length": 26}, 200)["address"] == "203.0.113.0"
    assert rival.patch(f"/ips/{taken}", {"prefix_length": 24}, 200)["prefix_length"] == 24
    put = {"managing_account": "member", "consuming_account": "member", "version": 6, "prefix_length": 48}
    assert member.put(f"/ips/{own}", {**put, "address": "2001:db8:a::"}, 200)["version"] == 6
    prefix(rival, "203.0.113.0", 24)


def test_an_expired_address_can_still_be_named(site: Site) -> None:
    member = site.login("member")
    own = prefix(member, "198.51.100.0", 24, valid_not_after="2026-09-01T13:00:00Z")["id"]
    site.clock.turn(hours=1, minutes=30)
    assert member.patch(f"/ips/{own}", {"fqdn": "old.example.net"}, 200)["fqdn"] == "old.example.net"
    assert member.faults("PATCH", f"/ips/{own}", {"valid_not_before": "2026-09-01T00:00:00Z"}).keys() == {
        "valid_not_after"
    }


def test_allocated_addresses_are_there_at_once_with_the_length_of_the_lan(member: Caller, config: Any) -> None:
    found = member.get(f"/ips?network_service_config={config['id']}")
    assert [each["id"] for each in found] == config["ips"]
    assert [(each["version"], each["prefix_length"]) for each in found] == [(4, 26), (6, 64)]
    assert {each["managing_account"] for each in found} == {"exchange"}
    assert {each["consuming_account"] for each in found} == {"member"}


def test_of_an_allocated_address_only_the_name_can_change(member: Caller, config: Any) -> None:
    ip = config["ips"][0]
    named = member.patch(f"/ips/{ip}", {"fqdn": "router.example.net"}, 200)
    assert named["fqdn"] == "router.example.net"
    assert member.faults("PATCH", f"/ips/{ip}", {"fqdn": "not a name"}).keys() == {"fqdn"}
    assert member.patch(f"/ips/{ip}", {"fqdn": None, "address": named["address"]}, 200)["fqdn"] is None
    assert member.put(f"/ips/{ip}", {**named, "fqdn": "put.example.net"}, 200)["fqdn"] == "put.example.net"
    for change in (
        {"address": "192.0.2.60"},
        {"prefix_length": 24},
        {"managing_account": "member"},
        {"external_ref": "mine"},
        {"fqdn": "x.example.net", "valid_not_after": "2030-01-01T00:00:00Z"},
    ):
        assert "fqdn" in member.patch(f"/ips/{ip}", change, 403)["detail"]
    assert member.get(f"/ips/{ip}")["fqdn"] == "put.example.net"


def test_who_manages_the_config_names_its_addresses(house: Site) -> None:
    reseller, customer = house.login("reseller"), house.login("customer")
    parties = {"managing_account": "reseller", "billing_account": "reseller", "consuming_account": "customer"}
    connection = reseller.order_connection(**parties)["id"]
    config = reseller.order_peering(connection, **parties)
    ip = config["ips"][0]
    assert customer.get(f"/ips/{ip}")["consuming_account"] == "customer"
    customer.patch(f"/ips/{ip}", {"fqdn": "x.example.net"}, 403)
    assert reseller.patch(f"/ips/{ip}", {"fqdn": "x.example.net"}, 200)["fqdn"] == "x.example.net"
    house.login("rival").patch(f"/ips/{ip}", {"fqdn": "y.example.net"}, 404)


def test_a_private_address_that_is_handed_on_is_the_other_accounts(house: Site) -> None:
    """Each account has it just once, however it came to it."""
    reseller = house.login("reseller")
    order = {"version": 4, "address": "10.77.0.1", "prefix_length": 32}
    handed_on = reseller.post("/ips", order)["id"]
    reseller.patch(f"/ips/{handed_on}", {"consuming_account": "customer"}, 200)
    refused = house.login("customer").faults("POST", "/ips", order)
    assert handed_on in refused["address"]
    again = reseller.post("/ips", order)["id"]
    refused = reseller.faults("PATCH", f"/ips/{again}", {"consuming_account": "customer"})
    assert refused.keys() == {"address"}
