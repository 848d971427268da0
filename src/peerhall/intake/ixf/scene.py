"""What the drawing up of members goes by: the exchange, the export, and who holds what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from peerhall.exchange.claims import Claim, Holder
from peerhall.exchange.records import Record
from peerhall.intake.ixf.export import Export
from peerhall.intake.ixf.networks import Networks
from peerhall.intake.ixf.places import Places
from peerhall.intake.ixf.stock import Stock


@dataclass(slots=True)
class Held:
    """Who holds what, as it was found and as the import goes on."""

    addresses: dict[tuple[str, str], Holder]
    """By LAN and address."""
    macs: dict[tuple[str, str], Holder]
    """By LAN and MAC address."""
    ports: set[tuple[str, str]]
    """By device and name."""
    tags: Mapping[int, list[tuple[range, range, str]]]
    """Outer and inner tags with their holder, by the connection's serial."""


@dataclass(slots=True)
class Scene:
    """All that the drawing up of a member needs."""

    stock: Stock
    places: Places
    networks: Networks
    export: Export
    origins: Mapping[str, str]
    held: Held
    exchange: str
    """Id of the exchange's own account."""
    provider: str
    """The exchange's name."""
    verified: Mapping[int, list[str]]
    """Accounts that an AS number was accepted for, by the number."""
    ports: Mapping[str, list[Record]]
    """Ports that were there before, by their connection's id."""
    now: datetime
    kept: dict[str, set[Claim]] = field(default_factory=dict)
    """Addresses of connections out of use, which accounts are to hold."""
    asns: dict[str, int] = field(default_factory=dict)
    """The AS number of each account that the export is about."""

    def ports_of(self, connection: str) -> list[Record]:
        """The ports that a connection had before the import."""
        return self.ports.get(connection, [])
