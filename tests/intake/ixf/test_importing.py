"""What becomes of a member export, in each of its versions, with and without an exchange file before it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from peerhall.exchange.records import Record
from peerhall.intake.identity import is_inferred, name_of
from peerhall.intake.ixf.remarks import Topic
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests.intake.support import DATA, apply, bring_in, check_all, claims_of, everything, told

VERSIONS = ("0.6", "0.7", "1.0")
DEMO = Path(__file__).parents[3] / "src/peerhall/demo"


def export(version: str) -> Any:
    return json.loads((DATA / f"ixf-{version}.json").read_bytes())


def of(connection: SyncConnection, kind: str, account: str = "") -> list[Record]:
    """Documents of a kind, all of them or those of the account of that name."""
    found = documents.find_all(connection, kind)
    if not account:
        return found
    (id_,) = [each.id for each in documents.find_all(connection, "accounts") if name_of(each) == account]
    return [each for each in found if each.consuming_account == id_]


@pytest.mark.parametrize("described", [True, False], ids=["described", "from nothing"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_comes_in_whole_and_the_second_time_changes_nothing(
    empty: SyncConnection, version: str, described: bool
) -> None:
    if described:
        apply(empty, DATA / "exchange.yaml")
    content = export(version)
    first = bring_in(empty, content)
    stored, held = everything(empty), claims_of(empty)
    check_all(stored.values())
    asns = {entry["asnum"] for entry in content["member_list"]}
    assert {record.meta["key"] for record in stored.values() if record.kind == "accounts"} >= {f"AS{n}" for n in asns}
    assert {
        record.state
        for record in stored.values()
        if record.kind in ("accounts", "connections", "ports", "network-service-configs", "network-feature-configs")
    } == {"production"}
    assert len(first.merged.added) >= len(asns)
    assert bring_in(empty, content).is_empty
    assert (everything(empty), claims_of(empty)) == (stored, held)


def test_a_member_becomes_an_account_with_all_it_has(described: SyncConnection) -> None:
    bring_in(described, export("1.0"))
    (connection,) = of(described, "connections", "Example Broadband")
    (port,) = of(described, "ports", "Example Broadband")
    (mac,) = of(described, "macs", "Example Broadband")
    (config,) = of(described, "network-service-configs", "Example Broadband")
    sessions = of(described, "network-feature-configs", "Example Broadband")
    addresses = of(described, "ips", "Example Broadband")
    (server,) = documents.find_all(described, "network-features")
    (lan,) = documents.find_all(described, "network-services")
    (device,) = [each for each in documents.find_all(described, "devices") if name_of(each) == "sw1.ork1"]
    (offering,) = [each for each in documents.find_all(described, "product-offerings") if name_of(each) == "10G port"]
    assert (connection.body["mode"], connection.body["speed"]) == ("standalone", 10000)
    assert (connection.body["ports"], connection.body["product_offering"]) == ([port.id], offering.id)
    assert connection.body["current_billing_start_date"] == "2021-05-01"
    assert (port.body["device"], port.body["name"], port.body["media_type"]) == (device.id, "Ethernet1", "10GBASE-LR")
    assert mac.body["address"] == "02:00:00:00:00:20"
    assert config.body["network_service"] == lan.id
    assert (config.body["macs"], config.body["asns"], config.body["listed"]) == ([mac.id], [64496], True)
    assert config.body["vlan_config"] == {"vlan_type": "port"}
    assert config.body["ips"] == [each.id for each in addresses]
    assert [(each.body["address"], each.body["prefix_length"]) for each in addresses] == [
        ("192.0.2.20", 25),
        ("2001:db8:1::20", 64),
    ]
    assert {each.body["network_feature"] for each in sessions} == {server.id}
    assert [(each.body["ip"], each.body["asn"], each.body["insert_ixp_asn"]) for each in sessions] == [
        (address.id, 64496, False) for address in addresses
    ]
    assert (sessions[0].body["as_set_v4"], sessions[0].body["max_prefix_v4"]) == ("AS-EXAMPLE", 100)
    assert (sessions[1].body["as_set_v6"], sessions[1].body["max_prefix_v6"]) == ("AS-EXAMPLE", 100)
    (account,) = [each for each in documents.find_all(described, "accounts") if name_of(each) == "Example Broadband"]
    assert account.body["asns"] == [64496]


def test_a_free_port_less_is_there_for_each_that_is_taken(described: SyncConnection) -> None:
    bring_in(described, export("1.0"))
    (device,) = [each for each in documents.find_all(described, "devices") if name_of(each) == "sw1.ork1"]
    assert {each["speed"]: each["availability"] for each in device.body["capabilities"]} == {10000: 5, 100000: 1}


def test_what_is_held_cannot_be_given_to_anybody_else(described: SyncConnection) -> None:
    bring_in(described, export("1.0"))
    held = Counter(kind for kind, *_ in claims_of(described))
    assert held == {"address": 8 + 2, "mac": 3, "port": 6, "prefix": 2, "vlan": 5}


def test_one_config_for_each_lan_on_a_connection_with_all_its_addresses(empty: SyncConnection) -> None:
    bring_in(empty, export("0.6"))
    connections = of(empty, "connections")
    configs = of(empty, "network-service-configs")
    assert len(connections) == len(configs) == 24
    assert {each.body["connection"] for each in configs} == {each.id for each in connections}
    assert {each.body["vlan_config"]["vlan_type"] for each in configs} == {"port"}
    (many,) = of(empty, "network-service-configs", "AS64499")
    addresses = [each.body["address"] for each in of(empty, "ips", "AS64499")]
    assert addresses == ["198.51.100.13", "2001:db8:6::fbf3:1", "198.51.100.113", "2001:db8:6::fbf3:2"]
    assert len(many.body["ips"]) == 4


def test_several_lans_on_a_connection_have_tags_of_their_own(empty: SyncConnection) -> None:
    imported = bring_in(empty, export("0.7"))
    configs = of(empty, "network-service-configs", "Example Broadband")
    on_first = [each for each in configs if each.body["connection"] == configs[0].body["connection"]]
    assert [each.body["vlan_config"]["vlan"] for each in on_first] == [11, 12]
    assert [text for text in told(imported, Topic.INFERRED) if "one of several LANs" in text]
    assert all("vlan_config" in each.meta["inferred_members"] for each in on_first)


def test_a_lan_whose_tag_is_described_is_reached_by_it(empty: SyncConnection, tmp_path: Path) -> None:
    file = tmp_path / "exchange.yaml"
    file.write_text((DATA / "exchange.yaml").read_text().replace("peeringdb_ixid: 4711", "vlan: 77"))
    apply(empty, file)
    bring_in(empty, export("1.0"))
    tags = [each.body["vlan_config"] for each in of(empty, "network-service-configs")]
    assert {(tag["vlan_type"], tag["vlan"]) for tag in tags} == {("dot1q", 77)}


def test_a_member_without_a_name_is_called_by_its_as_number(empty: SyncConnection) -> None:
    imported = bring_in(empty, export("0.6"))
    names = {name_of(each) for each in of(empty, "accounts")}
    assert {"AS64496", "AS65545"} < names
    assert len([text for text in told(imported, Topic.INFERRED) if "name: it has none" in text]) == 24


def test_an_as_set_without_a_registry_is_taken_and_a_missing_one_is_the_members_own_as(
    described: SyncConnection,
) -> None:
    content = export("1.0")
    first, second = content["member_list"][:2]
    first["connection_list"][0]["vlan_list"][0]["ipv4"]["as_macro"] = "AS-NO-REGISTRY"
    del second["connection_list"][0]["vlan_list"][0]["ipv4"]["as_macro"]
    imported = bring_in(described, content)
    sets = {each.body["as_set_v4"] for each in of(described, "network-feature-configs")}
    assert {"AS-NO-REGISTRY", "AS64497"} <= sets
    assert "AS64497 Sample Hosting: AS-SET: none is given, so it is AS64497" in told(imported, Topic.INFERRED)


def test_two_ports_are_a_bundle_and_the_mode_is_marked_as_a_guess(described: SyncConnection) -> None:
    imported = bring_in(described, export("1.0"))
    bundle = next(each for each in of(described, "connections") if each.body["port_quantity"] == 2)
    assert (bundle.body["mode"], bundle.body["lacp_timeout"], bundle.body["speed"]) == ("lag_lacp", "slow", 20000)
    assert bundle.meta["inferred_members"] == ["mode"]
    assert "AS64497 Sample Hosting: mode: a connection of 2 ports is taken for lag_lacp" in told(
        imported, Topic.INFERRED
    )


def test_a_connection_without_ports_has_one_of_unknown_speed(empty: SyncConnection) -> None:
    imported = bring_in(empty, export("0.6"))
    (connection,) = of(empty, "connections", "AS64496")
    assert connection.body["port_quantity"] == len(connection.body["ports"]) == 1
    assert connection.body.get("speed") is None
    assert connection.meta["inferred_members"] == ["port_quantity", "mode"]
    assert [text for text in told(imported, Topic.INFERRED) if text.startswith("AS64496: ports: the export lists none")]


def test_what_nobody_described_is_made_up_marked_and_told(empty: SyncConnection) -> None:
    imported = bring_in(empty, export("0.6"))
    made_up = {each.kind: each for each in everything(empty).values() if is_inferred(each)}
    assert made_up.keys() == {
        "accounts",
        "devices",
        "facilities",
        "ips",
        "metro-area-networks",
        "metro-areas",
        "network-services",
        "pops",
        "product-offerings",
    }
    lan = made_up["network-services"].body
    assert (lan["subnet_v4"], lan["subnet_v6"]) == ("198.51.100.0/24", "2001:db8:6::/64")
    inferred = told(imported, Topic.INFERRED)
    for named in (
        "exchange: ",
        "metro area: ",
        "metro area network: ",
        "subnet: 198.51.100.0/24",
        "LAN: ",
        "facility: ",
        "PoP: ",
    ):
        assert [text for text in inferred if f": {named}" in text], named


def test_offerings_that_were_made_up_cannot_be_ordered(empty: SyncConnection) -> None:
    bring_in(empty, export("1.0"))
    offerings = of(empty, "product-offerings")
    assert offerings
    assert {each.body["orderable_not_after"] for each in offerings} == {"1970-01-01T00:00:00Z"}


def test_an_address_outside_of_its_lan_comes_in_and_is_told(described: SyncConnection) -> None:
    imported = bring_in(described, export("1.0"))
    (address,) = of(described, "ips", "Imaginary Carrier")
    assert address.body["address"] == "10.1.0.36"
    assert told(imported, Topic.OUTSIDE) == [
        "AS64499 Imaginary Carrier: 10.1.0.36 is not in 192.0.2.0/25 of Cork Peering"
    ]


def test_nothing_is_left_out_without_a_word(empty: SyncConnection) -> None:
    imported = bring_in(empty, export("0.7"))
    assert told(imported, Topic.SKIPPED) == [
        "AS64504 Mock Research Network: has no connections; only the account is imported",
        "AS64500 Fictional IX route servers: a connection that is a route server's, not a member's",
    ]
    assert told(imported, Topic.INACTIVE) == ["AS64502 Sample Hosting: inactive: 203.0.113.12"]
    assert told(imported, Topic.DUPLICATE) == [
        (
            "AS64501 Example Broadband: stands in the export again as Example Broadband (second entry); "
            "both are the same account here"
        ),
        "AS64503 Pretend Mobile: 203.0.113.11 on Peering; Sample Hosting has it",
        "AS64503 Pretend Mobile: 02:00:00:00:00:01 on Peering; Example Broadband has it",
    ]
    assert told(imported, Topic.UNREADABLE) == [
        "AS64502 Sample Hosting: '01:00:5e:00:00:01' is not a MAC address an interface has"
    ]
    assert told(imported, Topic.UNKNOWN) == [
        "AS64503 Pretend Mobile: a port names switch 9, which is not in the list of switches"
    ]


def test_members_of_the_export_that_have_no_place_are_counted(described: SyncConnection) -> None:
    content = export("1.0")
    content["ixp_list"][0]["switch"][0]["manufacturer"] = "Example"
    content["member_list"][0]["connection_list"][0]["if_list"][0]["note"] = "cage 4"
    aside = told(bring_in(described, content), Topic.ASIDE)
    assert "peering_policy of a member: 4 times" in aside
    assert {"url of an IXP: 1 time", "manufacturer of a switch: 1 time", "note of a port: 1 time"} < set(aside)


def test_the_address_of_a_connection_out_of_use_is_kept_for_its_member(empty: SyncConnection) -> None:
    bring_in(empty, export("0.7"))
    (account,) = [each for each in of(empty, "accounts") if name_of(each) == "Sample Hosting"]
    holders = {value: holder for _, _, value, holder in claims_of(empty)}
    assert holders["203.0.113.12"] == account.id


def test_route_servers_in_the_export_are_the_lans(empty: SyncConnection) -> None:
    bring_in(empty, export("0.7"))
    (server,) = of(empty, "network-features")
    assert (server.body["asn"], server.body["ip_v4"], server.body["ip_v6"]) == (64500, "203.0.113.1", "2001:db8:7::1")
    assert is_inferred(server)
    assert {each.body["network_feature"] for each in of(empty, "network-feature-configs")} == {server.id}


def test_the_demos_members_come_into_the_demos_exchange(empty: SyncConnection) -> None:
    apply(empty, DEMO / "exchange.yaml")
    imported = bring_in(empty, DEMO / "members.json")
    assert imported.members == 60
    assert told(imported, Topic.CONFLICT) == told(imported, Topic.SKIPPED) == []
    check_all(everything(empty).values())
    assert bring_in(empty, DEMO / "members.json").is_empty
