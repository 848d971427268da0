"""What has to be written beside the documents themselves: lists, the LANs' own addresses, and who holds what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from peerhall.exchange.claims import ADDRESS, MAC, PORT, AnyClaim, Claim, Holder, vlan_claim
from peerhall.exchange.ordering.macs import canonical_mac
from peerhall.exchange.records import Record
from peerhall.intake import lans
from peerhall.intake.identity import is_inferred, name_of
from peerhall.intake.ixf.merging import Merged
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.scene import Scene
from peerhall.intake.ixf.stock import Stock
from peerhall.intake.plan import Change
from peerhall.intake.relating import complete_lists
from peerhall.store import claims, documents
from peerhall.store.database import SyncConnection

CATALOGUE: Final = (
    "metro-areas",
    "metro-area-networks",
    "facilities",
    "pops",
    "devices",
    "network-services",
    "network-features",
    "product-offerings",
)
"""The exchange's own things; an import adds to them where something is missing."""


def complete_catalogue(stock: Stock, merged: Merged) -> Merged:
    """The same with lists naming what is new, which changes things that were there, and LANs naming their addresses."""
    after = {record.id: record for record in stock.records.values() if record.kind in CATALOGUE}
    after |= {record.id: record for record in merged.added if record.kind in CATALOGUE}
    after |= {change.after.id: change.after for change in merged.changed if change.after.kind in CATALOGUE}
    named = [_with_addresses(record) for record in after.values()]
    completed = {record.id: record for record in complete_lists(named, named)}
    changed = {change.after.id: change for change in merged.changed}
    for document, record in completed.items():
        before = stock.records[document]
        if document in stock.stored and (document in changed or record != before):
            changed[document] = Change(before, record)
    added = tuple(completed.get(record.id, record) for record in merged.added)
    return replace(merged, added=added, changed=tuple(changed.values()))


def _with_addresses(record: Record) -> Record:
    imported = record.kind == "network-services" and is_inferred(record)
    return lans.with_subnet_objects(record) if imported else record


def draw_up_addresses(stock: Stock, touched: Iterable[Record]) -> list[Record]:
    """The address objects of inferred LANs and route servers that came in or changed."""
    records = {**stock.records, **{record.id: record for record in touched}}
    return [
        address
        for lan in _list_concerned(records, touched)
        for address in lans.list_addresses(lan, _inferred_servers(records, lan))
        if is_inferred(address)
    ]


def hold_lans(connection: SyncConnection, scene: Scene, touched: Sequence[Record], account: str, now: datetime) -> None:
    """Has inferred LANs and route servers hold their prefixes and addresses, and members' addresses show the length."""
    records = {**scene.stock.records, **{record.id: record for record in touched}}
    for lan in _list_concerned(records, touched):
        to_hold = lans.list_claims(lan, _inferred_servers(records, lan))
        if not is_inferred(lan):
            del to_hold[lan.id]
        for holder, claim in lans.hold(connection, to_hold, account, now):
            value = claim.value if isinstance(claim, Claim) else claim.prefix
            scene.stock.remarks.add(Topic.CONFLICT, name_of(records[holder]), f"{value} is held by somebody else")
        lans.follow_prefix_lengths(connection, lan)


def _list_concerned(records: Mapping[str, Record], touched: Iterable[Record]) -> list[Record]:
    """LANs that are touched, or whose route servers are, as far as an import made them up."""
    found = {
        record.id if record.kind == "network-services" else record.body["network_service"]
        for record in touched
        if record.kind in ("network-services", "network-features") and is_inferred(record)
    }
    return [records[each] for each in sorted(found)]


def _inferred_servers(records: Mapping[str, Record], lan: Record) -> list[Record]:
    return [
        each
        for each in records.values()
        if each.kind == "network-features" and is_inferred(each) and each.body["network_service"] == lan.id
    ]


def take_claims(connection: SyncConnection, scene: Scene, merged: Merged, now: datetime) -> None:
    """Has everything that came in hold what it has. Nobody else can: the import looked while it kept orders waiting."""
    touched = {record.id: record for record in (*merged.added, *(change.after for change in merged.changed))}
    records = {**scene.stock.records, **touched}
    _keep_for_accounts(connection, scene, now)
    configs = [each for each in touched.values() if each.kind == "network-service-configs"]
    for config in configs:
        _take(connection, config, _held_by_config(config, records), now)
    for reservation in touched.values():
        if reservation.kind == "port-reservations":
            reserved = reservation.meta["reserved"]
            _take(connection, reservation, {Claim(PORT, reserved["device"], reserved["port"])}, now)
    before = {change.after.id: change.before.body.get("vlan_config") for change in merged.changed}
    moved = [each for each in configs if before.get(each.id) != each.body["vlan_config"]]
    _take_tags(connection, moved, now)


def _held_by_config(config: Record, records: dict[str, Record]) -> set[AnyClaim]:
    lan = config.body["network_service"]
    # What an order has put there since, the order desk has claimed.
    ips, macs = ([records[each] for each in config.body[member] if each in records] for member in ("ips", "macs"))
    addresses = {Claim(ADDRESS, lan, each.body["address"]) for each in ips}
    return {*addresses, *(Claim(MAC, lan, canonical_mac(each.body["address"])) for each in macs)}


def _take_tags(connection: SyncConnection, configs: Sequence[Record], now: datetime) -> None:
    """All let go first, so that they can change places."""
    for config in configs:
        claims.release(connection, config.id, now, kinds=["vlan"])
    serials = documents.find_many(connection, {config.body["connection"] for config in configs})
    for config in configs:
        claim = vlan_claim(serials[config.body["connection"]].serial, config.body["vlan_config"])
        _take(connection, config, {claim}, now)


def _take(connection: SyncConnection, record: Record, wished: set[AnyClaim], now: datetime) -> None:
    missing = wished - set(claims.list_held(connection, [record.id])[record.id])
    holder = Holder(record.id, record.consuming_account or "")
    refused = claims.take(connection, missing, holder, now)
    assert not refused, f"{record.kind} {record.id} was to hold {refused}"


def _keep_for_accounts(connection: SyncConnection, scene: Scene, now: datetime) -> None:
    """The export's accounts hold the addresses of their connections out of use, and no others; all let go first."""
    lan_ids = {lan.id for lan in scene.networks.list_lans()}
    held = claims.list_held(connection, scene.asns.keys())
    for account, found in held.items():
        for claim in found - scene.kept.get(account, set()):
            if isinstance(claim, Claim) and claim.scope in lan_ids:
                claims.release_one(connection, claim, account, now)
    for account, wished in scene.kept.items():
        refused = claims.take(connection, wished - held[account], Holder(account, account), now)
        assert not refused, f"account {account} was to keep {refused}"
