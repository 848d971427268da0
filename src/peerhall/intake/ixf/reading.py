"""Reads an export as it comes: whatever is not as the schema has it is put right where it can be, and told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from peerhall.intake.ixf.export import (
    SCHEMAS,
    Attachment,
    Connection,
    Export,
    Interface,
    Ixp,
    Member,
    Presence,
    Switch,
    Vlan,
)
from peerhall.intake.ixf.remarks import Remarks, Topic
from peerhall.intake.ixf.values import (
    Object,
    Values,
    read_asn,
    read_country,
    read_key,
    read_prefix,
    read_services,
    read_text,
    show,
)
from peerhall.intake.lans import Version

_FAMILIES: Final[tuple[tuple[str, Version], ...]] = (("ipv4", 4), ("ipv6", 6))

# What of each object is used; anything else that holds something is told about as left aside.
_TOP: Final = frozenset({"version", "timestamp", "ixp_list", "member_list", "generator"})
_IXP: Final = frozenset({"ixp_id", "shortname", "name", "country", "ixf_id", "peeringdb_id", "vlan", "switch"})
_MEMBER: Final = frozenset({"asnum", "name", "member_type", "type", "connection_list"})
_VLAN: Final = frozenset({"id", "name", "ipv4", "ipv6"})
_SWITCH: Final = frozenset({"id", "name", "colo", "city", "country", "pdb_facility_id"})
_CONNECTION: Final = frozenset({"ixp_id", "state", "connected_since", "if_list", "vlan_list"})
_INTERFACE: Final = frozenset({"switch_id", "if_speed", "if_type"})
_PRESENCE: Final = frozenset({"vlan_id", "ipv4", "ipv6", "mac_address", "mac_addresses"})
_ADDRESS: Final = frozenset(
    {"address", "as_macro", "max_prefix", "routeserver", "mac_addresses", "services", "service_type"}
)


class ExportUnreadable(Exception):
    """The file is no member export that can be read; the message says why and what to do."""


def read_export(file: Path, remarks: Remarks) -> Export:
    """The export in a JSON file. Raises ExportUnreadable, or OSError when there is no such file."""
    try:
        content = json.loads(file.read_bytes())
    except json.JSONDecodeError as error:
        raise ExportUnreadable(
            f"{file.name}:{error.lineno}: is not JSON here: {error.msg}. Export the members anew; was it cut off?"
        ) from None
    except UnicodeDecodeError:
        raise ExportUnreadable(f"{file.name}: is not UTF-8 text. Export the members anew, as UTF-8.") from None
    except RecursionError:
        raise ExportUnreadable(f"{file.name}: is nested too deeply for a member export.") from None
    except ValueError as error:
        raise ExportUnreadable(f"{file.name}: holds a number that nobody can mean: {error}.") from None
    try:
        return parse_export(content, remarks)
    except ExportUnreadable as error:
        raise ExportUnreadable(f"{file.name}: {error}") from None


def parse_export(content: Any, remarks: Remarks) -> Export:
    """The export in parsed JSON. Raises ExportUnreadable when it is something else."""
    hint = "An IX-F member export is a JSON object with version, ixp_list and member_list."
    if not isinstance(content, dict):
        raise ExportUnreadable(f"is not a member export. {hint}")
    if not isinstance(content.get("member_list"), list):
        raise ExportUnreadable(f"has no member_list. {hint}")
    version = str(content.get("version", "")).strip()
    if version not in SCHEMAS:
        named = f"has version {version!r}" if version else "has no version"
        raise ExportUnreadable(f"{named}; {', '.join(SCHEMAS)} can be read. Export the members in one of these.")
    return _Reading(remarks).export(content, version)


class _Reading:
    """One reading of one export."""

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._values = Values(remarks)

    def export(self, content: Object, version: str) -> Export:
        ixps = self._ixps(content)
        members = self._members(content, ixps)
        self._values.set_aside("the export", content, _TOP)
        self._values.tell_aside()
        return Export(version, read_text(content.get("timestamp")), tuple(ixps.values()), tuple(members.values()))

    # The exchange's own things.

    def _ixps(self, content: Object) -> dict[str, Ixp]:
        ixps: dict[str, Ixp] = {}
        for index, entry in enumerate(self._values.objects(content, "ixp_list", "the export")):
            key = read_key(entry.get("ixp_id")) or (str(index) if entry.get("ixp_id") is None else "")
            title = f"IXP {read_text(entry.get('shortname')) or key}"
            if key in ixps:
                self._remarks.add(Topic.DUPLICATE, title, f"ixp_id {key} is another IXP's already; this one is ignored")
                continue
            ixps[key] = Ixp(
                id=key,
                shortname=read_text(entry.get("shortname")),
                name=read_text(entry.get("name")),
                country=read_country(entry.get("country")),
                ixf_id=self._values.number(entry, "ixf_id", title),
                peeringdb_id=self._values.number(entry, "peeringdb_id", title),
                vlans=tuple(self._vlans(entry, title).values()),
                switches=tuple(self._switches(entry, title).values()),
            )
            self._values.set_aside("of an IXP", entry, _IXP)
        return ixps

    def _vlans(self, ixp: Object, title: str) -> dict[str, Vlan]:
        vlans: dict[str, Vlan] = {}
        for entry in self._values.objects(ixp, "vlan", title):
            key = read_key(entry.get("id"))
            if key in vlans:
                self._remarks.add(Topic.DUPLICATE, title, f"VLAN {key or 'without an id'} is listed twice")
                continue
            where = f"{title}, VLAN {read_text(entry.get('name')) or key}"
            self._values.set_aside("of a VLAN", entry, _VLAN)
            prefixes = [self._prefix(entry, family, version, where) for family, version in _FAMILIES]
            vlans[key] = Vlan(key, read_text(entry.get("name")), *prefixes)
        return vlans

    def _prefix(self, vlan: Object, family: str, version: Version, where: str) -> str | None:
        details = vlan.get(family)
        if not isinstance(details, dict) or not details.get("prefix"):
            return None
        text, length = read_text(details.get("prefix")), details.get("mask_length")
        try:
            return read_prefix(text, length, version)
        except ValueError:
            self._remarks.add(Topic.UNREADABLE, where, f"{text!r}/{length!r} is not an IPv{version} prefix")
            return None

    def _switches(self, ixp: Object, title: str) -> dict[str, Switch]:
        switches: dict[str, Switch] = {}
        for entry in self._values.objects(ixp, "switch", title):
            key = read_key(entry.get("id"))
            if key in switches:
                self._remarks.add(Topic.DUPLICATE, title, f"switch {key or 'without an id'} is listed twice")
                continue
            self._values.set_aside("of a switch", entry, _SWITCH)
            switches[key] = Switch(
                id=key,
                name=read_text(entry.get("name")),
                colo=read_text(entry.get("colo")),
                city=read_text(entry.get("city")),
                country=read_country(entry.get("country")),
                peeringdb_facility=self._values.number(entry, "pdb_facility_id", f"{title}, switch {key}"),
            )
        return switches

    # The members.

    def _members(self, content: Object, ixps: dict[str, Ixp]) -> dict[int, Member]:
        members: dict[int, Member] = {}
        for index, entry in enumerate(self._values.objects(content, "member_list", "the export")):
            asn = read_asn(entry.get("asnum"))
            name = read_text(entry.get("name"))
            if asn is None:
                title = name or f"entry {index + 1} of member_list"
                self._remarks.add(Topic.SKIPPED, title, f"{entry.get('asnum')!r} is not an AS number")
                continue
            member = self._member(entry, asn, name, ixps)
            if (known := members.get(asn)) is not None:
                self._remarks.add(
                    Topic.DUPLICATE,
                    known.title,
                    f"stands in the export again{f' as {name}' if name else ''}; both are the same account here",
                )
                connections = (*known.connections, *member.connections)
                member = Member(asn, known.name or member.name, known.kind or member.kind, connections)
            members[asn] = member
        return members

    def _member(self, entry: Object, asn: int, name: str, ixps: dict[str, Ixp]) -> Member:
        title = f"AS{asn} {name}".strip()
        if not name:
            self._remarks.add(Topic.INFERRED, title, "name: it has none, and is called by its AS number")
        self._values.set_aside("of a member", entry, _MEMBER)
        connections = [
            self._connection(each, title, ixps) for each in self._values.objects(entry, "connection_list", title)
        ]
        if not connections:
            self._remarks.add(Topic.SKIPPED, title, "has no connections; only the account is imported")
        kind = read_text(entry.get("member_type") or entry.get("type"))
        return Member(asn, name, kind, tuple(connections))

    def _connection(self, entry: Object, title: str, ixps: dict[str, Ixp]) -> Connection:
        self._values.set_aside("of a connection", entry, _CONNECTION)
        ixp = self._ixp_of(entry, title, ixps)
        return Connection(
            ixp=ixp,
            state=read_text(entry.get("state")).lower(),
            since=self._values.day(entry, "connected_since", title),
            interfaces=tuple(self._interface(each, title) for each in self._values.objects(entry, "if_list", title)),
            presences=self._presences(entry, title, ixp, ixps),
        )

    def _ixp_of(self, entry: Object, title: str, ixps: dict[str, Ixp]) -> str:
        """The id of the connection's IXP, which is made up when the export does not list it."""
        key = read_key(entry.get("ixp_id"))
        if key in ixps:
            return key
        if len(ixps) == 1 and not key:
            key = next(iter(ixps))
            self._remarks.add(Topic.UNKNOWN, title, "a connection names no IXP; it is taken for one of the only IXP")
            return key
        self._remarks.add(Topic.UNKNOWN, title, f"a connection names IXP {key or 'nothing'}, which is not in ixp_list")
        ixps[key] = Ixp(key, "", "", "", None, None, (), ())
        return key

    def _interface(self, entry: Object, title: str) -> Interface:
        self._values.set_aside("of a port", entry, _INTERFACE)
        return Interface(
            switch=read_key(entry.get("switch_id")),
            speed=self._values.number(entry, "if_speed", title) or None,
            medium=read_text(entry.get("if_type")),
        )

    def _presences(self, entry: Object, title: str, ixp: str, ixps: Mapping[str, Ixp]) -> tuple[Presence, ...]:
        """One for each LAN, however many entries the export has about it."""
        found: dict[str, Presence] = {}
        for each in self._values.objects(entry, "vlan_list", title):
            self._values.set_aside("of a presence on a VLAN", each, _PRESENCE)
            key = read_key(each.get("vlan_id"))
            macs = self._values.macs([each.get("mac_address")] if each.get("mac_address") else [], title)
            macs += self._values.macs(each.get("mac_addresses"), title)
            attachments = [
                attachment
                for family, version in _FAMILIES
                if (attachment := self._attachment(each, family, version, title)) is not None
            ]
            known = found.get(key, Presence(_lists_vlan(ixps, ixp, key), key, ()))
            found[key] = Presence(known.ixp, key, (*known.attachments, *attachments), (*known.macs, *macs))
        return tuple(found.values())

    def _attachment(self, presence: Object, family: str, version: Version, title: str) -> Attachment | None:
        details = presence.get(family)
        if details is None or details in ({}, [], ""):
            return None
        if isinstance(details, str):
            details = {"address": details}
        if not isinstance(details, dict):
            self._remarks.add(Topic.UNREADABLE, title, f"{family} is {show(details)}, not an object")
            return None
        self._values.set_aside("of an address", details, _ADDRESS)
        address = self._values.address(details.get("address"), version, title)
        if address is None:
            return None
        return Attachment(
            version=4 if "." in address and ":" not in address else 6,
            address=address,
            as_macro=read_text(details.get("as_macro")),
            max_prefix=self._values.number(details, "max_prefix", title),
            routeserver=self._values.flag(details, "routeserver", title),
            macs=tuple(self._values.macs(details.get("mac_addresses"), title)),
            serves_as=read_services(details),
        )


def _lists_vlan(ixps: Mapping[str, Ixp], ixp: str, vlan: str) -> str:
    """The IXP that a VLAN id of a connection belongs to: the connection's own, unless only one other lists it."""
    others = [other.id for other in ixps.values() if other.find_vlan(vlan)]
    return others[0] if len(others) == 1 and not ixps[ixp].find_vlan(vlan) else ixp
