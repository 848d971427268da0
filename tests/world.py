"""A small fictional exchange as documents, with ids that can be read in a failing test.

One metro area network with one PoP and one switch, one peering LAN with two route servers, three offerings; a reseller
with a customer, two members, a newcomer who has not been admitted yet.
"""

from typing import Any

from peerhall.contract.validation import blank
from peerhall.exchange.claims import Holder, PrefixClaim
from peerhall.exchange.records import Record
from peerhall.store import claims, documents, settings
from peerhall.store.database import SyncConnection
from tests.clock import Clock

ADDRESS = {
    "country": "IE",
    "locality": "Cork",
    "region": None,
    "postal_code": "T12",
    "street_address": "1 Example Street",
    "post_office_box_number": None,
}
BILLING = {"name": "Accounts Payable", "address": ADDRESS, "vat_number": None}

MEMBERS = ("member", "rival", "reseller")
"""Accounts in production and billable; `customer` stands below `reseller`, `newcomer` is not admitted yet."""


def record(kind: str, id_: str, meta: dict[str, Any] | None = None, **body: Any) -> Record:
    return Record(id_, kind, {"id": id_, **body}, meta or {})


def account(id_: str, parent: str | None = None, **members: Any) -> Record:
    body = {
        **blank("Account"),
        "name": id_.title(),
        "managing_account": parent,
        "metro_area_network_presence": [],
        "address": ADDRESS,
        "billing_information": BILLING,
        "state": "production",
        "status": [],
        "asns": [],
    }
    return record("accounts", id_, **{**body, **members})


def accounts() -> list[Record]:
    return [
        account("exchange", name="Example Exchange", discoverable=True, billing_information=None),
        account("member"),
        account("rival", discoverable=True),
        account("reseller"),
        account("customer", "reseller", billing_information=None),
        account("newcomer", state="requested"),
    ]


def catalogue() -> list[Record]:
    offering: dict[str, Any] = {
        "service_provider": "Example Exchange",
        "handover_metro_area": "cork",
        "handover_metro_area_network": "man",
        "downgrade_allowed": True,
        "upgrade_allowed": True,
    }
    lan: dict[str, Any] = {
        **blank("ProductOffering", "exchange_lan"),
        **offering,
        "type": "exchange_lan",
        "resource_type": "network_service_config",
        "physical_port_speed": None,
        "provider_vlans": "single",
        "service_metro_area": "cork",
        "service_metro_area_network": "man",
        "exchange_lan_network_service": "lan",
        "bandwidth_min": 100,
        "bandwidth_max": None,
    }
    port: dict[str, Any] = {
        **blank("ProductOffering", "connection"),
        **offering,
        "type": "connection",
        "resource_type": "connection",
        "physical_port_speed": 10000,
        "maximum_port_quantity": 4,
        "required_contact_roles": [],
    }
    router: dict[str, Any] = {
        **blank("ProductOffering", "routing_function"),
        **offering,
        "type": "routing_function",
        "resource_type": "routing_function",
        "bandwidth_min": 100,
        "bandwidth_max": 10000,
    }
    return [
        record(
            "metro-areas",
            "cork",
            un_locode="IEORK",
            iata_code="ORK",
            display_name="Cork",
            facilities=["facility"],
            metro_area_networks=["man"],
        ),
        record(
            "metro-area-networks",
            "man",
            name="CORK",
            metro_area="cork",
            service_provider="Example Exchange",
            pops=["pop"],
        ),
        record(
            "facilities",
            "facility",
            name="Cork One",
            metro_area="cork",
            address_country="IE",
            address_locality="Cork",
            address_region="Munster",
            postal_code="T12",
            street_address="1 Example Street",
            organisation_name="Example Datacentres",
            peeringdb_facility_id=None,
            latitude=51.9,
            longitude=-8.5,
            pops=["pop"],
        ),
        record(
            "pops",
            "pop",
            name="ORK1",
            facility="facility",
            metro_area_network="man",
            devices=["switch"],
            availability_zone=None,
        ),
        record(
            "devices",
            "switch",
            {"ports": [{"media_type": "10GBASE-LR", "speed": 10000, "names": [f"Ethernet{n}" for n in range(1, 25)]}]},
            name="sw1.ork1",
            pop="pop",
            facility="facility",
            capabilities=[{"media_type": "10GBASE-LR", "speed": 10000, "max_lag": 8, "availability": 24}],
        ),
        record("roles", "role-legal", name="legal", required_fields=["email"]),
        record("roles", "role-noc", name="noc", required_fields=["email", "telephone"]),
        record("roles", "role-peering", name="peering", required_fields=["email"]),
        record(
            "network-services",
            "lan",
            {"subnets": {"4": {"reserved": ["192.0.2.0-192.0.2.9"]}, "6": {"scheme": "asn-hex"}}},
            type="exchange_lan",
            state="production",
            status=[],
            name="Example LAN",
            nsc_required_contact_roles=[],
            managing_account="exchange",
            consuming_account="exchange",
            external_ref=None,
            metro_area_network="man",
            peeringdb_ixid=None,
            ixfdb_ixid=None,
            network_features=["rs1", "rs2"],
            subnet_v4="192.0.2.0/26",
            subnet_v6="2001:db8:1::/64",
            product_offering=None,
            ips=[],
        ),
        *(route_server(n) for n in (1, 2)),
        record(
            "product-offerings",
            "port-10g",
            name="10G port",
            display_name="10G port",
            **{**port, "cross_connect_initiator": "subscriber"},
        ),
        record(
            "product-offerings",
            "port-10g-exchange",
            name="10G port, cross-connect by us",
            display_name="10G port",
            **{**port, "cross_connect_initiator": "exchange"},
        ),
        record("product-offerings", "peering", name="Peering", display_name="Peering", **lan),
        private_offering("circuit-1g", "p2p_vc", bandwidth_max=1000),
        private_offering("circuit-5g", "p2p_vc", bandwidth_max=5000),
        private_offering("rooted", "p2mp_vc", bandwidth_max=None),
        private_offering("closed-group", "mp2mp_vc", bandwidth_max=None),
        cloud_offering("nimbus", "aws", bandwidth_max=10000, diversity=2),
        cloud_offering(
            "stratus",
            "azure",
            bandwidth_max=10000,
            diversity=2,
            service_provider_workflow="provider_first",
            provider_vlans="multi",
            nsc_required_cloud_config_fields=["vlan", "peering_type"],
            nsc_supported_cloud_config_fields=["vlan", "peering_type", "bgp_password"],
            nsc_supported_cloud_config_peering_types=["private", "microsoft"],
        ),
        record("product-offerings", "routing", name="Router", display_name="Router", **router),
    ]


def private_offering(id_: str, type_: str, **members: Any) -> Record:
    body: dict[str, Any] = {
        **blank("ProductOffering", type_),
        "type": type_,
        "name": id_,
        "display_name": id_,
        "resource_type": "network_service",
        "service_provider": "Example Exchange",
        "handover_metro_area": "cork",
        "handover_metro_area_network": "man",
        "service_metro_area": "cork",
        "service_metro_area_network": "man",
        "physical_port_speed": None,
        "provider_vlans": "single",
        "downgrade_allowed": True,
        "upgrade_allowed": True,
        "bandwidth_min": 100,
    }
    return record("product-offerings", id_, **{**body, **members})


def cloud_offering(id_: str, provider: str, **members: Any) -> Record:
    """Into a fictional cloud, whose keys are those of `provider`."""
    cloud = {
        "service_provider": f"{id_.title()} Cloud",
        "service_provider_region": "north-1",
        "service_provider_pop": "N1",
        "service_provider_pop_name": "North One",
        "service_provider_workflow": "exchange_first",
        "delivery_method": "shared",
        "diversity": 1,
        "service_exchange_pops": [{"pop": "pop", "path_info": None}],
        **members,
    }
    offering = private_offering(id_, "cloud_vc", **cloud)
    return offering.with_meta(cloud_provider=provider)


def route_server(number: int) -> Record:
    return record(
        "network-features",
        f"rs{number}",
        type="route_server",
        name=f"rs{number}.example.net",
        required=False,
        nfc_required_contact_roles=[],
        flags=[],
        network_service="lan",
        asn=64500,
        fqdn=f"rs{number}.example.net",
        looking_glass_url=None,
        address_families=["af_inet", "af_inet6"],
        session_mode="public",
        available_bgp_session_types=["active", "passive"],
        ip_v4=f"192.0.2.{number}",
        ip_v6=f"2001:db8:1::{number}",
    )


def build(connection: SyncConnection, **rules: Any) -> None:
    """Writes it all into a migrated, empty database."""
    with connection.transaction():
        documents.insert(connection, [*accounts(), *catalogue()])
        chosen = {"account": "exchange", "name": "Example Exchange", "accept_all_asns": True, **rules}
        settings.write_setting(connection, settings.EXCHANGE, chosen)
        subnets = [PrefixClaim("192.0.2.0/26"), PrefixClaim("2001:db8:1::/64")]
        claims.take(connection, subnets, Holder("lan", "exchange"), Clock()())
