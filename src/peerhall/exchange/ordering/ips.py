"""IP addresses: which can be registered, and what of them can change."""

import re
from collections.abc import Collection
from datetime import datetime
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network
from typing import Final

from peerhall.exchange.ordering.macs import check_validity
from peerhall.exchange.records import Body
from peerhall.exchange.refusals import Faults

_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_SHORTEST: Final = {4: 8, 6: 16}
"""Nobody is given more of the address space than this, and a prefix held keeps others from all that is in it."""
_PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_FQDN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)


def check_ip(
    faults: Faults, body: Body, changes: Collection[str], now: datetime
) -> IPv4Interface | IPv6Interface | None:
    """The address where that is among the changes; whether what changes can be like that."""
    check_fqdn(faults, body)
    if {"valid_not_before", "valid_not_after"} & set(changes):
        check_validity(faults, body, now)
    return _check_address(faults, body) if {"address", "prefix_length", "version"} & set(changes) else None


def is_private(address: IPv4Interface | IPv6Interface) -> bool:
    """Whether everybody may use the prefix inside (RFC 1918, RFC 4193), so that it is nobody's alone."""
    network = address.network
    return any(network.network_address in each and network.broadcast_address in each for each in _PRIVATE)


def _check_address(faults: Faults, body: Body) -> IPv4Interface | IPv6Interface | None:
    """The address, when it is one of its version: a host address, or a prefix without host bits."""
    try:
        address = ip_interface(f"{body['address']}/{body['prefix_length']}")
    except ValueError:
        faults.add("address", f"is not an IPv{body['version']} address with a prefix length of {body['prefix_length']}")
        return None
    if "%" in body["address"] or "/" in body["address"]:
        faults.add("address", "must be just the address; its length goes into prefix_length")
    elif address.version != body["version"]:
        faults.add("version", f"the address is one of IPv{address.version}")
    elif address.ip != address.network.network_address:
        faults.add("prefix_length", f"{address.network} is the prefix; with {address.ip} give the length of a host")
    elif address.ip.is_multicast or address.ip.is_unspecified or address.ip.is_loopback:
        faults.add("address", "is not an address a member can have")
    elif address.network.prefixlen < _SHORTEST[address.version]:
        faults.add("prefix_length", f"must be at least {_SHORTEST[address.version]}; nobody has that many addresses")
    else:
        return address
    return None


def check_fqdn(faults: Faults, body: Body) -> None:
    """Whether the name can stand in reverse DNS."""
    fqdn = body.get("fqdn")
    if fqdn and not _FQDN.fullmatch(fqdn):
        faults.add("fqdn", "must be a host name such as router.example.net")
