"""Which document that is there already an entry of the exchange file means.

An entry is known again by its key. What an import had to make up before there was an exchange file is taken over by the
entry that describes the same thing: of the same name; for a LAN also with the same subnet, or IX-F or PeeringDB id; for
a route server with the same address, or where nothing but its existence was known. The places of what is taken over
are taken over with it: nobody could guess the name that an import gave to a metro area network.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from peerhall.exchange.records import Record
from peerhall.intake.identity import KEY, is_from_file, is_inferred, name_of
from peerhall.intake.lans import VERSIONS, overlap, subnet_of

_STANDING: Final = {
    "devices": ("pop",),
    "network-services": ("metro_area_network",),
    "pops": ("metro_area_network", "facility"),
    "metro-area-networks": ("metro_area",),
    "facilities": ("metro_area",),
}
"""Members that say where something stands, the innermost first."""


def find_counterparts(wanted: Sequence[Record], stored: Sequence[Record]) -> dict[str, str]:
    """The ids of documents that are there under another id than the file would give them, by that id."""
    there = {each.id: each for each in stored}
    by_key = {(each.kind, each.meta.get(KEY)): each for each in stored if is_from_file(each)}
    inferred = {each.id: each for each in stored if is_inferred(each)}
    ids: dict[str, str] = {}

    def take(record: Record, known: Record | None) -> None:
        if known is not None:
            inferred.pop(known.id, None)
            if known.id != record.id:
                ids[record.id] = known.id

    for record in wanted:
        known = by_key.get((record.kind, record.meta[KEY]))
        take(record, known or next((each for each in inferred.values() if _is_same(record, each, ids)), None))
    for record in _list_alone(wanted):
        if record.id not in ids and record.id not in there:
            take(record, next((each for each in inferred.values() if _is_short_for(each, record)), None))
    drawn_up = {record.id: record for record in wanted}
    for record, member in _list_standing(wanted):
        place, known = drawn_up.get(record.body.get(member) or ""), there.get(ids.get(record.id, record.id))
        if place is not None and known is not None and place.id not in ids and place.id not in there:
            take(place, inferred.get(known.body[member]))
    return ids


def _list_standing(wanted: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    for kind, members in _STANDING.items():
        for record in wanted:
            if record.kind == kind:
                yield from ((record, member) for member in members)


def rename(record: Record, ids: Mapping[str, str]) -> Record:
    """The record with these ids in the place of those it had and names."""
    return replace(
        record,
        id=ids.get(record.id, record.id),
        body=_substitute(record.body, ids),
        meta=_substitute(record.meta, ids),
    )


def _is_same(wanted: Record, inferred: Record, ids: Mapping[str, str]) -> bool:
    if wanted.kind != inferred.kind or wanted.type != inferred.type:
        return False
    match wanted.kind:
        case "product-offerings":
            return False
        case "accounts":
            return True
        case "network-features":
            lan = wanted.body["network_service"]
            return ids.get(lan, lan) == inferred.body["network_service"] and _is_same_server(wanted, inferred)
        case "network-services":
            return _is_same_lan(wanted, inferred) or _has_name_of(wanted, inferred)
        case _:
            return _has_name_of(wanted, inferred)


def _list_alone(wanted: Sequence[Record]) -> list[Record]:
    """Devices that are the only ones with the first word of their name."""
    devices = [record for record in wanted if record.kind == "devices"]
    words = Counter(map(_first_word, devices))
    return [device for device in devices if words[_first_word(device)] == 1]


def _is_short_for(inferred: Record, wanted: Record) -> bool:
    return inferred.kind == "devices" and name_of(inferred).casefold() == _first_word(wanted)


def _first_word(device: Record) -> str:
    return name_of(device).casefold().split(".")[0]


def _has_name_of(wanted: Record, inferred: Record) -> bool:
    return name_of(wanted).casefold() == name_of(inferred).casefold()


def _is_same_server(wanted: Record, inferred: Record) -> bool:
    known = [inferred.body[member] for member in ("ip_v4", "ip_v6") if inferred.body[member]]
    told = (wanted.body["ip_v4"], wanted.body["ip_v6"])
    return _has_name_of(wanted, inferred) or not known or any(address in told for address in known)


def _is_same_lan(wanted: Record, inferred: Record) -> bool:
    if any(overlap(subnet_of(wanted, version), subnet_of(inferred, version)) for version in VERSIONS):
        return True
    ids = ("ixfdb_ixid", "peeringdb_ixid")
    return any(wanted.body.get(name) and wanted.body.get(name) == inferred.body.get(name) for name in ids)


def _substitute(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _substitute(member, ids) for name, member in value.items()}
    if isinstance(value, list):
        return [_substitute(member, ids) for member in value]
    return ids.get(value, value) if isinstance(value, str) else value
