"""Choosing what is free: addresses on a LAN, VLAN tags on a connection, a port of a device.

Pure choices under a lock that the order desk holds; the claims taken afterwards guarantee that nothing is given twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice
from typing import Final, Literal

Ipv6Scheme = Literal["sequential", "asn-hex", "asn-decimal"]
"""How a LAN numbers its members: one after the other, or `<subnet>::<asn>:<n>` with the ASN's (hex) digits."""

FIRST_TAG: Final = 2
"""VLAN 1 is many devices' default; it is given to who asks for it, never picked."""
LAST_TAG: Final = 4094


@dataclass(frozen=True, slots=True)
class Subnet:
    """One address family of a LAN, with what its members do not get."""

    network: IPv4Network | IPv6Network
    reserved: tuple[str, ...] = ()
    """Prefixes or `first-last` ranges the exchange keeps for itself."""
    scheme: Ipv6Scheme = "sequential"

    def is_reserved(self, address: int) -> bool:
        return any(first <= address <= last for first, last in map(parse_range, self.reserved))


def parse_range(text: str) -> tuple[int, int]:
    """First and last address of a prefix, a `first-last` range or a single address, as integers; else ValueError."""
    if "-" in text:
        first, last = (ip_address(part.strip()) for part in text.split("-", 1))
        if first.version != last.version or int(first) > int(last):
            raise ValueError(f"{text!r} is not a range of addresses")
        return int(first), int(last)
    network = ip_network(text.strip(), strict=False)
    return int(network.network_address), int(network.broadcast_address)


def choose_address(subnet: Subnet, asn: int | None, held: Collection[str], cooling: Collection[str]) -> str | None:
    """The lowest free address for a member, None when there is none; an ASN scheme needs the ASN.

    Held and cooling addresses are written canonically.
    """
    taken = set(held) | set(cooling)
    reserved = [parse_range(text) for text in subnet.reserved]
    write = IPv4Address if isinstance(subnet.network, IPv4Network) else IPv6Address
    address, last = _span(subnet, asn)
    while address <= last:
        beyond = max((end for start, end in reserved if start <= address <= end), default=None)
        if beyond is not None:
            # Of IPv6 an exchange may keep more for itself than anybody could count through.
            address = beyond + 1
        elif str(write(address)) not in taken:
            return str(write(address))
        else:
            address += 1
    return None


def _span(subnet: Subnet, asn: int | None) -> tuple[int, int]:
    """First and last address a member may have; the first is after the last where there is none."""
    network = subnet.network
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, IPv6Network) and subnet.scheme != "sequential":
        if asn is None:
            return 1, 0
        digits = f"{asn:x}" if subnet.scheme == "asn-hex" else str(asn)
        groups = digits.rjust(-(-len(digits) // 4) * 4, "0")
        base = first | int(groups, 16) << 16
        return base + 1, min(base + 0xFFFF, last)
    if network.prefixlen < network.max_prefixlen - 1:
        first += 1
        last -= isinstance(network, IPv4Network)
    return first, last


def choose_tag(held: Sequence[tuple[range, range]], cooling: Collection[int], inner: range) -> int | None:
    """The lowest outer tag under which `inner` is free, None when there is none.

    A tag that cools off is only taken when it was this account's own (those are not among `cooling`).
    """
    for tag in range(FIRST_TAG, LAST_TAG + 1):
        if tag in cooling:
            continue
        if not any(tag in outer and _overlap(inner, taken) for outer, taken in held):
            return tag
    return None


def list_free_tags(held: Sequence[tuple[range, range]], inner: range, most: int = 5) -> list[int]:
    """A few of the lowest outer tags under which `inner` is free, to be offered instead of one that is not."""
    free = (
        tag
        for tag in range(FIRST_TAG, LAST_TAG + 1)
        if not any(tag in outer and _overlap(inner, taken) for outer, taken in held)
    )
    return list(islice(free, most))


def list_free_ranges(
    held: Sequence[tuple[range, range]], cooling: Collection[int], outer: int | None
) -> list[tuple[int, int]]:
    """First and last tag of each range of outer tags with nothing under them, or of free inner tags under `outer`."""
    taken: set[int] = set()
    for outer_tags, inner_tags in held:
        if outer is None:
            taken.update(outer_tags)
        elif outer in outer_tags:
            taken.update(inner_tags)
    if outer is None:
        taken.update(cooling)
    elif outer in cooling:
        return []
    free = [tag for tag in range(1, LAST_TAG + 1) if tag not in taken]
    firsts = [tag for tag in free if tag == 1 or tag - 1 in taken]
    lasts = [tag for tag in free if tag == LAST_TAG or tag + 1 in taken]
    return list(zip(firsts, lasts, strict=True))


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


@dataclass(frozen=True, slots=True)
class PortGroup:
    """Ports of one speed and medium on a device, numbered from `first`."""

    device: str
    media_type: str
    speed: int
    """Mbit/s."""
    names: tuple[str, ...]
    """Names of all its ports, in order."""
    max_lag: int | None = None
    """How many of them can be bundled; 0 and None are no limit that anybody knows of."""

    def bundles(self, quantity: int) -> bool:
        """Whether that many of its ports can be one connection."""
        return not self.max_lag or quantity <= self.max_lag


def choose_ports(
    groups: Sequence[PortGroup], taken: Collection[tuple[str, str]], quantity: int
) -> list[tuple[PortGroup, str]]:
    """That many free ports on one device that bundles them, the emptiest one first; else an empty list.

    `taken` holds (device, port name).
    """
    free = {group: [name for name in group.names if (group.device, name) not in taken] for group in groups}
    fitting = [group for group in groups if len(free[group]) >= quantity and group.bundles(quantity)]
    if not fitting:
        return []
    chosen = max(fitting, key=lambda group: len(free[group]))
    return [(chosen, name) for name in free[chosen][:quantity]]
