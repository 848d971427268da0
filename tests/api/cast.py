"""One object of every kind, so that who may see and do what with it can be tried; beside the world's catalogue.

`reseller` stands above `dealer`, who manages all that is below, and `dealer` above `user`, who only uses it. `rival` is
the stranger, but for the objects whose names say what makes it more than that.
"""

from collections.abc import Iterator
from typing import Any

from peerhall.contract.validation import blank
from peerhall.exchange.claims import PrefixClaim, vlan_claim
from peerhall.exchange.durations import normalise_duration
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk.order import Order
from peerhall.store.database import SyncConnection
from tests.clock import Clock
from tests.world import account, record

MANAGER, USER, ABOVE, STRANGER = "dealer", "user", "reseller", "rival"

OWNERS = {"managing_account": MANAGER, "consuming_account": USER, "external_ref": "ref-1"}
INVOICED = {**OWNERS, "billing_account": MANAGER, "purchase_order": "PO-1", "contract_ref": "C-1"}
OF_STRANGER = {"managing_account": STRANGER, "consuming_account": STRANGER, "billing_account": STRANGER}
LIVE = {"phase": Phase.LIVE.value}
IN_NETWORK = {**LIVE, "network": {"present": True, "configured": True, "tested": True}}
DATES = {"decommission_at": None, "charged_until": None, "current_billing_start_date": "2026-08-01"}
IN_PRODUCTION: dict[str, Any] = {"state": "production", "status": []}
DOT1Q = {"vlan_type": "dot1q", "vlan": 100, "vlan_ethertype": "0x8100"}
QINQ = {
    "vlan_type": "qinq",
    "outer_vlan": 200,
    "outer_vlan_ethertype": "0x88a8",
    "inner_vlan": 300,
}


def stage(connection: SyncConnection) -> None:
    """Writes the whole cast into a database that holds the world."""
    order = Order(connection, Caller("cast", None, frozenset()), Clock()())
    with connection.transaction():
        order.add(*_accounts(), *_catalogue())
        order.add(*_services(), *_joining_rules())
        order.add(*personal(""), *_connection(), *_configs(), *_own_lan_objects())
        for config in ("config", "circuit-config", "group-config-of-rival"):
            written = order.get("network-service-configs", config)
            serial = order.get("connections", written.body["connection"]).serial
            assert serial is not None
            order.take([vlan_claim(serial, written.body["vlan_config"])], written)
        order.take([PrefixClaim("198.51.100.0/24")], order.get("ips", "ip"))


def personal(suffix: str, owners: dict[str, Any] = OWNERS) -> list[Record]:
    """A contact with a role, a MAC and a prefix; as often as there are suffixes."""
    contact = {"name": "Network Operations", "telephone": "+353 20 912 2000", "email": "noc@example.net"}
    address = {"version": 4, "address": "198.51.100.0", "prefix_length": 24, "fqdn": "net.example.net"}
    validity = {"valid_not_before": "2026-08-01T00:00:00Z", "valid_not_after": "2027-08-01T00:00:00Z"}
    accounts = {name: value for name, value in owners.items() if name != "external_ref"}
    return [
        record("contacts", f"contact{suffix}", **owners, **contact),
        record("role-assignments", f"assignment{suffix}", accounts, role="role-noc", contact=f"contact{suffix}"),
        record("macs", f"mac{suffix}", **owners, address="02:00:5E:00:53:01", **validity),
        record("ips", f"ip{suffix}", **owners, **address, **validity),
    ]


def lan_config(id_: str, state: str = "production", **members: Any) -> Record:
    """A config on the LAN, as an order that was carried out leaves it."""
    body: dict[str, Any] = {
        **blank("NetworkServiceConfig", "exchange_lan"),
        **INVOICED,
        **DATES,
        "state": state,
        "status": [],
        "type": "exchange_lan",
        "network_service": "lan",
        "product_offering": "peering",
        "connection": "connection",
        "vlan_config": DOT1Q,
        "capacity": 1000,
        "asns": [64496],
        "macs": ["mac"],
        "ips": [],
        "listed": True,
        "role_assignments": ["assignment"],
        "network_feature_configs": [],
    }
    return record("network-service-configs", id_, IN_NETWORK, **{**body, **members})


def session(id_: str, config: str = "config", ip: str = "address-v4", **members: Any) -> Record:
    """A session with the first route server."""
    body: dict[str, Any] = {
        **blank("NetworkFeatureConfig", "route_server"),
        **INVOICED,
        **IN_PRODUCTION,
        "type": "route_server",
        "network_feature": "rs1",
        "network_service_config": config,
        "role_assignments": ["assignment"],
        "flags": [],
        "asn": 64496,
        "password": "session-password",
        "as_set_v4": "AS-EXAMPLE@RIPE",
        "session_mode": "public",
        "bgp_session_type": "passive",
        "ip": ip,
    }
    return record("network-feature-configs", id_, IN_NETWORK, **{**body, **members})


def lan_address(id_: str, version: int, address: str, config: str, **members: Any) -> Record:
    """An address on the LAN that was allocated to a config."""
    body = {
        **blank("IpAddress"),
        "managing_account": "exchange",
        "consuming_account": USER,
        "version": version,
        "address": address,
        "prefix_length": 26 if version == 4 else 64,
    }
    meta = {"network_service": "lan", "network_service_config": config}
    return record("ips", id_, meta, **{**body, **members})


def routing_function(id_: str) -> Record:
    """A routing function in production."""
    body = {**blank("RoutingFunction"), **INVOICED, **IN_PRODUCTION, "product_offering": "routing", "asn": 64496}
    return record("routing-functions", id_, IN_NETWORK, **body)


def connection(id_: str, **members: Any) -> list[Record]:
    """A standalone connection in production, with its reservation and port."""
    body: dict[str, Any] = {
        **blank("Connection"),
        **INVOICED,
        **DATES,
        **IN_PRODUCTION,
        "name": f"ork1-10g-{id_}",
        "mode": "standalone",
        "product_offering": "port-10g",
        "ports": [f"port-of-{id_}"],
        "port_reservations": [f"reservation-of-{id_}"],
        "port_quantity": 1,
        "pop": "pop",
        "metro_area": "cork",
        "metro_area_network": "man",
        "speed": 10000,
        "capacity_allocated": 1000,
        "vlan_types": ["port", "dot1q", "qinq"],
        "outer_vlan_ethertypes": ["0x8100", "0x88a8", "0x9100"],
        "subscriber_side_demarcs": [],
        "role_assignments": ["assignment"],
    }
    body |= members
    owners = {name: body[name] for name in ("managing_account", "consuming_account")}
    reservation = {**blank("PortReservation"), **DATES, **IN_PRODUCTION, "connection": id_, "external_ref": "ref-1"}
    port = {name: body[name] for name in (*INVOICED, "state", "status", "role_assignments")}
    hardware = {"media_type": "10GBASE-LR", "speed": 10000, "operational_state": "up", "device": "switch", "pop": "pop"}
    reserved = {"device": "switch", "port": f"Ethernet-{id_}", "media_type": "10GBASE-LR", "speed": 10000}
    return [
        record("connections", id_, LIVE, **body),
        record("ports", f"port-of-{id_}", IN_NETWORK, **port, **hardware, name=f"Ethernet-{id_}", connection=id_),
        record(
            "port-reservations",
            f"reservation-of-{id_}",
            {**LIVE, **owners, "reserved": reserved},
            **{**reservation, "port": f"port-of-{id_}", "exchange_side_demarc": "Cork One / ORK1"},
        ),
    ]


def service(type_: str, id_: str, **members: Any) -> Record:
    """A private service."""
    body: dict[str, Any] = {
        **blank("NetworkService", type_),
        **INVOICED,
        **DATES,
        **IN_PRODUCTION,
        "type": type_,
        "product_offering": f"{type_}-offering",
        "nsc_required_contact_roles": [],
    }
    groups = ("p2mp_vc", "mp2mp_vc")
    if type_ in groups:
        body |= {"network_features": [], "member_joining_rules": []}
    if type_ != "cloud_vc":
        body["display_name"] = id_
    return record("network-services", id_, LIVE, **{**body, **members})


WISH = {"product_offering": "p2p_vc-offering", "capacity": 1000}
"""What the B-side of a circuit may ask for."""


def circuit(id_: str, *, wished: bool) -> list[Record]:
    """A circuit to the stranger, who has completed it, and who may have asked for another bandwidth."""
    made = service("p2p_vc", id_, joining_member_account=STRANGER, capacity=1000)
    side = {**blank("NetworkServiceConfig", "p2p_vc"), **_private(), **OF_STRANGER, "connection": "connection-of-rival"}
    side |= {"type": "p2p_vc", "network_service": id_, "capacity": 1000}
    return [
        made.with_meta(change_request=WISH) if wished else made,
        record("network-service-configs", f"{id_}-b", {**IN_NETWORK, "side": "b"}, **side),
    ]


def _private() -> dict[str, Any]:
    """What configs on private services have in common."""
    return {
        **INVOICED,
        **DATES,
        **IN_PRODUCTION,
        "connection": "connection",
        "vlan_config": QINQ,
        "role_assignments": [],
        "network_feature_configs": [],
        "macs": [],
        "ips": [],
    }


def group_with_rule(group: str, rule: str) -> list[Record]:
    """A private closed user group, and a rule that lets its user in."""
    members = {"managing_account": MANAGER, "consuming_account": USER, "external_ref": "ref-1", "capacity_max": None}
    return [
        service("mp2mp_vc", group, public=False, member_joining_rules=[rule]),
        record("member-joining-rules", rule, **members, network_service=group, type="allow", capacity_min=100),
    ]


def _accounts() -> Iterator[Record]:
    yield account(MANAGER, ABOVE, external_ref="dealer-ref", legal_name="Dealer Ltd", asns=[64496])
    yield account(USER, MANAGER, billing_information=None, asns=[64497])


def _catalogue() -> Iterator[Record]:
    yield record("availability-zones", "zone", name="zone-a")
    common: dict[str, Any] = {
        "name": "Offering",
        "display_name": "Offering",
        "service_provider": "Example Exchange",
        "handover_metro_area": "cork",
        "handover_metro_area_network": "man",
        "downgrade_allowed": False,
        "upgrade_allowed": False,
        "physical_port_speed": None,
        "bandwidth_min": 10,
        "bandwidth_max": 10000,
    }
    network = {"provider_vlans": "multi", "service_metro_area": "cork", "service_metro_area_network": "man"}
    cloud = {
        "service_provider_region": "eu-west",
        "service_provider_pop": "cloud-pop",
        "service_provider_workflow": "provider_first",
        "delivery_method": "shared",
        "diversity": 2,
    }
    for type_ in ("p2p_vc", "p2mp_vc", "mp2mp_vc", "cloud_vc"):
        body = {**blank("ProductOffering", type_), **common, **network, **(cloud if type_ == "cloud_vc" else {})}
        yield record("product-offerings", f"{type_}-offering", **body, type=type_, resource_type="network_service")
    periods = {
        "contract_initial_period": "P12M",
        "contract_initial_notice_period": "P3M",
        "contract_renewal_period": "P30D",
        "contract_renewal_notice_period": "P2W",
    }
    normalised = {name: normalise_duration(period) for name, period in periods.items()}
    body = {**blank("ProductOffering", "connection"), **common, **periods, "name": "100G port", "handover_pop": "pop"}
    for bandwidth in ("bandwidth_min", "bandwidth_max"):
        del body[bandwidth]
    body |= {"physical_port_speed": 100000, "cross_connect_initiator": "subscriber", "type": "connection"}
    yield record("product-offerings", "port-100g", {"periods": normalised}, **body, resource_type="connection")
    body = {**blank("ProductOffering", "routing_function"), **common, "physical_port_speed": 10000}
    yield record(
        "product-offerings",
        "routing-offering",
        **body,
        type="routing_function",
        resource_type="routing_function",
    )


def _services() -> Iterator[Record]:
    yield service("p2p_vc", "circuit", joining_member_account="member", capacity=1000)
    yield service("p2p_vc", "circuit-to-rival", joining_member_account=STRANGER, capacity=1000)
    yield circuit("circuit-wished-by-rival", wished=True)[0]
    yield service("p2mp_vc", "tree", public=False)
    yield service("p2mp_vc", "tree-public", public=True)
    yield service("mp2mp_vc", "group", public=False)
    yield service("mp2mp_vc", "group-public", public=True)
    yield service("mp2mp_vc", "group-allowing-rival", public=False, member_joining_rules=["rule-for-rival"])
    yield service("mp2mp_vc", "group-denying-rival", public=False, member_joining_rules=["rule-against-rival"])
    yield service("mp2mp_vc", "group-joined-by-rival", public=False)
    yield service("mp2mp_vc", "group-left-by-rival", public=False)
    yield service("mp2mp_vc", "group-of-rival", public=False, **OF_STRANGER)
    yield service("cloud_vc", "cloud", capacity=1000, diversity=2, provider_ref="circuit-1", cloud_key="123456789012")


def _joining_rules() -> Iterator[Record]:
    common = {"managing_account": MANAGER, "external_ref": "ref-1"}
    limits = {"capacity_min": 100, "capacity_max": None}
    yield record(
        "member-joining-rules", "rule", **common, **limits, consuming_account=USER, network_service="tree", type="allow"
    )
    for_rival = {**common, "consuming_account": STRANGER}
    yield record(
        "member-joining-rules",
        "rule-for-rival",
        **for_rival,
        **limits,
        network_service="group-allowing-rival",
        type="allow",
    )
    yield record(
        "member-joining-rules", "rule-against-rival", **for_rival, network_service="group-denying-rival", type="deny"
    )


def _connection() -> Iterator[Record]:
    yield from connection("connection")
    rivals = {"managing_account": STRANGER, "consuming_account": STRANGER, "billing_account": STRANGER}
    yield from connection("connection-of-rival", **rivals, role_assignments=[], external_ref=None)
    yield from connection("connection-paid-by-rival", billing_account=STRANGER)
    yield from connection("xconnect", product_offering="port-10g-exchange")


def _own_lan_objects() -> Iterator[Record]:
    yield session("session")
    yield routing_function("router")


def _configs() -> Iterator[Record]:
    subnet = {"address": "192.0.2.0", "consuming_account": "exchange", "fqdn": None}
    yield record("ips", "lan-v4", **{**lan_address("", 4, "", "").body, **subnet, "id": "lan-v4"})
    of_server = {**lan_address("", 4, "", "").body, "address": "192.0.2.1", "consuming_account": "exchange"}
    yield record("ips", "rs1-v4", {"network_feature": "rs1"}, **{**of_server, "id": "rs1-v4", "fqdn": None})
    yield lan_address("address-v4", 4, "192.0.2.20", "config", fqdn="router.example.net")
    yield lan_address("address-v6", 6, "2001:db8:1::20", "config")
    yield lan_config("config", ips=["address-v4", "address-v6"], network_feature_configs=["session"])
    private = _private()
    circuit = {**blank("NetworkServiceConfig", "p2p_vc"), **private}
    yield record(
        "network-service-configs", "circuit-config", IN_NETWORK, **circuit, type="p2p_vc", network_service="circuit"
    )
    joined = {**blank("NetworkServiceConfig", "mp2mp_vc"), **private, **OF_STRANGER, "type": "mp2mp_vc"}
    joined |= {"connection": "connection-of-rival", "vlan_config": DOT1Q}
    yield record(
        "network-service-configs",
        "group-config-of-rival",
        IN_NETWORK,
        **{**joined, "network_service": "group-joined-by-rival"},
    )
    yield record(
        "network-service-configs",
        "group-config-rival-left",
        {"phase": Phase.GONE.value, "released": True},
        **{**joined, "network_service": "group-left-by-rival", "state": "decommissioned"},
    )
