"""A mistake in an exchange file names the file, the line, the place in it, what is wrong and the way out."""

from pathlib import Path

import pytest

from peerhall.intake.applying import read_exchange_file
from peerhall.intake.positions import Mistake, MistakesFound
from tests.intake.support import DATA

EXCHANGE = DATA / "exchange.yaml"


def find_mistakes(file: Path, text: str | bytes) -> list[Mistake]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MistakesFound) as found:
        read_exchange_file(file)
    return found.value.mistakes


# What is written instead of what, what stands in the line that is to be named, the path, and words of the reason.
MISTAKES = [
    # Words nobody knows.
    ("metro_areas:", "metro_area:", "metro_area:", "metro_area", "did you mean metro_areas?"),
    ("    asn: 64500", "    asnn: 64500", "asnn:", "route_servers.rs1.asnn", "did you mean asn?"),
    ("    asn: 64500", "    zzz: 64500", "zzz:", "route_servers.rs1.zzz", "known are "),
    ("key: test-ix", "kay: test-ix", "kay:", "exchange.kay", "did you mean key?"),
    ("pop: ork1}", "pop: ork1, capabilities: []}", "capabilities", "devices.sw2.capabilities", "there is no such"),
    # What is required.
    ("  name: Test Exchange\n", "", "exchange:", "exchange.name", "required"),
    ("    fqdn: rs1.test-ix.example\n", "", "  rs1:", "route_servers.rs1.fqdn", "required"),
    ("    physical_port_speed: 10000\n", "", "port-10g:", "product_offerings.port-10g.physical_port_speed", "Mbit/s"),
    ("type: p2p_vc\n", "name: x\n", "circuit:", "product_offerings.circuit.type", "one of connection, "),
    ("    metro_area: cork\n    organ", "    organ", "  one:", "facilities.one.metro_area", "required"),
    # Values that cannot be.
    ("asn: 64500", "asn: 64500\n    flags: 5", "flags", "route_servers.rs1.flags", "list"),
    ("asn: 64500", "asn: many", "asn: many", "route_servers.rs1.asn", "integer"),
    ("asn: 64500", "asn: 4294967296", "asn: 42", "route_servers.rs1.asn", "4294967295"),
    ("key: test-ix", "key: test ix!", "key: test", "exchange.key", "letters, digits"),
    ("timezone: Europe/Dublin", "timezone: Cork", "timezone", "exchange.timezone", "time zone"),
    ("un_locode: IEORK", "un_locode: Cork", "un_locode", "metro_areas.cork.un_locode", "UN/LOCODE"),
    ("iata_code: ORK", "iata_code: ORKE", "iata_code", "metro_areas.cork.iata_code", ""),
    ("address_country: IE", "address_country: Ireland", "Ireland", "facilities.one.address_country", ""),
    ("postal_code: T12 X1", "postal_code: 12345", "12345", "facilities.one.postal_code", "put it in quotes"),
    ("speed: 10000,", "speed: fast,", "fast", "devices.sw1.ports.0.speed", "integer"),
    ("type: p2p_vc", "type: p2p", "type: p2p", "product_offerings.circuit.type", "must be one of"),
    (
        "type: p2p_vc\n",
        "type: p2p_vc\n    mac_acl_protection: 1\n",
        "mac_acl",
        "product_offerings.circuit.mac_acl_protection",
        "",
    ),
    (
        "type: p2p_vc\n",
        "type: p2p_vc\n    mac_acl_protection: true\n",
        "mac_acl",
        "product_offerings.circuit.mac_acl_protection",
        "of type mp2mp_vc",
    ),
    (
        "type: p2p_vc\n",
        "type: p2p_vc\n    cloud_provider: aws\n",
        "cloud_",
        "product_offerings.circuit.cloud_provider",
        "of type cloud_vc",
    ),
    (": P12M", ": 12 months", "12 months", "product_offerings.circuit.contract_initial_period", "such as P1Y"),
    ("[legal]", "[lawyer]", "lawyer", "exchange.account_required_roles.0", "implementation"),
    (
        ": 10000\n  p",
        ": 10000\n    loa_required: true\n  p",
        "loa_",
        "product_offerings.port-10g.loa_required",
        "issues",
    ),
    # Names of what is not there.
    ("metro_area: cork}", "metro_area: kork}", "kork", "metro_area_networks.cork.metro_area", "there are cork"),
    ("pop: ork1}", "pop: ork2}", "ork2", "devices.sw2.pop", "not the key of an entry in pops; there are ork1"),
    ("network_service: peering\n    f", "network_service: [a]\n    f", "[a]", "route_servers.rs1.network_service", ""),
    # Networks.
    ("192.0.2.0/25", "192.0.2.1/25", "192.0.2.1/25", "exchange_lans.peering.subnet_v4", "the prefix is 192.0.2.0/25"),
    ("192.0.2.0/25", "192.0.2.0/32", "192.0.2.0/32", "exchange_lans.peering.subnet_v4", "too small"),
    ("192.0.2.0/25", "2001:db8::/64", "v4:", "exchange_lans.peering.subnet_v4", "IPv6 prefix"),
    ("192.0.2.0/25", "all of it", "all of it", "exchange_lans.peering.subnet_v4", "such as 192.0.2.0/24"),
    ("192.0.2.1-192.0.2.9", "192.0.2.9-192.0.2.1", "reserved", "exchange_lans.peering.reserved.0", "a range such as"),
    ("192.0.2.1-192.0.2.9", "10.0.0.0/8", "reserved", "exchange_lans.peering.reserved.0", "outside of 192.0.2.0/25"),
    ("ip_v4: 192.0.2.10", "ip_v4: 192.0.2.200", "ip_v4", "route_servers.rs1.ip_v4", "outside of 192.0.2.0/25"),
    ("ip_v4: 192.0.2.10", "ip_v4: 192.0.2.0", "ip_v4", "route_servers.rs1.ip_v4", "not an address a host can have"),
    ("ip_v4: 192.0.2.10", "ip_v4: rs1", "ip_v4", "route_servers.rs1.ip_v4", "IPv4"),
    # Ports.
    ("{1..8}", "{8..1}", "8..1", "devices.sw1.ports.0.names", "ends before it begins"),
    ("{1..8}", "{1..8", "Ethernet{1..8", "devices.sw1.ports.0.names", "brace without its other half"),
    ("{1..8}", "{1..99999}", "99999", "devices.sw1.ports.0.names", "4096"),
    ("{9,10}", "{8,9}", "{8,9}", "devices.sw1.ports.1.names", "Ethernet8 is a port of this device already"),
    # Things that do not fit.
    ("sw2: {name: sw2.ork1", "sw2: {name: sw1.ork1", "sw2:", "devices.sw2.name", "sw1"),
    ("roles: [legal]", "roles: legal", "legal", "exchange.account_required_roles", "list"),
    # The form of the file.
    ("pop: ork1}", "pop: ork1, pop: ork1}", "sw2:", "devices.sw2.pop", "a second time"),
    ("  sw2: {name: sw2.ork1, pop: ork1}", "  sw2: yes", "sw2:", "devices.sw2", "must be a mapping"),
    (
        "metro_areas:\n  cork: {",
        "metro_areas:\n  - {",
        "metro_areas:",
        "metro_areas",
        "is a list; it must be a mapping",
    ),
]


@pytest.mark.parametrize(("old", "new", "at", "path", "says"), MISTAKES, ids=[f"{r[3]}-{r[1]}" for r in MISTAKES])
def test_a_mistake_is_pointed_at(tmp_path: Path, old: str, new: str, at: str, path: str, says: str) -> None:
    before = EXCHANGE.read_text()
    assert old in before
    text = before.replace(old, new, 1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if at in line)
    found = find_mistakes(tmp_path / "our.yaml", text)
    told = {mistake.path: mistake for mistake in found}
    assert path in told, found
    assert told[path].line == line, found
    assert says in told[path].reason, told[path].reason
    assert told[path].write("our.yaml").startswith(f"our.yaml:{line}: {path}: ")


SECOND_LAN = """
metro_areas: {cork: {un_locode: IEORK, iata_code: ORK}}
metro_area_networks: {cork: {metro_area: cork}, kerry: {metro_area: cork}}
exchange_lans:
  one: {metro_area_network: cork, subnet_v4: 192.0.2.0/25}
  two: {metro_area_network: kerry, subnet_v4: 192.0.2.128/25}
"""

TOGETHER = [
    (SECOND_LAN.replace("2.128/25", "2.64/26"), "two:", "exchange_lans.two.subnet_v4", "overlaps with the subnet of"),
    (SECOND_LAN.replace("/25", "/25, name: LAN"), "two:", "exchange_lans.two.name", "one"),
    (SECOND_LAN + "  three: {metro_area_network: cork}\n", "three", "exchange_lans.three", "needs a subnet_v4 or"),
    (
        SECOND_LAN
        + "route_servers:\n"
        + "  a: {network_service: one, fqdn: a.example, asn: 64500, ip_v4: 192.0.2.1}\n"
        + "  b: {network_service: one, fqdn: b.example, asn: 64500, ip_v4: 192.0.2.1}\n",
        "  b:",
        "route_servers.b.ip_v4",
        "is the address of route_servers.a already (line 8)",
    ),
    (
        SECOND_LAN + "route_servers:\n  a: {network_service: one, fqdn: a.example, asn: 64500}\n",
        "  a:",
        "route_servers.a",
        "needs an ip_v4 or an ip_v6",
    ),
    (
        SECOND_LAN + "route_servers:\n  a: {network_service: one, fqdn: a.example, asn: 64500, ip_v6: '2001:db8::1'}\n",
        "  a:",
        "route_servers.a.ip_v6",
        "the LAN has no IPv6 subnet",
    ),
    (
        SECOND_LAN
        + "product_offerings:\n  p: {type: exchange_lan, exchange_lan_network_service: one, "
        + "service_metro_area_network: kerry}\n",
        "  p:",
        "product_offerings.p.service_metro_area_network",
        "set handover_metro_area_network",
    ),
    (
        SECOND_LAN
        + "product_offerings:\n  p: {type: p2p_vc, handover_metro_area_network: cork, bandwidth_min: 9, "
        + "bandwidth_max: 5}\n",
        "  p:",
        "product_offerings.p.bandwidth_max",
        "less than 9",
    ),
    ("metro_areas: {cork: {un_locode: IEORK, iata_code: ORK}}\npops: {a: {}}", "pops", "pops.a.facility", ""),
]


@pytest.mark.parametrize(("sections", "at", "path", "says"), TOGETHER, ids=[row[2] for row in TOGETHER])
def test_what_does_not_fit_together_is_pointed_at(tmp_path: Path, sections: str, at: str, path: str, says: str) -> None:
    text = "exchange: {key: ours, name: Ours}\n" + sections.lstrip()
    line = next(number for number, line in enumerate(text.splitlines(), 1) if at in line)
    found = find_mistakes(tmp_path / "our.yaml", text)
    told = {mistake.path: mistake for mistake in found}
    assert path in told, found
    assert (told[path].line, says in told[path].reason) == (line, True), told[path]


WHOLE = [
    ("", 0, "is empty"),
    ("- a\n- b\n", 1, "must be a mapping of sections"),
    ("just words\n", 1, "must be a mapping of sections"),
    ("exchange:\n\tkey: ours\n", 2, "indent with spaces, not tabs"),
    ("exchange:\n  key: ours\n  name: Ours: the best\n", 3, "put text that contains a colon in quotes"),
    ("exchange: {key: ours, name: Ours\n", 2, "is not YAML here"),
    ("exchange: {key: ours, name: Ours}\n---\nroles: {}\n", 2, "take the line --- and what follows it out"),
    ("exchange: &a\n  key: ours\n  name: *a\n", 3, "refers to itself"),
    (b"exchange: {key: ours, name: \xff\xfe}\n", 0, "is not text"),
    (b"exchange: {key: ours, name: \x00}\n", 0, "is not text"),
    ("exchange: " + "[" * 100000 + "]" * 100000, 0, "nested too deeply"),
    ("roles: {}\n", 1, "is required: the exchange itself"),
    ("exchange: Ours\n", 1, "must be a mapping with at least key and name"),
    ("exchange: {key: ours, name: Ours}\nroles: {? [a, b] : x}\n", 2, "a key must be a word"),
]


@pytest.mark.parametrize(("text", "line", "says"), WHOLE, ids=[row[2] for row in WHOLE])
def test_a_file_that_is_none_is_told_from_a_traceback(tmp_path: Path, text: str | bytes, line: int, says: str) -> None:
    found = find_mistakes(tmp_path / "our.yaml", text)
    told = [mistake for mistake in found if says in mistake.reason]
    assert told, found
    assert told[0].line == line, found


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = EXCHANGE.read_text().replace("IEORK", "Cork").replace("pop: ork1", "pop: ork9").replace("P12M", "a year")
    found = find_mistakes(tmp_path / "our.yaml", text)
    assert [mistake.path for mistake in found] == [
        "metro_areas.cork.un_locode",
        "devices.sw1.pop",
        "devices.sw2.pop",
        "product_offerings.circuit.contract_initial_period",
    ]
    assert [mistake.line for mistake in found] == sorted(mistake.line for mistake in found)


def test_words_that_other_yaml_readers_take_for_something_else_are_words(tmp_path: Path) -> None:
    file = tmp_path / "our.yaml"
    file.write_text(EXCHANGE.read_text().replace("address_country: IE", "address_country: NO"))
    (facility,) = read_exchange_file(file).of("facilities")
    assert facility.body["address_country"] == "NO"
