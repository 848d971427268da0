"""Layer 3 of a config on a routing function: the router's own addresses, and the BGP neighbors it reaches from them."""

import unicodedata
from collections.abc import Mapping, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
)
from typing import Any, Final

from peerhall.contract.vocabulary import LARGEST_ASN
from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, USABLE_STATES, Phase
from peerhall.exchange.ordering.network_service_configs import RESERVED_ASNS
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note, routing_function_leaving, routing_function_not_in_production

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Subnet = IPv4Network | IPv6Network

_PLACES: Final = ("", "_primary", "_secondary")
"""A leg has one address and neighbor, or a redundant pair of each, or both."""

_FAMILIES: Final = {"af_inet": 4, "ipv4": 4, "af_inet6": 6, "ipv6": 6}


def check_asn(faults: Faults, member: str, asn: int) -> None:
    """Whether a router can have this ASN: of two bytes or four, public or private, but none that is reserved."""
    if not 0 < asn <= LARGEST_ASN:
        faults.add(member, f"must be from 1 to {LARGEST_ASN - 1}")
    elif asn in RESERVED_ASNS:
        faults.add(member, f"AS{asn} is reserved; no network has it")


def check_l3_config(faults: Faults, l3_config: Body, lan: Sequence[Subnet] = ()) -> None:
    """Whether addresses and neighbors fit together; on a LAN (its subnets are `lan`) the exchange gives the address."""
    given = {name: value for name, value in l3_config.items() if value is not None}
    for name in ("bgp_neighbor_asn", "local_asn"):
        if name in given:
            check_asn(faults, f"l3_config.{name}", given[name])
    for name in ("bgp_neighbor_address", "local_address"):
        _check_pair(faults, given, name)
    _check_password(faults, given, "l3_config")
    _check_session(faults, given)
    neighbors = []
    for place in _PLACES:
        local = _check_local(faults, given, f"local_address{place}", lan)
        neighbor = _check_neighbor(faults, given, place, local, lan)
        if neighbor is not None:
            neighbors.append(neighbor)
    _check_family(faults, given.get("bgp_address_family"), neighbors)
    _check_apart(faults, given)


def check_bgp_values(faults: Faults, given: Body, member: str) -> None:
    """Whether each value can be what it is called; whether they fit together is for who builds the session.

    `given` has no nulls; `member` is where it stands.
    """
    for name in ("bgp_neighbor_asn", "local_asn"):
        if name in given:
            check_asn(faults, f"{member}.{name}", given[name])
    for place in _PLACES:
        neighbor, local = f"bgp_neighbor_address{place}", f"local_address{place}"
        if neighbor in given and _parse_address(given[neighbor]) is None:
            faults.add(f"{member}.{neighbor}", "must be an IP address")
        if local in given and _parse_interface(given[local]) is None:
            faults.add(f"{member}.{local}", "must be an address with its prefix length, such as 192.0.2.1/30")
    if "bgp_address_family" in given and given["bgp_address_family"].lower() not in _FAMILIES:
        faults.add(f"{member}.bgp_address_family", "must be af_inet (IPv4) or af_inet6 (IPv6)")
    _check_password(faults, given, member)


def list_subnets(l3_config: Body | None, lan: Sequence[Subnet] = ()) -> list[tuple[str, Subnet]]:
    """The subnets a leg is in, each with the member it comes from: those of the LAN, or of its own addresses."""
    if lan:
        return [("routing_function", subnet) for subnet in lan]
    members = {f"l3_config.{name}": (l3_config or {}).get(name) for name in map("local_address{}".format, _PLACES)}
    return [
        (member, interface.network)
        for member, text in members.items()
        if (interface := _parse_interface(text)) is not None
    ]


def find_overlap(
    subnets: Sequence[tuple[str, Subnet]], legs: Mapping[str, Sequence[tuple[str, Subnet]]]
) -> tuple[str, Subnet, str] | None:
    """A member with its subnet, and the leg of the same routing function (by id) that has a part of it; or None."""
    for leg, theirs in legs.items():
        for member, subnet in subnets:
            if any(_overlap(subnet, other) for _, other in theirs):
                return member, subnet, leg
    return None


def list_known_fields(l3_config: Body, lan: Sequence[Subnet]) -> set[str]:
    """What an offering that demands it need not be told: given, or known to the exchange without."""
    known = {name for name, value in l3_config.items() if value is not None}
    return known | {"local_asn"} | ({"local_address"} if lan else set())


def list_waiting(function: Record | None) -> list[Note]:
    """That the routing function is not there yet, or no longer."""
    if function is None or function.state in USABLE_STATES:
        return []
    return [routing_function_not_in_production(function.id, function.state)]


def list_warnings(config: Record, function: Record | None, phase: Phase) -> list[Note]:
    """That a config's routing function is going away under it."""
    if function is None or phase in ENDING or function.state in LIVE_STATES or config.state not in LIVE_STATES:
        return []
    return [routing_function_leaving(function.id, function.meta.get("decommission_at"))]


def complete(l3_config: Body | None, function: Body) -> dict[str, Any]:
    """What is given, with the routing function's ASN where no other one is."""
    given = {name: value for name, value in (l3_config or {}).items() if value is not None}
    return {"local_asn": function["asn"], **given}


def _check_pair(faults: Faults, given: Body, name: str) -> None:
    first, second = f"{name}_primary", f"{name}_secondary"
    for one, other in ((first, second), (second, first)):
        if one in given and other not in given:
            faults.add(f"l3_config.{other}", f"is required with {one}: a redundant pair has both")


def _check_password(faults: Faults, given: Body, member: str) -> None:
    if any(unicodedata.category(character) == "Cc" for character in given.get("bgp_password") or ""):
        faults.add(f"{member}.bgp_password", "must not contain line breaks or other control characters")


def _check_session(faults: Faults, given: Body) -> None:
    named = any(f"bgp_neighbor_address{place}" in given for place in _PLACES)
    if named and "bgp_neighbor_asn" not in given:
        faults.add("l3_config.bgp_neighbor_asn", "is required with the address of a neighbor")
    if not named and "bgp_neighbor_asn" in given:
        faults.add("l3_config.bgp_neighbor_address", "is required with bgp_neighbor_asn")
    if not named and "bgp_neighbor_asn" not in given:
        for name in ("bfd", "bgp_password", "bgp_address_family"):
            if given.get(name):
                faults.add(f"l3_config.{name}", "needs a BGP session; name bgp_neighbor_address and bgp_neighbor_asn")


def _check_local(faults: Faults, given: Body, name: str, lan: Sequence[Subnet]) -> Interface | None:
    """The router's address under this name, if it is one it can have."""
    if name not in given:
        return None
    member, interface = f"l3_config.{name}", _parse_interface(given[name])
    if lan:
        faults.add(member, "is given by the exchange on a LAN (see ips); leave it out")
    elif interface is None:
        faults.add(member, "must be an address with its prefix length, such as 192.0.2.1/30")
    elif (reason := _unusable(interface.ip, interface.network)) is not None:
        faults.add(member, reason)
    else:
        return interface
    return None


def _check_neighbor(
    faults: Faults, given: Body, place: str, local: Interface | None, lan: Sequence[Subnet]
) -> Address | None:
    """The neighbor's address, if it is one; whether the router reaches it is told as well."""
    name, own = f"bgp_neighbor_address{place}", f"local_address{place}"
    if name not in given:
        return None
    member, neighbor = f"l3_config.{name}", _parse_address(given[name])
    if neighbor is None:
        faults.add(member, "must be an IP address without a prefix length")
    elif not lan and own not in given:
        faults.add(f"l3_config.{own}", f"is required with {name}: the neighbor is reached from there")
    elif lan or local is not None:
        _check_reach(faults, member, neighbor, local, lan)
    return neighbor


def _check_reach(
    faults: Faults, member: str, neighbor: Address, local: Interface | None, lan: Sequence[Subnet]
) -> None:
    subnets = list(lan) if local is None else [local.network]
    within = [subnet for subnet in subnets if subnet.version == neighbor.version]
    if not within:
        faults.add(member, f"is an IPv{neighbor.version} address; the router has none of that family here")
    elif not any(neighbor in subnet for subnet in within):
        faults.add(member, f"must be inside {', '.join(map(str, within))}")
    elif local is not None and neighbor == local.ip:
        faults.add(member, "is the router's own address")
    elif (reason := _unusable(neighbor, next(each for each in within if neighbor in each))) is not None:
        faults.add(member, reason)


def _check_family(faults: Faults, family: str | None, neighbors: Sequence[Address]) -> None:
    if family is None:
        return
    version = _FAMILIES.get(family.lower())
    if version is None:
        faults.add("l3_config.bgp_address_family", "must be af_inet (IPv4) or af_inet6 (IPv6)")
    elif any(neighbor.version != version for neighbor in neighbors):
        faults.add("l3_config.bgp_address_family", f"is {family}, and a neighbor's address is not")


def _check_apart(faults: Faults, given: Body) -> None:
    """Whether the leg's own subnets are apart from each other."""
    seen: list[Subnet] = []
    for place in _PLACES:
        interface = _parse_interface(given.get(f"local_address{place}"))
        if interface is None:
            continue
        if any(_overlap(interface.network, other) for other in seen):
            faults.add(f"l3_config.local_address{place}", f"{interface.network} overlaps with another of this config")
        seen.append(interface.network)


def _unusable(address: Address, subnet: Subnet) -> str | None:
    """Why no host can have this address in the subnet; None when one can."""
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        return "must be the address of a single host"
    if subnet.version == 4 and subnet.prefixlen < 31 and address in (subnet[0], subnet[-1]):
        return f"must be the address of a host, not the first or last of {subnet}"
    if subnet.version == 6 and subnet.prefixlen < 127 and address == subnet[0]:
        return f"must be the address of a host, not the first of {subnet}"
    return None


def _overlap(one: Subnet, other: Subnet) -> bool:
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    return isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.overlaps(other)


def _parse_interface(text: Any) -> Interface | None:
    """An address with its prefix length (not a mask, no zone), or None."""
    address, slash, length = str(text or "").partition("/")
    if not slash or not (length.isascii() and length.isdigit()) or "%" in address:
        return None
    try:
        return ip_interface(f"{address}/{length}")
    except ValueError:
        return None


def _parse_address(text: Any) -> Address | None:
    try:
        return None if "%" in str(text) else ip_address(str(text))
    except ValueError:
        return None
