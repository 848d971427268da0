"""Where events may be sent: what a webhook's URL has to be like, and which addresses it must not lead to.

A URL comes from a member, and our server stands where members do not: what its connections reach, a member must not be
able to choose. So names are looked up once, each address is judged here, and the connection is made to that address.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network

LONGEST_URL: Final = 2000

_REFUSED: Final[tuple[Network, ...]] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared with carriers' customers
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # a cloud's metadata, at a public address
            "169.254.0.0/16",  # link-local, and most clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: leads to any IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
"""All that is handed out to be reached; whatever is outside is something special."""
_THIS_MACHINE: Final = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_IPV4_INSIDE: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4 addresses as IPv6 addresses: mapped ones, and those behind the well-known NAT64 prefix."""

_PORTS: Final = range(1024, 65536)
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_FORBIDDEN: Final = re.compile(r'[\\"<>^`{|}#]')
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
"""A last label like this makes a number of a name, and systems read addresses into it in many ways."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached: the Internet but for what is refused, or in the sandbox this machine alone."""

    loopback: bool = False
    refused: tuple[Network, ...] = ()
    """Networks of the exchange's own, beside those that are refused everywhere."""

    def allows(self, address: str) -> bool:
        """Whether a connection may be made to an address."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if self.loopback:
            return found in _THIS_MACHINE
        return self._is_public(found)

    def _is_public(self, address: IPv4Address | IPv6Address) -> bool:
        if any(address in network for network in (*_REFUSED, *self.refused)):
            return False
        if isinstance(address, IPv4Address):
            return True
        if address.scope_id is not None:
            return False
        if any(address in network for network in _IPV4_INSIDE):
            return self._is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _GLOBAL_IPV6


def parse_target(url: str, reach: Reach) -> Target:
    """The URL taken apart. Raises ValueError, saying what it has to be like.

    A name is not looked up here: what it leads to is checked when a connection is made.
    """
    if len(url) > LONGEST_URL:
        raise ValueError(f"must have at most {LONGEST_URL} characters")
    if not _VISIBLE.fullmatch(url) or _FORBIDDEN.search(url):
        raise ValueError("must be a URL in ASCII, without a fragment; write other characters as the URL standard says")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme != "https" and not (reach.loopback and parts.scheme == "http"):
        raise ValueError("must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("must not have a user or password in it; what comes from us is known by its signature")
    port = _default_port(parts.scheme) if port is None else port
    if port not in _PORTS and port != _default_port(parts.scheme):
        raise ValueError("must have the usual port, or one from 1024 on")
    # A name is taken as it is written, with or without the dot at its end.
    host = (parts.hostname or "").removesuffix(".")
    _check_host(host, reach, bracketed="[" in parts.netloc)
    return Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _check_host(host: str, reach: Reach, *, bracketed: bool) -> None:
    if is_address(host) and bracketed == (":" in host):
        if not reach.allows(host):
            raise ValueError(_ONLY_LOOPBACK if reach.loopback else "leads to an address that events are not sent to")
        return
    last = host.rpartition(".")[2]
    if bracketed or len(host) > 253 or not _NAME.fullmatch(host) or _NUMBER.fullmatch(last):
        raise ValueError("must name a host, by a DNS name (an international one in its xn-- form) or an address")
    if reach.loopback:
        if host != "localhost":
            raise ValueError(_ONLY_LOOPBACK)
    elif "." not in host or last == "localhost":
        raise ValueError("must name a host that can be reached from the Internet")


_ONLY_LOOPBACK: Final = "must lead to this machine (127.0.0.1, ::1 or localhost), as this is a sandbox"


def is_address(host: str) -> bool:
    """Whether it is an address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
