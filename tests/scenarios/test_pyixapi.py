"""The client library from PyPI orders peering and reads everything, with nothing but its own calls."""

from collections.abc import Iterator
from typing import Any

import pyixapi
import pytest

from tests.clock import RunningClock
from tests.installation import Site
from tests.orderdesk.test_connections import set_offering

COLLECTIONS = (
    "accounts",
    "availability_zones",
    "connections",
    "contacts",
    "devices",
    "facilities",
    "ips",
    "macs",
    "member_joining_rules",
    "metro_area_networks",
    "metro_areas",
    "network_feature_configs",
    "network_features",
    "network_service_configs",
    "network_services",
    "pops",
    "port_reservations",
    "ports",
    "product_offerings",
    "role_assignments",
    "roles",
    "routing_functions",
)


@pytest.fixture
def api(site: Site) -> Iterator[Any]:
    """Logged in as the member."""
    key, secret = site.key("member")
    client = pyixapi.api(site.url, key, secret)
    client.authenticate()
    yield client
    client.http_session.close()


@pytest.fixture
def clock() -> RunningClock:
    """pyixapi goes by its own clock, so ours must not stand still."""
    return RunningClock()


def test_a_member_orders_peering(site: Site, api: Any) -> None:
    assert api.version == 2
    assert api.account().id == "member"
    service = next(api.network_services.filter(type="exchange_lan"))
    port = next(api.product_offerings.filter(type="connection", physical_port_speed=10000))
    peering = next(
        api.product_offerings.filter(type="exchange_lan", service_metro_area_network=service.metro_area_network)
    )
    connection = api.connections.create(
        managing_account="member",
        consuming_account="member",
        billing_account="member",
        role_assignments=[],
        mode="standalone",
        port_quantity=1,
        product_offering=port.id,
    )
    mac = api.macs.create(managing_account="member", consuming_account="member", address="02:00:5e:10:00:01")
    config = api.network_service_configs.create(
        type="exchange_lan",
        managing_account="member",
        consuming_account="member",
        billing_account="member",
        role_assignments=[],
        network_service=service.id,
        product_offering=peering.id,
        connection=connection.id,
        vlan_config={"vlan_type": "dot1q", "vlan": 100},
        macs=[mac.id],
        asns=[64496],
        listed=True,
    )
    assert config.state == "requested"
    addresses = list(api.ips.filter(network_service_config=config.id))
    assert {str(each.cidr) for each in addresses} == {"192.0.2.10/26", "2001:db8:1::fbf0:1/64"}
    for feature in api.network_features.filter(network_service=service.id):
        for address in addresses:
            api.network_feature_configs.create(
                type="route_server",
                managing_account="member",
                consuming_account="member",
                billing_account="member",
                role_assignments=[],
                network_feature=feature.id,
                network_service_config=config.id,
                asn=64496,
                as_set_v4="AS-EXAMPLE@RIPE",
                as_set_v6="AS-EXAMPLE@RIPE",
                session_mode="public",
                bgp_session_type="passive",
                insert_ixp_asn=False,
                ip=address.id,
            )
    site.reconcile()
    config = api.network_service_configs.get(config.id)
    assert config.state == "production"
    assert len(config.network_feature_configs) == 4
    assert {each.state for each in api.network_feature_configs.filter(network_service_config=config.id)} == {
        "production"
    }
    assert api.connections.get(connection.id).state == "production"


def test_a_session_with_flags_can_be_changed(site: Site, api: Any) -> None:
    set_offering(site, "rs1", flags=[{"name": "rpki", "description": "Drops what is invalid", "mandatory": False}])
    member = site.login("member")
    config = member.order_peering(member.order_connection()["id"], macs=[member.order_mac()["id"]])
    ordered = member.order_session(config["id"], config["ips"][0])
    assert ordered["flags"], "pyixapi can change objects whose flags are not empty"
    session = api.network_feature_configs.get(ordered["id"])
    assert session.update({"max_prefix_v4": 120}) is True
    assert api.network_feature_configs.get(ordered["id"]).max_prefix_v4 == 120


def test_what_was_ordered_can_be_changed_and_left(site: Site, api: Any) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    mac = member.order_mac()["id"]
    ordered = member.order_peering(connection, macs=[mac])
    assert ordered["status"], "pyixapi can change objects whose status is not empty"
    config = api.network_service_configs.get(ordered["id"])
    assert config.update({"external_ref": "ours", "capacity": 500}) is True
    site.reconcile()
    config = api.network_service_configs.get(ordered["id"])
    assert (config.external_ref, config.capacity, config.state) == ("ours", 500, "production")
    address = next(api.ips.filter(network_service_config=config.id, version=4))
    address.fqdn = "router.example.net"
    assert address.save() is True
    assert api.ips.get(address.id).fqdn == "router.example.net"
    assert config.delete() is True
    assert api.macs.get(mac).delete() is True
    site.reconcile()
    assert api.network_service_configs.get(config.id).state == "decommissioned"
    assert api.macs.get(mac) is None


def test_every_collection_can_be_read_and_printed(site: Site, api: Any) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    member.order_peering(connection, macs=[member.order_mac()["id"]])
    for name in COLLECTIONS:
        collection = getattr(api, name)
        listed = list(collection.all())
        for each in listed:
            assert str(each)
            assert collection.get(each.id).id == each.id
        assert [each.id for each in collection.filter(id=[each.id for each in listed])] == [each.id for each in listed]


def test_a_login_is_renewed_by_its_refresh_token(site: Site, api: Any) -> None:
    api.access_token = None
    renewed = api.authenticate()
    assert renewed is not None
    assert api.account().id == "member"


def test_peering_managers_misspelt_accounts_do_no_harm(api: Any) -> None:
    mac = api.macs.create(managing__account="member", consuming__account="member", address="02:00:5e:10:00:01")
    assert (mac.managing_account, mac.consuming_account) == ("member", "member")
