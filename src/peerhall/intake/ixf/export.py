"""An IX-F member export, whatever its version, as the import sees it: cleaned, and nothing more."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from peerhall.intake.lans import Version

SCHEMAS: Final = ("0.6", "0.7", "1.0")
"""The versions of the schema that are read."""


@dataclass(frozen=True, slots=True)
class Vlan:
    """A peering LAN; prefixes are canonical, None where the export does not tell."""

    id: str
    name: str
    prefix_v4: str | None
    prefix_v6: str | None


@dataclass(frozen=True, slots=True)
class Switch:
    """A device and where it stands."""

    id: str
    name: str
    colo: str
    city: str
    country: str
    peeringdb_facility: int | None


@dataclass(frozen=True, slots=True)
class Ixp:
    """One exchange, or one of its sites, of those the export is about."""

    id: str
    shortname: str
    name: str
    country: str
    ixf_id: int | None
    peeringdb_id: int | None
    vlans: tuple[Vlan, ...]
    switches: tuple[Switch, ...]

    def find_vlan(self, id_: str) -> Vlan | None:
        return next((vlan for vlan in self.vlans if vlan.id == id_), None)

    def find_switch(self, id_: str) -> Switch | None:
        return next((switch for switch in self.switches if switch.id == id_), None)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An address a member has on a LAN, with what goes with it."""

    version: Version
    address: str
    """Canonical."""
    as_macro: str = ""
    max_prefix: int | None = None
    routeserver: bool = False
    """Whether the member has sessions with the route servers from this address."""
    macs: tuple[str, ...] = ()
    """Lower case, with colons."""
    serves_as: frozenset[str] = frozenset()
    """`ixrouteserver`, `ixroutecollector`: what of the exchange's own has this address."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A connection's place on a LAN, with all its addresses there."""

    ixp: str
    """The IXP whose VLAN it is, mostly that of the connection."""
    vlan: str
    """The VLAN's id in the export; empty where it does not tell."""
    attachments: tuple[Attachment, ...]
    macs: tuple[str, ...] = ()
    """Those of the whole presence, as older exports have them."""

    def list_macs(self) -> list[str]:
        return list(dict.fromkeys((*self.macs, *(mac for each in self.attachments for mac in each.macs))))


@dataclass(frozen=True, slots=True)
class Interface:
    """A port; speed in Mbit/s."""

    switch: str
    speed: int | None
    medium: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One or more ports that are used together, and the LANs that are reached over them."""

    ixp: str
    state: str
    since: str | None
    """A date."""
    interfaces: tuple[Interface, ...]
    presences: tuple[Presence, ...]

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES


ACTIVE_STATES: Final = frozenset(
    {"", "active", "connected", "up", "live", "production", "operational", "enabled", "ok"}
)
"""What exports call a connection that is in use; without a word it is."""


@dataclass(frozen=True, slots=True)
class Member:
    """A network at the exchange."""

    asn: int
    name: str
    kind: str
    connections: tuple[Connection, ...]

    @property
    def title(self) -> str:
        """How remarks call it."""
        return f"AS{self.asn} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Export:
    """All of it; every AS number has one member."""

    version: str
    timestamp: str
    ixps: tuple[Ixp, ...]
    members: tuple[Member, ...]

    def get_ixp(self, id_: str) -> Ixp:
        """The IXP of this id, which the reader has seen to that there is."""
        return next(ixp for ixp in self.ixps if ixp.id == id_)

    def attachments(self, ixp: str, vlan: str) -> Iterator[tuple[Member, Attachment]]:
        """All addresses in use on a LAN."""
        for member in self.members:
            for connection in member.connections:
                for presence in connection.presences:
                    if (presence.ixp, presence.vlan) == (ixp, vlan):
                        yield from ((member, attachment) for attachment in presence.attachments)
