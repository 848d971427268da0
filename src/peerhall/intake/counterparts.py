"""Which document that is there already an entry of the exchange file means.

An entry is known again by its key. What an import had to make up before there was an exchange file is taken over by the
entry that describes the same thing: of the same name, or, for a LAN, with the same subnet or IX-F or PeeringDB id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from peerhall.exchange.records import Record
from peerhall.intake.identity import KEY, is_from_file, is_inferred, name_of
from peerhall.intake.lans import VERSIONS, subnet_of


def find_counterparts(wanted: Sequence[Record], stored: Sequence[Record]) -> dict[str, str]:
    """The ids of documents that are there under another id than the file would give them, by that id."""
    ids: dict[str, str] = {}
    by_key = {(each.kind, each.meta.get(KEY)): each.id for each in stored if is_from_file(each)}
    inferred = [each for each in stored if is_inferred(each)]
    for record in wanted:
        known = by_key.get((record.kind, record.meta[KEY]))
        if known is None:
            known = next((each.id for each in inferred if _is_same(record, each) and each.id not in ids.values()), None)
        if known is not None and known != record.id:
            ids[record.id] = known
    return ids


def rename(record: Record, ids: Mapping[str, str]) -> Record:
    """The record with these ids in the place of those it had and names."""
    return replace(
        record,
        id=ids.get(record.id, record.id),
        body=_substitute(record.body, ids),
        meta=_substitute(record.meta, ids),
    )


def _is_same(wanted: Record, inferred: Record) -> bool:
    if wanted.kind != inferred.kind or wanted.type != inferred.type or wanted.kind == "product-offerings":
        return False
    if wanted.kind in ("accounts", "network-features"):
        return wanted.kind == "accounts" or name_of(wanted).casefold() == name_of(inferred).casefold()
    if wanted.kind == "network-services":
        if any(_overlap(subnet_of(wanted, version), subnet_of(inferred, version)) for version in VERSIONS):
            return True
        ids = ("ixfdb_ixid", "peeringdb_ixid")
        if any(wanted.body.get(name) and wanted.body.get(name) == inferred.body.get(name) for name in ids):
            return True
    return name_of(wanted).casefold() == name_of(inferred).casefold()


def _overlap(one: str, other: str) -> bool:
    return bool(one and other) and ip_network(one).overlaps(ip_network(other))


def _substitute(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _substitute(member, ids) for name, member in value.items()}
    if isinstance(value, list):
        return [_substitute(member, ids) for member in value]
    return ids.get(value, value) if isinstance(value, str) else value
