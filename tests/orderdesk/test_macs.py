"""MAC addresses over HTTP: what can be registered, and when it can go again."""

from typing import Any

import pytest

from tests.installation import Caller, Site

MAC = "02:00:5E:00:53:01"


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


def test_an_address_is_the_callers_own_unless_it_says_otherwise(member: Caller) -> None:
    created = member.post("/macs", {"address": MAC})
    assert created == {
        "id": created["id"],
        "managing_account": "member",
        "consuming_account": "member",
        "external_ref": None,
        "address": MAC,
        "valid_not_before": None,
        "valid_not_after": None,
    }
    assert member.get(f"/macs?address={MAC.lower()}&id={created['id']}") == [created]


def test_misspelt_accounts_are_ignored(member: Caller) -> None:
    """As Peering Manager sends them."""
    body = {"address": "02:00:5e:00:53:02", "managing__account": "rival", "consuming__account": "rival"}
    assert member.post("/macs", body)["consuming_account"] == "member"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "02-00-5e-00-53-01",
        "0200.5e00.5301",
        "02:00:5e:00:53",
        "02:00:5e:00:53:01:02",
        "02:00:5e:00:53:0g",
        " 02:00:5e:00:53:01",
        "02:00:5e:00:53:01\n",
        "\u06602:00:5e:00:53:01",
        "01:00:5e:00:53:01",
        "03:00:00:00:00:01",
        "ff:ff:ff:ff:ff:ff",
        "33:33:00:00:00:01",
        "00:00:00:00:00:00",
    ],
)
def test_what_no_interface_has_is_refused(member: Caller, address: str) -> None:
    assert member.faults("POST", "/macs", {"address": address}).keys() == {"address"}


@pytest.mark.parametrize(
    ("validity", "names"),
    [
        ({"valid_not_after": "2026-09-01T12:00:00Z"}, {"valid_not_after"}),
        ({"valid_not_after": "2026-09-01T13:59:59+02:00"}, {"valid_not_after"}),
        (
            {"valid_not_before": "2027-01-01T00:00:00Z", "valid_not_after": "2026-12-31T00:00:00Z"},
            {"valid_not_after"},
        ),
        ({"valid_not_before": "2026-09-01 12:00:00"}, {"valid_not_before"}),
        ({"valid_not_before": "2026-09-01"}, {"valid_not_before"}),
        ({"valid_not_before": "2026-09-31T12:00:00Z"}, {"valid_not_before"}),
    ],
)
def test_a_validity_must_make_sense(member: Caller, validity: Any, names: set[str]) -> None:
    assert member.faults("POST", "/macs", {"address": MAC, **validity}).keys() == names


def test_instants_are_given_in_utc(member: Caller) -> None:
    validity = {"valid_not_before": "2026-09-01T12:00:00.75+02:00", "valid_not_after": "2027-01-01t00:00:00z"}
    created = member.post("/macs", {"address": MAC, **validity})
    assert (created["valid_not_before"], created["valid_not_after"]) == ("2026-09-01T10:00:00Z", "2027-01-01T00:00:00Z")


def test_an_address_in_use_stays(site: Site) -> None:
    member = site.login("member")
    mac = member.order_mac()["id"]
    connection = member.order_connection()["id"]
    site.reconcile()
    config = member.order_peering(connection, macs=[mac])["id"]
    [conflict] = member.unable("DELETE", f"/macs/{mac}")["conflicts"]
    assert (conflict["resource_type"], conflict["resource_id"], conflict["resource_property"]) == (
        "network-service-configs",
        config,
        "macs",
    )
    member.patch(f"/network-service-configs/{config}", {"macs": []})
    assert member.delete(f"/macs/{mac}", 200)["id"] == mac
    member.get(f"/macs/{mac}", 404)


@pytest.mark.parametrize("live", [False, True])
def test_an_address_can_go_as_soon_as_its_config_is_to_go(site: Site, live: bool) -> None:
    """Terraform destroys the config and, right after, the address."""
    member = site.login("member")
    mac = member.order_mac()["id"]
    connection = member.order_connection()["id"]
    site.reconcile()
    config = member.order_peering(connection, macs=[mac])["id"]
    if live:
        site.reconcile()
    left = member.request("DELETE", f"/network-service-configs/{config}", content="null")
    assert left.status_code == 202
    member.delete(f"/macs/{mac}", 200)
    assert member.get(f"/network-service-configs/{config}")["macs"] == []
    site.reconcile()
    assert member.get(f"/network-service-configs/{config}")["state"] in ("cancelled", "decommissioned")


def test_there_is_no_changing_an_address(member: Caller) -> None:
    mac = member.post("/macs", {"address": MAC})["id"]
    for method in ("PUT", "PATCH"):
        assert member.request(method, f"/macs/{mac}", json={"address": "02:00:5e:00:53:03"}).status_code == 405
