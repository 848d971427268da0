"""Which members of which objects name other objects, and which lists are only the other end of such a member."""

from collections.abc import Iterator
from typing import Any, Final

OWNERS: Final = ("managing_account", "consuming_account", "billing_account")
"""References to accounts that have columns of their own."""

REFERENCES: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("metro_area_network_presence",),
    "connections": ("product_offering", "pop", "metro_area", "metro_area_network", "role_assignments"),
    "devices": ("pop", "facility"),
    "facilities": ("metro_area",),
    "member-joining-rules": ("network_service",),
    "metro-area-networks": ("metro_area",),
    "network-feature-configs": ("network_feature", "network_service_config", "ip", "role_assignments"),
    "network-features": ("network_service",),
    "network-service-configs": (
        "network_service",
        "connection",
        "routing_function",
        "product_offering",
        "availability_zone",
        "macs",
        "ips",
        "role_assignments",
    ),
    "network-services": (
        "metro_area_network",
        "product_offering",
        "nsc_product_offerings",
        "joining_member_account",
        "availability_zones",
        "ips",
    ),
    "pops": ("facility", "metro_area_network", "availability_zone"),
    "port-reservations": ("connection", "port"),
    "ports": ("device", "pop", "connection", "role_assignments"),
    "product-offerings": (
        "handover_metro_area",
        "handover_metro_area_network",
        "handover_pop",
        "service_metro_area",
        "service_metro_area_network",
        "exchange_lan_network_service",
    ),
    "role-assignments": ("role", "contact"),
    "routing-functions": ("product_offering",),
}

REVERSE: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "connections": {"ports": ("ports", "connection"), "port_reservations": ("port-reservations", "connection")},
    "facilities": {"pops": ("pops", "facility")},
    "metro-area-networks": {"pops": ("pops", "metro_area_network")},
    "metro-areas": {
        "facilities": ("facilities", "metro_area"),
        "metro_area_networks": ("metro-area-networks", "metro_area"),
    },
    "network-service-configs": {
        "network_feature_configs": ("network-feature-configs", "network_service_config"),
    },
    "network-services": {
        "network_features": ("network-features", "network_service"),
        "member_joining_rules": ("member-joining-rules", "network_service"),
    },
    "pops": {"devices": ("devices", "pop")},
}
"""Computed lists: the objects of that kind that name this one in that member."""


def list_references(kind: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each (member, id) through which this object uses another."""
    for member in REFERENCES.get(kind, ()):
        value = body.get(member)
        if isinstance(value, list):
            yield from ((member, each) for each in dict.fromkeys(value))
        elif value is not None:
            yield member, value
