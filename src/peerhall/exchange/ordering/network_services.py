"""Network services that members order: which offerings they can have, and what they may be called and numbered."""

from ipaddress import ip_network
from typing import Final

from peerhall.exchange.catalogue import check_move, check_same_terms
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults

_SAME: Final = (
    ("service_provider", "service provider"),
    ("handover_metro_area_network", "metro area network of the A-side"),
    ("service_metro_area_network", "metro area network of the B-side"),
    ("physical_port_speed", "port speed"),
    ("service_provider_region", "region of the provider"),
    ("service_provider_pop", "PoP of the provider"),
    ("service_provider_workflow", "workflow"),
    ("delivery_method", "delivery method"),
    ("provider_vlans", "kind of provider VLANs"),
    ("diversity", "number of handovers"),
)


def check_other_offering(faults: Faults, current: Body, wished: Body) -> None:
    """Whether a service can move to another offering: one that differs in bandwidth only, and as this one allows."""
    for member, what in _SAME:
        if current.get(member) != wished.get(member):
            faults.add("product_offering", f"has another {what}; order a new service instead")
    moves = Faults()
    check_move(moves, current.get("bandwidth_max"), wished.get("bandwidth_max"), current)
    for fault in moves.found:
        faults.add("product_offering", f"the bandwidth {fault.reason}")
    check_same_terms(faults, current, wished)


def list_config_offerings(service: Body, offerings: list[Record]) -> list[str]:
    """Ids of the offerings for configs on a service: those of its type, where it is."""
    return [
        each.id
        for each in offerings
        if each.type == service["type"]
        and each.body.get("resource_type") == "network_service_config"
        and all(each.body.get(member) == service.get(member) for member, _ in _SAME[:3])
    ]


def fit_capacity(capacity: int | None, offering: Body) -> int | None:
    """A capacity in Mbit/s moved into the bandwidths of another offering; null stays as much as there may be."""
    if capacity is None:
        return None
    least, most = offering.get("bandwidth_min") or 1, offering.get("bandwidth_max")
    capacity = max(capacity, least)
    return min(capacity, most) if most is not None else capacity


def check_subnet(faults: Faults, version: int, text: str) -> None:
    """Whether a closed user group can use this inside; text is a prefix as the client wrote it."""
    member, example = f"subnet_v{version}", "192.0.2.0/24" if version == 4 else "2001:db8::/64"
    try:
        subnet = ip_network(text)
    except ValueError as error:
        faults.add(member, f"must be a prefix such as {example}: {error}")
        return
    if "/" not in text or "%" in text or subnet.version != version:
        faults.add(member, f"must be an IPv{version} prefix such as {example}")
    elif subnet.is_multicast or subnet.is_loopback or subnet.prefixlen == 0:
        faults.add(member, f"{subnet} cannot be used inside a group")


def write_subnet(text: str | None) -> str | None:
    """A subnet that was checked, as it is shown."""
    return None if text is None else str(ip_network(text))
