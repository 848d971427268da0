"""An exchange file is brought in: what it describes is there, a second time nothing happens, and no harm is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from peerhall.exchange.records import Record
from peerhall.intake.applying import read_exchange_file
from peerhall.intake.identity import name_of
from peerhall.intake.positions import MistakesFound
from peerhall.store import documents, settings
from peerhall.store.database import SyncConnection
from tests.installation import Site
from tests.intake.support import DATA, apply, bring_in, check_all, claims_of, everything

EXCHANGE = DATA / "exchange.yaml"
DEMO = Path(__file__).parents[2] / "src/peerhall/demo/exchange.yaml"

SEVEN = {"cloud_vc", "connection", "exchange_lan", "mp2mp_vc", "p2mp_vc", "p2p_vc", "routing_function"}


@pytest.fixture
def edit(tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of the exchange file with something else written in it."""

    def edited(*pairs: tuple[str, str]) -> Path:
        text = EXCHANGE.read_text()
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        (tmp_path / "exchange.yaml").write_text(text)
        return tmp_path / "exchange.yaml"

    return edited


def find(connection: SyncConnection, kind: str, name: str) -> Any:
    """The body of the one document of a kind that goes by a name."""
    (found,) = [record.body for record in documents.find_all(connection, kind) if name_of(record) == name]
    return found


@pytest.mark.parametrize("file", [EXCHANGE, DEMO], ids=["small", "demo"])
def test_what_is_described_is_there_and_the_second_time_nothing_changes(empty: SyncConnection, file: Path) -> None:
    first = apply(empty, file)
    stored = everything(empty)
    held = claims_of(empty)
    assert not first.is_empty
    check_all(stored.values())
    assert apply(empty, file).is_empty
    assert (everything(empty), claims_of(empty)) == (stored, held)


def test_all_seven_kinds_of_offering_come_in(empty: SyncConnection) -> None:
    apply(empty, DEMO)
    offerings = documents.find_all(empty, "product-offerings")
    assert {str(offering.type) for offering in offerings} == SEVEN
    resources = {offering.type: offering.body["resource_type"] for offering in offerings}
    assert resources == {
        "connection": "connection",
        "exchange_lan": "network_service_config",
        "p2p_vc": "network_service",
        "p2mp_vc": "network_service",
        "mp2mp_vc": "network_service",
        "cloud_vc": "network_service",
        "routing_function": "routing_function",
    }


def test_what_follows_from_other_things_need_not_be_written(described: SyncConnection) -> None:
    pop = find(described, "pops", "ORK1")
    device = find(described, "devices", "sw1.ork1")
    assert device["facility"] == pop["facility"]
    assert device["capabilities"] == [
        {"media_type": "10GBASE-LR", "speed": 10000, "max_lag": 4, "availability": 8},
        {"media_type": "100GBASE-LR4", "speed": 100000, "availability": 2},
    ]
    assert pop["devices"] == [device["id"], find(described, "devices", "sw2.ork1")["id"]]
    peering = find(described, "product-offerings", "Peering")
    lan = find(described, "network-services", "Cork Peering")
    network = find(described, "metro-area-networks", "CORK")
    assert peering["service_metro_area_network"] == peering["handover_metro_area_network"] == network["id"]
    assert find(described, "network-features", "rs1")["address_families"] == ["af_inet", "af_inet6"]
    assert lan["peeringdb_ixid"] == 4711
    assert {record.body["name"] for record in documents.find_all(described, "roles")} == {
        "implementation",
        "noc",
        "peering",
        "legal",
        "billing",
    }


def test_the_lan_holds_its_prefixes_and_the_route_server_its_addresses(described: SyncConnection) -> None:
    lan = find(described, "network-services", "Cork Peering")
    server = find(described, "network-features", "rs1")
    assert claims_of(described) == [
        ("address", lan["id"], "192.0.2.10", server["id"]),
        ("address", lan["id"], "2001:db8:1::10", server["id"]),
        ("prefix", "", "192.0.2.0/25", lan["id"]),
        ("prefix", "", "2001:db8:1::/64", lan["id"]),
    ]


def test_contract_terms_are_kept_as_written(described: SyncConnection) -> None:
    circuit = find(described, "product-offerings", "Circuit")
    assert (circuit["contract_initial_period"], circuit["contract_renewal_notice_period"]) == ("P12M", "P2W")


def test_where_the_exchange_orders_the_cable_it_waits_for_a_letter_unless_told_not_to(
    described: SyncConnection, edit: Callable[..., Path]
) -> None:
    port = find(described, "product-offerings", "10G port")["id"]
    own = ": 10000\n    cross_connect_initiator: exchange\n"
    assert "loa_required" not in everything(described)[port].meta
    apply(described, edit((": 10000\n", own)))
    assert everything(described)[port].meta["loa_required"] is True
    apply(described, edit((": 10000\n", f"{own}    loa_required: false\n")))
    assert "loa_required" not in everything(described)[port].meta


CLOUD = """  cloud:
    type: cloud_vc
    service_provider: PROVIDER
    handover_metro_area_network: cork
    service_provider_workflow: exchange_first
    delivery_method: shared
    diversity: 1
"""


def test_whose_keys_a_cloud_takes_follows_from_its_name_unless_it_is_said(
    described: SyncConnection, edit: Callable[..., Path]
) -> None:
    def provider(text: str) -> Any:
        apply(described, edit(("  circuit:\n", f"{text}  circuit:\n")))
        return next(each.meta["cloud_provider"] for each in everything(described).values() if each.type == "cloud_vc")

    assert provider(CLOUD.replace("PROVIDER", "AWS Direct")) == "aws"
    assert provider(CLOUD.replace("PROVIDER", "Nimbus Cloud")) == "other"
    assert provider(CLOUD.replace("PROVIDER", "Nimbus Cloud") + "    cloud_provider: azure\n") == "azure"


def test_what_members_have_ordered_stays_at_its_cloud(described: SyncConnection, edit: Callable[..., Path]) -> None:
    named = CLOUD.replace("PROVIDER", "AWS")
    apply(described, edit(("  circuit:\n", f"{named}  circuit:\n")))
    [offering] = [each.id for each in everything(described).values() if each.type == "cloud_vc"]
    [account] = [each.id for each in everything(described).values() if each.kind == "accounts"]
    body = {"product_offering": offering, "managing_account": account, "consuming_account": account}
    documents.insert(
        described,
        [Record("cloud", "network-services", {"id": "cloud", "type": "cloud_vc", "state": "production", **body})],
    )
    for changed, path in (
        (named.replace("diversity: 1", "diversity: 2"), "diversity"),
        (named.replace("exchange_first", "provider_first"), "service_provider_workflow"),
        (named.replace("AWS", "Azure"), "cloud_provider"),
    ):
        with pytest.raises(MistakesFound) as found:
            apply(described, edit(("  circuit:\n", f"{changed}  circuit:\n")))
        assert [mistake.path for mistake in found.value.mistakes] == [f"product_offerings.cloud.{path}"]


def test_only_what_is_written_differently_changes(described: SyncConnection, edit: Callable[..., Path]) -> None:
    before = everything(described)
    plan = apply(described, edit(("street_address: 1 Example", "street_address: 2 Example"), ("rs1.test", "rs9.test")))
    changed = {name_of(change.after): set(change.members()) for change in plan.changed if change.after.kind != "ips"}
    assert changed == {"Cork One": {"street_address"}, "rs1": {"fqdn"}}
    assert (plan.added, plan.removed) == ((), ())
    after = everything(described)
    assert {after[id_].kind for id_ in after if after[id_] != before[id_]} == {"facilities", "network-features", "ips"}


def test_house_rules_change(described: SyncConnection, edit: Callable[..., Path]) -> None:
    plan = apply(described, edit(("[legal]", "[legal, noc]\n  cooldown_days: 30")))
    assert plan.rules == {"account_required_roles": (["legal"], ["legal", "noc"]), "cooldown_days": (7, 30)}
    assert settings.read_house_rules(described).cooldown_days == 30


def test_rules_that_an_earlier_version_did_not_know_are_gone_by_as_their_defaults_say(
    described: SyncConnection, edit: Callable[..., Path]
) -> None:
    described.execute("update setting set value = value - 'open_orders_limit' where name = 'exchange'")
    assert apply(described, edit()).is_empty
    plan = apply(described, edit(("[legal]", "[legal]\n  open_orders_limit: null")))
    assert plan.rules == {"open_orders_limit": (500, None)}
    assert settings.read_house_rules(described).open_orders_limit is None


def test_what_is_taken_out_of_the_file_goes(described: SyncConnection, edit: Callable[..., Path]) -> None:
    plan = apply(described, edit(("  sw2: {name: sw2.ork1, pop: ork1}\n", "")))
    assert [name_of(record) for record in plan.removed] == ["sw2.ork1"]
    assert len(find(described, "pops", "ORK1")["devices"]) == 1
    check_all(everything(described).values())


def test_a_key_that_changes_is_another_thing_and_its_claims_move(
    described: SyncConnection, edit: Callable[..., Path]
) -> None:
    plan = apply(described, edit(("  rs1:\n", "  rs2:\n")))
    assert [record.meta["key"] for record in plan.removed if record.kind == "network-features"] == ["route_servers/rs1"]
    assert apply(described, edit(("  rs1:\n", "  rs2:\n"))).is_empty
    check_all(everything(described).values())


HARM = [
    (("  sw1:\n", "  sw3:\n"), "devices.sw1", "in use by"),
    (("  port-10g:\n", "  port-11g:\n"), "product_offerings.port-10g", "orderable_not_after in the past"),
    (("Ethernet{1..8}", "Ethernet{2..8}"), "devices.sw1.ports", "no longer has Ethernet1, which Example Broadband"),
    (("10GBASE-LR, speed: 10000", "25GBASE-LR, speed: 25000"), "devices.sw1.ports", "makes another port of Ethernet1"),
    (("10GBASE-LR, speed", "10GBASE-SR, speed"), "devices.sw1.ports", "in use at 10000 Mbit/s and 10GBASE-LR"),
    (("192.0.2.0/25", "192.0.2.0/28"), "exchange_lans.peering.subnet_v4", "would leave 192.0.2.20 and"),
    (("  ork1: {name: ORK1, facility: one", "  ork1: {name: ORK1, facility: two"), "pops.ork1.facility", "leave it at"),
    (("speed: 10000\n", "speed: 1000\n"), "product_offerings.port-10g.physical_port_speed", "add another one beside"),
    (("ip_v4: 192.0.2.10", "ip_v4: 192.0.2.20"), "route_servers.rs1.ip_v4", "another address"),
    (("  rs1:\n", "  rs7:\n"), "route_servers.rs1", "in use by"),
    (("    ip_v4: 192.0.2.10\n", ""), "route_servers.rs1.ip_v4", "would end IPv4, in use by"),
    (
        ("ip_v4: 192.0.2.10\n", "ip_v4: 192.0.2.10\n    address_families: [af_inet6]\n"),
        "route_servers.rs1.address_families",
        "would end IPv4, in use by",
    ),
    (("key: test-ix", "key: other-ix"), "exchange.key", "keep that key, or use another database"),
]


@pytest.mark.parametrize(("change", "path", "says"), HARM, ids=[f"{row[1]}: {row[2]}" for row in HARM])
def test_what_members_use_is_not_taken_from_them(
    described: SyncConnection, edit: Callable[..., Path], change: tuple[str, str], path: str, says: str
) -> None:
    bring_in(described, DATA / "ixf-1.0.json")
    before = everything(described), claims_of(described)
    another = (
        "  two: {metro_area: cork, organisation_name: X, address_country: IE, address_region: X, address_locality: X, "
        "postal_code: X, street_address: X}\n"
    )
    with pytest.raises(MistakesFound) as found:
        apply(described, edit(("availability_zones:\n", f"{another}availability_zones:\n"), change))
    told = {mistake.path: mistake.reason for mistake in found.value.mistakes}
    assert says in told.get(path, ""), found.value.mistakes
    assert (everything(described), claims_of(described)) == before


def test_a_lan_may_grow_under_its_members(described: SyncConnection, edit: Callable[..., Path]) -> None:
    bring_in(described, DATA / "ixf-1.0.json")
    apply(described, edit(("192.0.2.0/25", "192.0.2.0/24")))
    addresses = [record.body for record in documents.find_all(described, "ips") if record.body["version"] == 4]
    assert {body["prefix_length"] for body in addresses} == {24}
    assert bring_in(described, DATA / "ixf-1.0.json").is_empty


def test_what_was_ordered_is_left_alone(opened: Site, described: SyncConnection, edit: Callable[..., Path]) -> None:
    bring_in(described, DATA / "ixf-1.0.json")
    before = {id_: record for id_, record in everything(described).items() if record.managing_account}
    apply(described, edit(("name: Zone A", "name: Zone B"), ("name: Peering,", "name: Open Peering,")))
    after = everything(described)
    of_members = [id_ for id_, record in before.items() if record.kind not in ("network-services", "ips")]
    assert {id_: after[id_].body for id_ in of_members} == {id_: before[id_].body for id_ in of_members}


def test_what_an_import_made_up_is_taken_over_by_the_file(empty: SyncConnection) -> None:
    bring_in(empty, DATA / "ixf-1.0.json")
    lan = find(empty, "network-services", "Cork Peering")
    configs = {record.id for record in documents.find_all(empty, "network-service-configs")}
    plan = apply(empty, EXCHANGE)
    assert find(empty, "network-services", "Cork Peering")["id"] == lan["id"]
    assert {record.id for record in documents.find_all(empty, "network-service-configs")} == configs
    assert "Cork Peering" in {name_of(change.after) for change in plan.changed}
    check_all(everything(empty).values())
    assert apply(empty, EXCHANGE).is_empty
    assert bring_in(empty, DATA / "ixf-1.0.json").is_empty


def test_reading_a_file_needs_no_database() -> None:
    assert {record.kind for record in read_exchange_file(EXCHANGE).records} >= {"devices", "network-services"}
