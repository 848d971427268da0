"""What should be on a device, derived from the documents; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from peerhall.exchange.lifecycle import OURS, PROVIDERS, WANTED_IN_NETWORK, Phase, phase_of
from peerhall.exchange.ordering.circuits import side_of
from peerhall.exchange.ordering.clouds import complete as complete_cloud
from peerhall.exchange.ordering.layer3 import complete
from peerhall.exchange.ordering.macs import canonical_mac, is_valid_now
from peerhall.exchange.ordering.routing_functions import name_router
from peerhall.exchange.records import Record
from peerhall.provisioning.driver import Config, Device
from peerhall.provisioning.plan import Wanted

_PREFIXES: Final = {
    "ports": "port",
    "routing-functions": "router",
    "network-service-configs": "attachment",
    "network-feature-configs": "session",
    "network-services": "circuit",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The documents that say what should be on a device, of whatever state."""

    device: Device
    ports: tuple[Record, ...] = ()
    configs: tuple[Record, ...] = ()
    """Network service configs over connections with a port on the device, and on its routing functions."""
    sessions: tuple[Record, ...] = ()
    """Network feature configs, where the device is a route server."""
    named: Mapping[str, Record] = field(default_factory=dict)
    """Whatever these name: connections, services with their offerings, features, MACs, addresses."""
    routers: tuple[Record, ...] = ()
    """Routing functions that have their place on the device."""
    circuits: tuple[Record, ...] = ()
    """The cloud whose circuit at the provider this is; `configs` are then its handovers."""

    @property
    def orders(self) -> tuple[Record, ...]:
        """Everything that is, or was, part of the device's configuration."""
        return (*self.circuits, *self.ports, *self.routers, *self.configs, *self.sessions)

    @property
    def side(self) -> str:
        """Which side of the orders this is."""
        return OURS if self.device.provider is None else PROVIDERS


def key_of(record: Record) -> str:
    """What an order is called on a device."""
    return f"{_PREFIXES[record.kind]}/{record.id}"


def derive_wanted(facts: Facts, now: datetime) -> list[Wanted]:
    """All that is to be on the device at this moment."""
    return [
        *(
            Wanted(key_of(cloud), cloud.id, _circuit(cloud, facts))
            for cloud in facts.circuits
            if phase_of(cloud) in WANTED_IN_NETWORK
        ),
        *_ports(facts),
        *(
            Wanted(key_of(function), function.id, _router(function, facts))
            for function in facts.routers
            if phase_of(function) in WANTED_IN_NETWORK
        ),
        *(
            Wanted(key_of(config), config.id, _attachment(config, facts, now), phase_of(config) is Phase.TESTING)
            for config in facts.configs
            if phase_of(config) in WANTED_IN_NETWORK
        ),
        *(
            Wanted(key_of(session), session.id, _session(session, facts))
            for session in facts.sessions
            if phase_of(session) in WANTED_IN_NETWORK
        ),
    ]


def _ports(facts: Facts) -> Iterable[Wanted]:
    for port in facts.ports:
        connection = facts.named[port.body["connection"]]
        if phase_of(port) in WANTED_IN_NETWORK and phase_of(connection) in WANTED_IN_NETWORK:
            yield Wanted(
                key_of(port),
                port.id,
                {
                    "port": port.body["name"],
                    "speed_mbps": port.body["speed"],
                    "media_type": port.body["media_type"],
                    "connection": connection.body["name"],
                    "mode": connection.body["mode"],
                    "lacp_timeout": connection.body["lacp_timeout"],
                },
            )


def _circuit(cloud: Record, facts: Facts) -> Config:
    """What the exchange asks the provider for, or takes over where the customer has ordered it there."""
    offering = facts.named[cloud.body["product_offering"]].body
    return {
        "circuit": cloud.id,
        "cloud_key": cloud.body["cloud_key"],
        "workflow": offering["service_provider_workflow"],
        "region": offering.get("service_provider_region"),
        "pop": offering.get("service_provider_pop"),
        "delivery_method": offering.get("delivery_method"),
        "capacity_mbps": cloud.body.get("capacity") or _most(cloud, facts),
        "handovers": cloud.body["diversity"],
    }


def _handover(config: Record, facts: Facts) -> Config:
    """What of a circuit the provider is to hand over, and whom it is to talk BGP with there."""
    function = facts.named[config.body["routing_function"]].body if config.body.get("routing_function") else {}
    return {
        "circuit": config.body["network_service"],
        "handover": config.body["handover"],
        **complete_cloud(config.body, function),
    }


def _attachment(config: Record, facts: Facts, now: datetime) -> Config:
    if facts.side == PROVIDERS:
        return _handover(config, facts)
    if config.body.get("routing_function") is not None:
        return _leg(config, facts)
    connection, service = facts.named[config.body["connection"]], facts.named[config.body["network_service"]]
    # One may have been deleted since its config was read; the config is without it by now, and is looked at again.
    macs = [mac for id_ in config.body.get("macs") or () if (mac := facts.named.get(id_)) is not None]
    return {
        "connection": connection.body["name"],
        "ports": sorted(
            port.body["name"] for port in facts.ports if port.body["connection"] == connection.id and _in_use(port)
        ),
        "service": service.body.get("name") or service.id,
        **_private(config, service),
        "vlan_config": config.body["vlan_config"],
        "macs": sorted(canonical_mac(mac.body["address"]) for mac in macs if is_valid_now(mac.body, now)),
        "capacity_mbps": _capacity(config, service, facts),
        "addresses": _addresses(config, facts),
    }


def _private(config: Record, service: Record) -> Config:
    """What tells private services apart, and the parts that their configs play."""
    if config.type == "exchange_lan":
        return {}
    members: Config = {"service_type": service.type, "service_number": service.serial}
    if config.type == "p2p_vc":
        members["side"] = side_of(config, service)
    if config.type == "p2mp_vc":
        members["role"] = config.body["role"]
    if config.type == "cloud_vc":
        members |= {
            "handover": config.body["handover"],
            "provider_vlan": (config.body.get("cloud_config") or {}).get("vlan"),
        }
    if config.type == "mp2mp_vc":
        members["mac_acl_protection"] = bool(service.body.get("mac_acl_protection"))
    return members


def _router(function: Record, facts: Facts) -> Config:
    capacity = function.body.get("capacity") or _most(function, facts)
    return {"router": name_router(function.id), "asn": function.body["asn"], "capacity_mbps": capacity}


def _leg(config: Record, facts: Facts) -> Config:
    """An attachment of a routing function: what it is to a service, and whom it talks BGP with there."""
    function, service = facts.named[config.body["routing_function"]], facts.named[config.body["network_service"]]
    return {
        "router": name_router(function.id),
        "service": service.body.get("name") or service.id,
        **_private(config, service),
        "capacity_mbps": _capacity(config, service, facts),
        "addresses": _addresses(config, facts),
        **complete(config.body.get("l3_config"), function.body),
    }


def _capacity(config: Record, service: Record, facts: Facts) -> int | None:
    """How much may come through in Mbit/s: what was ordered, else the most its offering has."""
    ordered = (service if config.type == "cloud_vc" else config).body.get("capacity")
    return ordered or _most(config if config.body.get("product_offering") else service, facts)


def _most(order: Record, facts: Facts) -> int | None:
    """The most an order's offering lets through in Mbit/s. Peering LANs have none themselves."""
    offering = facts.named.get(order.body.get("product_offering") or "")
    return offering.body.get("bandwidth_max") if offering else None


def _addresses(config: Record, facts: Facts) -> list[str]:
    """The addresses the exchange gave a config, with their prefix lengths."""
    found = (facts.named[ip].body for ip in config.body.get("ips") or ())
    return sorted(f"{address['address']}/{address['prefix_length']}" for address in found)


def _session(session: Record, facts: Facts) -> Config:
    address = facts.named[session.body["ip"]]
    family = f"v{address.body['version']}"
    return {
        "neighbor": address.body["address"],
        "asn": session.body["asn"],
        "as_set": session.body.get(f"as_set_{family}")
        or session.body.get("as_set_v4")
        or session.body.get("as_set_v6"),
        "max_prefix": session.body.get(f"max_prefix_{family}"),
        "password": session.body.get("password") or None,
        "session_mode": session.body["session_mode"],
        "passive": session.body["bgp_session_type"] == "passive",
        "insert_ixp_asn": session.body.get("insert_ixp_asn"),
        "flags": [{"name": each["name"], "enabled": each["enabled"]} for each in session.body.get("flags") or []],
    }


def _in_use(port: Record) -> bool:
    return phase_of(port) in WANTED_IN_NETWORK
