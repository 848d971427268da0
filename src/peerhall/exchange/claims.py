"""What can be held only once, and by whom it is held."""

from dataclasses import dataclass
from typing import Final

from peerhall.exchange.records import Body

ADDRESS: Final = "address"
MAC: Final = "mac"
PORT: Final = "port"
PAIR: Final = "pair"
PRIVATE: Final = "private"
ROUTER: Final = "router"
CLOUD_KEY: Final = "cloud_key"
HANDOVER: Final = "handover"

EVERY_TAG: Final = (0, 4096)
"""The range a missing tag stands for; 0 and 4095 are never ordered."""


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One thing of a kind within a scope: an address or a MAC on a LAN, a port of a device, a handover of a cloud."""

    kind: str
    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class VlanClaim:
    """A tag, or a range of them, on a connection; ranges are half open, as PostgreSQL writes them."""

    connection: int
    """The connection's serial."""
    outer: tuple[int, int]
    inner: tuple[int, int]

    def overlaps(self, other: "VlanClaim") -> bool:
        """Whether one frame could belong to both."""
        return self.connection == other.connection and all(
            mine[0] < theirs[1] and theirs[0] < mine[1]
            for mine, theirs in ((self.outer, other.outer), (self.inner, other.inner))
        )


@dataclass(frozen=True, slots=True)
class PrefixClaim:
    """A prefix, or a single address, that overlaps with nothing else held."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds what somebody else wanted."""

    document: str
    account: str


AnyClaim = Claim | VlanClaim | PrefixClaim


def vlan_claim(connection: int, vlan_config: Body) -> VlanClaim:
    """What a VLAN config with its tags chosen occupies; `port` is every tag, and so is what a single tag has inside."""
    match vlan_config["vlan_type"]:
        case "dot1q":
            return VlanClaim(connection, _only(vlan_config["vlan"]), EVERY_TAG)
        case "qinq":
            return VlanClaim(connection, _only(vlan_config["outer_vlan"]), _only(vlan_config["inner_vlan"]))
        case _:
            return VlanClaim(connection, EVERY_TAG, EVERY_TAG)


def _only(tag: int) -> tuple[int, int]:
    return (tag, tag + 1)
