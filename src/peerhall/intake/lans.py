"""The addresses of a peering LAN that are not its members': its subnets as address objects, and its route servers'.

Clients recognise a LAN by an address object for each of its subnets, which has the length of the LAN. A route server's
address is claimed like any member's, so that no member is ever given it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from peerhall.contract.validation import blank
from peerhall.exchange.claims import ADDRESS, Claim, Holder, PrefixClaim
from peerhall.exchange.records import Record
from peerhall.intake.identity import INFERRED, KEY, ORIGIN, identify
from peerhall.store import catalogue, claims
from peerhall.store.database import SyncConnection
from peerhall.store.documents import save

Version = Literal[4, 6]

VERSIONS: Final[tuple[Version, ...]] = (4, 6)


def subnet_of(lan: Record, version: int) -> str:
    """The LAN's prefix of this version; empty where it has none."""
    return str(lan.body.get(f"subnet_v{version}") or "")


def overlap(one: str, other: str) -> bool:
    """Whether two prefixes have addresses in common; none overlaps with nothing."""
    return bool(one and other) and ip_network(one).overlaps(ip_network(other))


def with_subnet_objects(lan: Record) -> Record:
    """The LAN naming its address objects."""
    return lan.with_body(ips=[_subnet_id(lan, version) for version in VERSIONS if subnet_of(lan, version)])


def list_addresses(lan: Record, features: Iterable[Record]) -> list[Record]:
    """The address objects of a LAN and its route servers, as they are to be."""
    found = []
    for version in VERSIONS:
        if not (subnet := subnet_of(lan, version)):
            continue
        network = ip_network(subnet)
        address = str(network.network_address)
        found.append(_draw_up(_subnet_id(lan, version), lan, lan, version, address, f"subnet_v{version}", {}))
        for feature in features:
            if feature.body.get(f"ip_v{version}"):
                document, address = identify(feature.id, f"ip_v{version}"), feature.body[f"ip_v{version}"]
                meta = {"network_feature": feature.id}
                found.append(_draw_up(document, lan, feature, version, address, f"ip_v{version}", meta))
    return found


def list_claims(lan: Record, features: Iterable[Record]) -> dict[str, set[Claim | PrefixClaim]]:
    """What a LAN and its route servers hold, by the holder's id."""
    held: dict[str, set[Claim | PrefixClaim]] = {
        lan.id: {PrefixClaim(subnet) for version in VERSIONS if (subnet := subnet_of(lan, version))}
    }
    for feature in features:
        addresses = (feature.body.get(f"ip_v{version}") for version in VERSIONS)
        held[feature.id] = {Claim(ADDRESS, lan.id, str(ip_address(each))) for each in addresses if each}
    return held


def hold(
    connection: SyncConnection, to_hold: Mapping[str, set[Claim | PrefixClaim]], account: str, now: datetime
) -> list[tuple[str, Claim | PrefixClaim]]:
    """Has LANs and route servers hold exactly this; returns what somebody else holds, with who was to have it."""
    held = claims.list_held(connection, list(to_hold))
    moving = {holder: wished for holder, wished in to_hold.items() if wished != held[holder]}
    for holder in moving:
        claims.release(connection, holder, now, kinds=["prefix", "address"])
    refused: list[tuple[str, Claim | PrefixClaim]] = []
    for holder, wished in moving.items():
        taken = claims.take(connection, wished, Holder(holder, account), now)
        refused += [(holder, claim) for claim in wished if claim in taken]
    return refused


def list_left_outside(addresses: Iterable[str], before: Record, after: Record) -> list[str]:
    """Those of the addresses that lie within the LAN's subnets as they are, and would not within those to be."""
    outside = []
    for address in map(ip_address, addresses):
        old, new = subnet_of(before, address.version), subnet_of(after, address.version)
        if old and address in ip_network(old) and not (new and address in ip_network(new)):
            outside.append(address)
    return [str(address) for address in sorted(outside, key=int)]


def follow_prefix_lengths(connection: SyncConnection, lan: Record) -> list[Record]:
    """Has the members' addresses on the LAN show the LAN's prefix length; returns those that changed."""
    changed = []
    for address in catalogue.load_members_addresses(connection, lan.id, "for no key update"):
        subnet = subnet_of(lan, address.body["version"])
        if subnet and address.body["prefix_length"] != ip_network(subnet).prefixlen:
            changed.append(address.with_body(prefix_length=ip_network(subnet).prefixlen))
            save(connection, changed[-1])
    return changed


def _subnet_id(lan: Record, version: int) -> str:
    return identify(lan.id, f"subnet_v{version}")


def _draw_up(
    document: str, lan: Record, owner: Record, version: int, address: str, member: str, meta: dict[str, str]
) -> Record:
    """One address object; it belongs to the exchange, and came from where its owner came from."""
    members = {
        "id": document,
        "managing_account": lan.body["managing_account"],
        "consuming_account": lan.body["consuming_account"],
        "version": version,
        "address": str(ip_address(address)),
        "prefix_length": ip_network(subnet_of(lan, version)).prefixlen,
        "fqdn": owner.body.get("fqdn"),
    }
    origin = {name: owner.meta[name] for name in (ORIGIN, INFERRED) if name in owner.meta}
    whole = {**origin, KEY: f"{owner.meta[KEY]}/{member}", "network_service": lan.id, **meta}
    return Record(document, "ips", {**blank("IpAddress"), **members}, whole)
