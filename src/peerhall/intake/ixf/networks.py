"""Which peering LAN of ours a VLAN of the export is, or what it is like when we have none; and its route servers."""

from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from peerhall.exchange.records import Body, Record
from peerhall.intake.identity import INFERRED, KEY, ORIGIN, identify, is_inferred, name_of
from peerhall.intake.ixf.export import Attachment, Export, Ixp, Member, Presence, Vlan
from peerhall.intake.ixf.origins import slug
from peerhall.intake.ixf.places import Places
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.stock import Draft, Stock
from peerhall.intake.lans import VERSIONS, Version, overlap, subnet_of, with_subnet_objects

Network = IPv4Network | IPv6Network

_USUAL_LENGTH: Final = {4: 24, 6: 64}
_SHORTEST_LENGTH: Final = {4: 16, 6: 32}
_MOST: Final = 0.9
"""The share of a LAN's addresses that an inferred subnet covers at least; the rest is taken for slips."""

_FAMILIES: Final = {4: "af_inet", 6: "af_inet6"}

ROUTE_SERVER: Final = "ixrouteserver"


class Networks:
    """The LANs of an export."""

    def __init__(
        self,
        stock: Stock,
        places: Places,
        export: Export,
        origins: Mapping[str, str],
        account: str,
        may_hold: Callable[[str, str], bool],
    ) -> None:
        """`may_hold` tells whether a prefix is free for the document of an id."""
        self._stock = stock
        self._places = places
        self._export = export
        self._origins = origins
        self._account = account
        self._may_hold = may_hold
        self._lans: dict[tuple[str, str], Record] = {}
        self._drawn: list[Network] = []

    def settle(self) -> None:
        """Finds the LAN for every VLAN that the export lists or somebody is on, making up those we lack."""
        wanted = {ixp.id: self._vlans_of(ixp) for ixp in self._export.ixps}
        described = [lan for lan in self._stock.of("network-services") if not is_inferred(lan)]
        for ixp in self._export.ixps:
            for vlan in wanted[ixp.id]:
                if (lan := self._match(ixp, vlan, described, len(wanted[ixp.id]) == 1)) is not None:
                    self._lans[ixp.id, vlan.id] = lan
        for ixp in self._export.ixps:
            found = [self._lans[ixp.id, vlan.id] for vlan in wanted[ixp.id] if (ixp.id, vlan.id) in self._lans]
            self._places.settle(ixp, found[0].body["metro_area_network"] if found else None)
            for vlan in wanted[ixp.id]:
                if (ixp.id, vlan.id) not in self._lans:
                    self._lans[ixp.id, vlan.id] = self._infer(ixp, vlan, len(wanted[ixp.id]) == 1)

    def lan_of(self, presence: Presence) -> Record:
        return self._lans[presence.ixp, presence.vlan]

    def list_lans(self) -> list[Record]:
        """All LANs that the export is about, each once."""
        return list({lan.id: lan for lan in self._lans.values()}.values())

    def servers_of(self, lan: Record, version: Version) -> list[Record]:
        """The LAN's route servers that speak this version."""
        return [
            feature
            for feature in self._stock.of("network-features")
            if feature.body["network_service"] == lan.id and _FAMILIES[version] in feature.body["address_families"]
        ]

    def settle_servers(self) -> None:
        """Makes up route servers for LANs that have none, when the export says that members use some."""
        for lan in self.list_lans():
            features = [each for each in self._stock.of("network-features") if each.body["network_service"] == lan.id]
            if all(map(is_inferred, features)):
                self._infer_servers(lan)

    # LANs.

    def _vlans_of(self, ixp: Ixp) -> list[Vlan]:
        """Those listed, and those somebody is on all the same."""
        found = {vlan.id: vlan for vlan in ixp.vlans}
        for member in self._export.members:
            for connection in member.connections:
                for presence in connection.presences:
                    if presence.ixp == ixp.id and presence.vlan not in found:
                        told = f"VLAN {presence.vlan}" if presence.vlan else "a VLAN without an id"
                        self._stock.remarks.add(
                            Topic.UNKNOWN, f"IXP {ixp.shortname or ixp.id}", f"{told} is not in its list of VLANs"
                        )
                        found[presence.vlan] = Vlan(presence.vlan, "", None, None)
        return list(found.values())

    def _match(self, ixp: Ixp, vlan: Vlan, described: list[Record], only: bool) -> Record | None:
        """By what was known before, then prefix, ids, name, and at last by the addresses of those on it."""
        known = self._stock.records.get(identify(self._origins[ixp.id], f"vlan/{vlan.id}"))
        if known is not None and not is_inferred(known):
            return known
        for lan in described:
            if any(overlap(prefix, subnet_of(lan, version)) for version, prefix in _prefixes(vlan)):
                return lan
        by_id = [lan for lan in described if only and _has_id_of(lan, ixp)]
        names = {name.casefold() for name in (vlan.name, *((ixp.shortname, ixp.name) if only else ())) if name}
        by_name = [lan for lan in described if name_of(lan).casefold() in names]
        for found in (by_id, by_name):
            if len(found) == 1:
                return found[0]
        return self._match_by_addresses(ixp, vlan, described)

    def _match_by_addresses(self, ixp: Ixp, vlan: Vlan, described: list[Record]) -> Record | None:
        addresses = [ip_address(each.address) for _, each in self._export.attachments(ixp.id, vlan.id)]
        hits = {
            lan.id: sum(
                bool(subnet := subnet_of(lan, address.version)) and address in ip_network(subnet)
                for address in addresses
            )
            for lan in described
        }
        best = max(described, key=lambda lan: hits[lan.id], default=None)
        return best if best is not None and 2 * hits[best.id] > len(addresses) else None

    def _infer(self, ixp: Ixp, vlan: Vlan, only: bool) -> Record:
        origin, network = self._origins[ixp.id], self._places.network_of(ixp)
        document = identify(origin, f"vlan/{vlan.id}")
        name = vlan.name or (ixp.shortname if only else f"{ixp.shortname} VLAN {vlan.id}".strip()) or "peering LAN"
        subnets = {f"subnet_v{version}": self._subnet(document, ixp, vlan, version, name) for version in VERSIONS}
        says = {
            "name": name[:40],
            **subnets,
            "peeringdb_ixid": ixp.peeringdb_id or None,
            "ixfdb_ixid": ixp.ixf_id or None,
        }
        body: Body = {
            "id": document,
            "type": "exchange_lan",
            "state": "production",
            "status": [],
            "nsc_required_contact_roles": [],
            "managing_account": self._account,
            "consuming_account": self._account,
            "external_ref": None,
            "metro_area_network": network.id,
            "network_features": [],
            "product_offering": None,
            "ips": [],
            **says,
        }
        if document not in self._stock.stored:
            self._stock.remarks.add(Topic.INFERRED, name[:40], "LAN: no exchange file describes it")
        meta = {ORIGIN: origin, KEY: f"vlan/{vlan.id}", INFERRED: True, "subnets": {}}
        lan = with_subnet_objects(Record(document, "network-services", body, meta))
        return self._stock.draft(Draft(lan, says))

    def _subnet(self, document: str, ixp: Ixp, vlan: Vlan, version: Version, name: str) -> str:
        """The LAN's prefix: as declared, else what it was, widened when addresses ask for it."""
        declared = dict(_prefixes(vlan)).get(version)
        addresses = [each.address for _, each in self._export.attachments(ixp.id, vlan.id) if each.version == version]
        stored = self._stock.records.get(document)
        before = subnet_of(stored, version) if stored is not None else ""
        wished = declared or infer_subnet(addresses, version) or ""
        if not declared and before and (not wished or _contains(before, wished)):
            wished = before
        if not wished:
            return ""
        if not self._is_free(wished, document):
            self._stock.remarks.add(
                Topic.CONFLICT, name[:40], f"{wished} overlaps with a prefix in use; it has none here"
            )
            return before
        self._drawn.append(ip_network(wished))
        if not declared and wished != before:
            self._stock.remarks.add(Topic.INFERRED, name[:40], f"subnet: {wished}, from the addresses on it")
        return wished

    def _is_free(self, prefix: str, document: str) -> bool:
        network = ip_network(prefix)
        return self._may_hold(prefix, document) and not any(
            network.version == other.version and network.overlaps(other) for other in self._drawn
        )

    # Route servers.

    def _infer_servers(self, lan: Record) -> None:
        own = [
            (member, attachment) for member, attachment in self._on(lan) if serves_as_route_server(member, attachment)
        ]
        families = {each.version for _, each in self._on(lan) if each.routeserver}
        if own:
            by_member: dict[int, list[Attachment]] = {}
            for member, attachment in own:
                by_member.setdefault(member.asn, []).append(attachment)
            names = {member.asn: member.name for member, _ in own}
            for asn, attachments in by_member.items():
                self._infer_told_servers(lan, asn, names[asn], attachments)
        elif families:
            asn = next((member.asn for member, _ in self._on(lan) if member.kind == "ixp"), 0)
            self._infer_server(lan, "rs", f"Route server of {name_of(lan)}", asn, dict.fromkeys(families, ""))

    def _infer_told_servers(self, lan: Record, asn: int, name: str, attachments: list[Attachment]) -> None:
        """One server for each pair of an IPv4 and an IPv6 address."""
        by_version = {
            version: [each.address for each in attachments if each.version == version] for version in VERSIONS
        }
        for index in range(max(map(len, by_version.values()))):
            addresses = {version: found[index] for version, found in by_version.items() if index < len(found)}
            number = f" {index + 1}" if max(map(len, by_version.values())) > 1 else ""
            title = f"{name or f'Route server of {name_of(lan)}'}{number}"
            self._infer_server(lan, f"rs/{asn}/{index + 1}", title, asn, addresses)

    def _infer_server(self, lan: Record, key: str, name: str, asn: int, addresses: Mapping[Version, str]) -> None:
        key, document, stored = self._stock.find_key(lan.id, key)
        says = {
            "address_families": [_FAMILIES[version] for version in sorted(addresses)],
            "ip_v4": addresses.get(4) or None,
            "ip_v6": addresses.get(6) or None,
        }
        body: Body = {
            "id": document,
            "type": "route_server",
            "name": name[:80],
            "required": False,
            "nfc_required_contact_roles": [],
            "flags": [],
            "network_service": lan.id,
            "asn": asn,
            "fqdn": f"{slug(name) or 'route-server'}.invalid",
            "looking_glass_url": None,
            "session_mode": "public",
            "available_bgp_session_types": ["passive", "active"],
            **says,
        }
        if stored is None:
            known = "its name in DNS is not" if any(addresses.values()) else "only that there is one is"
            self._stock.remarks.add(Topic.INFERRED, name[:80], f"route server: {known} known")
        origin = next(self._origins[ixp] for (ixp, _), each in self._lans.items() if each.id == lan.id)
        meta = {ORIGIN: origin, KEY: f"{key} of {lan.id}", INFERRED: True}
        self._stock.draft(Draft(Record(document, "network-features", body, meta), says))

    def _on(self, lan: Record) -> list[tuple[Member, Attachment]]:
        """All addresses on a LAN, with whose they are."""
        return [
            found
            for (ixp, vlan), each in self._lans.items()
            if each.id == lan.id
            for found in self._export.attachments(ixp, vlan)
        ]


def serves_as_route_server(member: Member, attachment: Attachment) -> bool:
    """Whether an address is that of a route server of the exchange, rather than a member's."""
    return ROUTE_SERVER in attachment.serves_as or member.kind == "routeserver"


def infer_subnet(addresses: list[str], version: int) -> str | None:
    """The longest usual prefix that covers nearly all of the addresses; None when there are none."""
    if not addresses:
        return None
    best = ""
    for length in range(_USUAL_LENGTH[version], _SHORTEST_LENGTH[version] - 1, -1):
        counted = Counter(str(ip_network(f"{address}/{length}", strict=False)) for address in addresses)
        prefix, hits = max(counted.items(), key=lambda item: (item[1], item[0]))
        best = best or prefix
        if hits >= _MOST * len(addresses):
            return prefix
    return best


def _prefixes(vlan: Vlan) -> list[tuple[Version, str]]:
    declared: list[tuple[Version, str | None]] = [(4, vlan.prefix_v4), (6, vlan.prefix_v6)]
    return [(version, prefix) for version, prefix in declared if prefix]


def _has_id_of(lan: Record, ixp: Ixp) -> bool:
    return any(
        told and lan.body.get(member) == told
        for member, told in (("ixfdb_ixid", ixp.ixf_id), ("peeringdb_ixid", ixp.peeringdb_id))
    )


def _contains(one: str, other: str) -> bool:
    return ip_network(other).subnet_of(ip_network(one))  # type: ignore[arg-type]
