"""What no schema can say about an exchange file: codes, zones, overlapping prefixes, things that do not fit."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations
from typing import Any, Final
from zoneinfo import available_timezones

from peerhall.contract.vocabulary import LARGEST_ASN
from peerhall.exchange.allocation import parse_range
from peerhall.exchange.records import Record
from peerhall.intake.catalogue import Catalogue
from peerhall.intake.exchange_file import ExchangeFile
from peerhall.intake.positions import Mistakes, Node

Network = IPv4Network | IPv6Network

_LOCODE: Final = re.compile(r"[A-Z]{2}[A-Z2-9]{3}", re.ASCII)
_IATA: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)

_LONGEST_PREFIX: Final = {4: 30, 6: 126}
_UNIQUE_NAMES: Final = ("devices", "roles", "network-services", "network-features", "metro-area-networks", "pops")
_ROLE_MEMBERS: Final = ("nsc_required_contact_roles", "nfc_required_contact_roles", "required_contact_roles")


def check(file: ExchangeFile, catalogue: Catalogue, mistakes: Mistakes) -> None:
    """Adds a mistake for everything in the catalogue that cannot be."""
    _check_exchange(file.exchange, catalogue, mistakes)
    for record in catalogue.records:
        node = catalogue.nodes[record.id]
        match record.kind:
            case "metro-areas":
                _check_metro_area(node, record, mistakes)
            case "facilities":
                _check_facility(node, record, mistakes)
            case "product-offerings":
                _check_offering(node, record, catalogue, mistakes)
        _check_roles(node, record, catalogue, mistakes)
    _check_names(catalogue, mistakes)
    subnets = _check_subnets(catalogue, mistakes)
    _check_reserved(catalogue, subnets, mistakes)
    _check_route_servers(catalogue, subnets, mistakes)


def advise(catalogue: Catalogue) -> Iterator[str]:
    """What is no mistake, but hardly what somebody wants: things that cannot be ordered as they stand."""
    offerings = catalogue.of("product-offerings")
    for lan in catalogue.of("network-services"):
        if not any(each.body.get("exchange_lan_network_service") == lan.id for each in offerings):
            yield f"Nobody can order peering on {lan.body['name']}: no offering of type exchange_lan is for it."
    pops = {pop.id: pop for pop in catalogue.of("pops")}
    for offering in offerings:
        if offering.type == "connection" and not _has_ports(catalogue, pops, offering):
            speed = offering.body["physical_port_speed"]
            yield f"No device where {offering.body['name']} is handed over has ports of {speed} Mbit/s."


def _has_ports(catalogue: Catalogue, pops: dict[str, Record], offering: Record) -> bool:
    return any(
        group["speed"] == offering.body.get("physical_port_speed")
        for device in catalogue.of("devices")
        for group in device.meta["ports"]
        if (pop := pops.get(device.body["pop"])) is not None
        and pop.body["metro_area_network"] == offering.body.get("handover_metro_area_network")
        and offering.body.get("handover_pop") in (None, pop.id)
    )


def _check_exchange(node: Node, catalogue: Catalogue, mistakes: Mistakes) -> None:
    if catalogue.rules["key"] != "?" and not _KEY.fullmatch(catalogue.rules["key"]):
        mistakes.add(node, "may hold letters, digits, dots, hyphens and underscores; it names the exchange", "key")
    if catalogue.rules["timezone"] not in available_timezones():
        mistakes.add(node, "is no time zone this machine knows; give one such as Europe/Dublin or UTC", "timezone")
    _check_role_names(node, catalogue, catalogue.rules["account_required_roles"], "account_required_roles", mistakes)
    if node.find("address") is not node and isinstance(country := node.find("address.country").value, str):
        _check_code(node, country, _COUNTRY, "address.country", _COUNTRY_HINT, mistakes)


_COUNTRY_HINT: Final = "must be an ISO 3166-1 code of two capital letters, such as IE"


def _check_metro_area(node: Node, record: Record, mistakes: Mistakes) -> None:
    hint = "must be a UN/LOCODE: a country's two letters and three of the place, such as IEORK"
    _check_code(node, record.body.get("un_locode"), _LOCODE, "un_locode", hint, mistakes)
    hint = "must be an IATA code of three capital letters, such as ORK"
    _check_code(node, record.body.get("iata_code"), _IATA, "iata_code", hint, mistakes)


def _check_facility(node: Node, record: Record, mistakes: Mistakes) -> None:
    _check_code(node, record.body.get("address_country"), _COUNTRY, "address_country", _COUNTRY_HINT, mistakes)
    for member, most in (("latitude", 90), ("longitude", 180)):
        degrees = record.body.get(member)
        if isinstance(degrees, int | float) and abs(degrees) > most:
            mistakes.add(node, f"is in degrees, from -{most} to {most}", member)


def _check_code(node: Node, code: Any, form: re.Pattern[str], member: str, hint: str, mistakes: Mistakes) -> None:
    if isinstance(code, str) and not form.fullmatch(code):
        mistakes.add(node, hint, member)


def _check_roles(node: Node, record: Record, catalogue: Catalogue, mistakes: Mistakes) -> None:
    for member in _ROLE_MEMBERS:
        _check_role_names(node, catalogue, record.body.get(member), member, mistakes)


def _check_role_names(node: Node, catalogue: Catalogue, named: Any, member: str, mistakes: Mistakes) -> None:
    known = [role.body.get("name") for role in catalogue.of("roles")]
    for index, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in known:
            reason = f"{name!r} is no role here; there are {', '.join(map(str, known))}"
            mistakes.add(node, reason, f"{member}.{index}")


def _check_names(catalogue: Catalogue, mistakes: Mistakes) -> None:
    for kind in _UNIQUE_NAMES:
        seen: dict[str, Record] = {}
        for record in catalogue.of(kind):
            name = str(record.body.get("name")).casefold()
            if name in seen:
                first = catalogue.nodes[seen[name].id]
                reason = f"is the name of {first.path} too (line {first.line}); give each its own"
                mistakes.add(catalogue.nodes[record.id], reason, "name")
            seen.setdefault(name, record)


def _check_subnets(catalogue: Catalogue, mistakes: Mistakes) -> dict[tuple[str, int], Network]:
    """The subnets of all LANs that are as they should be, by LAN and version."""
    subnets: dict[tuple[str, int], Network] = {}
    for lan in catalogue.of("network-services"):
        node = catalogue.nodes[lan.id]
        if not lan.body["subnet_v4"] and not lan.body["subnet_v6"]:
            mistakes.add(node, "needs a subnet_v4 or a subnet_v6, better both")
        for version in (4, 6):
            member = f"subnet_v{version}"
            if isinstance(text := lan.body[member], str) and text:
                try:
                    subnets[lan.id, version] = _parse_subnet(text, version)
                except ValueError as error:
                    mistakes.add(node, str(error), member)
    for (one, version), (other, other_version) in combinations(subnets, 2):
        if version == other_version and subnets[one, version].overlaps(subnets[other, version]):
            first = catalogue.nodes[one]
            reason = f"overlaps with the subnet of {first.path} (line {first.find(f'subnet_v{version}').line})"
            mistakes.add(catalogue.nodes[other], f"{reason}; LANs need prefixes of their own", f"subnet_v{version}")
    return subnets


def _parse_subnet(text: str, version: int) -> Network:
    example = "192.0.2.0/24" if version == 4 else "2001:db8:1::/64"
    try:
        network = ip_network(text)
    except ValueError:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"is not an IPv{version} prefix such as {example}") from None
        raise ValueError(f"has host bits set; the prefix is {network}") from None
    if network.version != version:
        raise ValueError(f"is an IPv{network.version} prefix; here goes one such as {example}")
    if network.prefixlen > _LONGEST_PREFIX[version]:
        raise ValueError("is too small for a LAN with members")
    return network


def _check_reserved(catalogue: Catalogue, subnets: dict[tuple[str, int], Network], mistakes: Mistakes) -> None:
    for lan in catalogue.of("network-services"):
        node = catalogue.nodes[lan.id]
        for index, item in enumerate(node.find("reserved").items or ()):
            member = f"reserved.{index}"
            if not isinstance(item.value, str):
                continue
            try:
                first, last = parse_range(item.value)
            except ValueError:
                mistakes.add(node, "must be a prefix, an address or a range such as 192.0.2.1-192.0.2.9", member)
                continue
            network = subnets.get((lan.id, 6 if ":" in item.value else 4))
            if network and not (int(network.network_address) <= first and last <= int(network.broadcast_address)):
                mistakes.add(node, f"lies outside of {network}, so there is nothing to reserve", member)


def _check_route_servers(catalogue: Catalogue, subnets: dict[tuple[str, int], Network], mistakes: Mistakes) -> None:
    taken: dict[tuple[str, str], Node] = {}
    for server in catalogue.of("network-features"):
        node = catalogue.nodes[server.id]
        families = server.body.get("address_families")
        if not isinstance(families, list):
            continue
        if isinstance(asn := server.body.get("asn"), int) and not 0 < asn <= LARGEST_ASN:
            mistakes.add(node, f"must be an AS number, from 1 to {LARGEST_ASN}", "asn")
        if not families:
            mistakes.add(node, "needs an ip_v4 or an ip_v6 on its LAN, better both")
        for version, family in ((4, "af_inet"), (6, "af_inet6")):
            member, text = f"ip_v{version}", server.body.get(f"ip_v{version}")
            if family in families and not text:
                mistakes.add(node, f"names {family}, so {member} is required", "address_families")
            if not isinstance(text, str):
                continue
            lan = server.body.get("network_service", "")
            reason = _judge_address(text, version, subnets.get((lan, version)))
            if reason is None and (lan, text) in taken:
                reason = f"is the address of {taken[lan, text].path} already (line {taken[lan, text].line})"
            if reason is not None:
                mistakes.add(node, reason, member)
            taken.setdefault((lan, text), node)


def _judge_address(text: str, version: int, network: Network | None) -> str | None:
    """What is wrong with a route server's address."""
    try:
        address = ip_address(text)
    except ValueError:
        return f"is not an IPv{version} address"
    if address.version != version:
        return f"is an IPv{address.version} address"
    if network is None:
        return f"the LAN has no IPv{version} subnet"
    if address not in network:
        return f"lies outside of {network}, the LAN's subnet"
    if address == network.network_address or (version == 4 and address == network.broadcast_address):
        return f"is not an address a host can have in {network}"
    return None


def _check_offering(node: Node, record: Record, catalogue: Catalogue, mistakes: Mistakes) -> None:
    body = record.body
    if record.type == "connection" and not (isinstance(body.get("physical_port_speed"), int)):
        mistakes.add(node, "is required: the speed of one port in Mbit/s, such as 10000", "physical_port_speed")
    if body.get("cross_connect_initiator") not in (None, "exchange", "subscriber"):
        mistakes.add(node, "must be exchange or subscriber: who orders the cable", "cross_connect_initiator")
    _check_order(node, body.get("bandwidth_min"), body.get("bandwidth_max"), "bandwidth_max", mistakes)
    _check_order(
        node, body.get("orderable_not_before"), body.get("orderable_not_after"), "orderable_not_after", mistakes
    )
    handover = body.get("handover_metro_area_network")
    pops = {pop.id: pop for pop in catalogue.of("pops")}
    named = pops.get(body.get("handover_pop") or "")
    if named is not None and handover is not None and named.body.get("metro_area_network") != handover:
        mistakes.add(node, "is in another metro area network than handover_metro_area_network", "handover_pop")
    lans = {lan.id: lan for lan in catalogue.of("network-services")}
    lan = lans.get(body.get("exchange_lan_network_service") or "")
    if lan is not None and body.get("service_metro_area_network") != lan.body.get("metro_area_network"):
        reason = (
            "must be the metro area network of the LAN; to reach it from elsewhere, set handover_metro_area_network"
        )
        mistakes.add(node, reason, "service_metro_area_network")


def _check_order(node: Node, first: Any, last: Any, member: str, mistakes: Mistakes) -> None:
    if first is not None and last is not None and type(first) is type(last) and last < first:
        mistakes.add(node, f"is less than {first!r}, where it begins", member)
