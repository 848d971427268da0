from typing import Any

import pytest

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.ordering.network_service_configs import (
    check_attachment,
    check_connection,
    check_lan_offering,
    check_layer3,
    check_vlan_config,
    fill_in_tag,
    keep_tag,
    list_holding,
    list_missing,
    list_remarks,
    usable_capacity,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note

EVERY = range(4096)
DOT1Q: Body = {"vlan_type": "dot1q", "vlan": None, "vlan_ethertype": None}
QINQ: Body = {"vlan_type": "qinq", "outer_vlan": None, "inner_vlan": 7}


def lan(**meta: Any) -> Record:
    return Record("lan", "network-services", {"nsc_required_contact_roles": ["noc"]}, meta)


def config(**body: Any) -> Record:
    return Record("config", "network-service-configs", {"macs": ["mac"], "state": "requested", **body})


def connection(state: str = "production", **body: Any) -> Record:
    members = {"state": state, "metro_area_network": "man", "speed": 20000, "port_quantity": 2, **body}
    return Record("connection", "connections", members)


def feature(id_: str, required: bool) -> Record:
    return Record(id_, "network-features", {"name": id_, "required": required})


def names(faults: Faults) -> list[str]:
    return [fault.name for fault in faults.found]


def tags(notes: list[Note]) -> list[str]:
    return [note.tag for note in notes]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"connection": "c", "vlan_config": DOT1Q}, []),
        ({"routing_function": "r"}, []),
        ({"connection": "c"}, ["vlan_config"]),
        ({}, ["connection", "routing_function"]),
        ({"connection": "c", "routing_function": "r", "vlan_config": DOT1Q}, ["connection", "routing_function"]),
    ],
)
def test_a_config_attaches_to_exactly_one_thing(body: Body, wrong: list[str]) -> None:
    faults = Faults()
    check_attachment(faults, body)
    assert names(faults) == wrong


@pytest.mark.parametrize(
    ("state", "fits"),
    [
        ("requested", True),
        ("production", True),
        ("operator", True),
        ("decommission_requested", False),
        ("archived", False),
    ],
)
def test_a_connection_takes_configs_before_it_is_in_production_but_not_on_its_way_out(state: str, fits: bool) -> None:
    faults = Faults()
    check_connection(faults, connection(state))
    assert (not faults.found) == fits


def test_a_connection_that_is_not_there_is_refused() -> None:
    faults = Faults()
    check_connection(faults, None)
    assert names(faults) == ["connection"]


@pytest.mark.parametrize(
    ("vlan_config", "wrong"),
    [
        ({"vlan_type": "dot1q", "vlan_ethertype": "0x8100"}, []),
        ({"vlan_type": "dot1q", "vlan_ethertype": None}, []),
        ({"vlan_type": "dot1q", "vlan_ethertype": "0x9100"}, ["vlan_config.vlan_ethertype"]),
        (
            {"vlan_type": "qinq", "outer_vlan_ethertype": "0x9100"},
            ["vlan_config.vlan_type", "vlan_config.outer_vlan_ethertype"],
        ),
    ],
)
def test_the_connection_knows_the_vlan_type_and_ethertype(vlan_config: Body, wrong: list[str]) -> None:
    faults = Faults()
    check_vlan_config(faults, vlan_config, {"vlan_types": ["port", "dot1q"], "outer_vlan_ethertypes": ["0x8100"]})
    assert names(faults) == wrong


def test_a_tag_is_picked_where_none_was_given() -> None:
    held = [(range(2, 3), EVERY)]
    assert fill_in_tag(DOT1Q, held, {3}) == ({"vlan_type": "dot1q", "vlan": 4, "vlan_ethertype": "0x8100"}, True)
    neighbours = [(range(3, 4), range(6, 7)), (range(3, 4), range(8, 9))]
    picked, _ = fill_in_tag(QINQ, [(range(2, 3), range(7, 8)), *neighbours], ())
    assert picked == {**QINQ, "outer_vlan": 3, "outer_vlan_ethertype": "0x8100"}


def test_a_tag_that_was_given_is_left_alone() -> None:
    given = {"vlan_type": "dot1q", "vlan": 1, "vlan_ethertype": "0x88a8"}
    assert fill_in_tag(given, [], ()) == (given, False)
    assert fill_in_tag({"vlan_type": "port"}, [], ()) == ({"vlan_type": "port"}, False)


def test_there_may_be_no_tag_left() -> None:
    assert fill_in_tag(DOT1Q, [(EVERY, EVERY)], ()) == (None, True)


@pytest.mark.parametrize(
    ("wished", "current", "kept"),
    [
        (DOT1Q, {"vlan_type": "dot1q", "vlan": 5}, 5),
        ({**DOT1Q, "vlan": 6}, {"vlan_type": "dot1q", "vlan": 5}, 6),
        (DOT1Q, {"vlan_type": "qinq", "outer_vlan": 5, "inner_vlan": 7}, None),
        (DOT1Q, None, None),
    ],
)
def test_a_picked_tag_stays_when_a_change_says_null_again(wished: Body, current: Body | None, kept: int | None) -> None:
    assert keep_tag(wished, current)["vlan"] == kept


@pytest.mark.parametrize(
    ("offering", "wrong"),
    [
        ({}, []),
        ({"physical_port_speed": 10000}, []),
        ({"handover_metro_area_network": "elsewhere"}, []),
        ({"exchange_lan_network_service": "other"}, ["product_offering"]),
        ({"physical_port_speed": 100000}, ["product_offering"]),
        ({"handover_metro_area_network": "a", "service_metro_area_network": "b"}, ["product_offering"]),
    ],
)
def test_the_offering_is_of_this_lan_and_for_this_connection(offering: Body, wrong: list[str]) -> None:
    fitting = {
        "exchange_lan_network_service": "lan",
        "handover_metro_area_network": "man",
        "service_metro_area_network": "man",
        "physical_port_speed": None,
    }
    faults = Faults()
    check_lan_offering(faults, {**fitting, **offering}, lan(), connection())
    assert names(faults) == wrong


@pytest.mark.parametrize(
    ("l3_config", "wrong"),
    [
        ({"local_asn": 64496}, []),
        ({"local_asn": 64496, "bfd": True}, []),
        ({"local_asn": 64496, "local_address": "192.0.2.1/30"}, ["l3_config.local_address"]),
        ({"local_asn": None}, ["l3_config.local_asn"]),
        (None, ["l3_config.local_asn"]),
    ],
)
def test_layer_3_members_are_those_the_offering_knows_and_needs(l3_config: Body | None, wrong: list[str]) -> None:
    offering = {"nsc_required_l3_config_fields": ["local_asn"], "nsc_supported_l3_config_fields": ["bfd"]}
    faults = Faults()
    check_layer3(faults, {"l3_config": l3_config}, offering)
    assert names(faults) == wrong


@pytest.mark.parametrize(
    ("capacity", "offering", "counted"),
    [
        (500, {"bandwidth_max": 1000}, 500),
        (None, {"bandwidth_max": 1000}, 1000),
        (None, {"bandwidth_max": None}, 0),
        (None, None, 0),
    ],
)
def test_an_unlimited_config_counts_for_what_its_offering_allows(
    capacity: int | None, offering: Body | None, counted: int
) -> None:
    assert usable_capacity({"capacity": capacity}, offering) == counted


def test_everything_that_is_missing_is_told_at_once() -> None:
    notes = list_missing(
        config(macs=["mac", "expired"]),
        lan(),
        connection("requested"),
        roles=(),
        features=[feature("rs1", True), feature("rs2", True), feature("collector", False)],
        configured_features={"rs2"},
        valid_macs={"mac"},
        unverified_asns=[64496],
    )
    assert [note.id for note in notes] == [
        "contact_role_required:noc",
        "required_feature_missing:rs1",
        "mac_not_valid:expired",
        "connection_not_in_production",
        "asn_unverified:64496",
    ]


@pytest.mark.parametrize(("meta", "missing"), [({}, ["mac_missing"]), ({"mac_required": False}, [])])
def test_a_lan_may_do_without_macs(meta: Body, missing: list[str]) -> None:
    arguments: Any = {
        "roles": ["noc"],
        "features": (),
        "configured_features": (),
        "valid_macs": (),
        "unverified_asns": (),
    }
    assert tags(list_missing(config(macs=[]), lan(**meta), connection(), **arguments)) == missing


@pytest.mark.parametrize(
    ("ready", "demanded", "held"),
    [(None, False, False), (True, False, False), (False, False, True), (None, True, True), (True, True, False)],
)
def test_the_consumers_side_holds_an_order_when_it_says_so_or_the_lan_asks(
    ready: bool | None, demanded: bool, held: bool
) -> None:
    notes = list_holding(config(consumer_side_ready=ready), lan(demands_ready=demanded), [64496], Phase.BUILDING)
    assert tags(notes) == ["consumer_side_not_ready"] * held


def test_a_change_waits_for_its_asns_only() -> None:
    notes = list_holding(config(consumer_side_ready=False), lan(), [64496], Phase.CHANGING)
    assert tags(notes) == ["asn_unverified"]


def test_remarks_tell_what_was_picked_and_what_is_changing() -> None:
    picked = config(ips=["ip"], vlan_config={"vlan_type": "dot1q", "vlan": 2, "vlan_ethertype": "0x8100"})
    picked = picked.with_meta(vlan_selected=True, changing={"capacity": [None, 100]})
    assert tags(list_remarks(picked, connection(), ["192.0.2.10"], Phase.RESERVING)) == [
        "ip_allocated",
        "vlan_selected",
    ]
    assert tags(list_remarks(picked, connection(), ["192.0.2.10"], Phase.LIVE)) == ["vlan_selected"]
    assert tags(list_remarks(picked, connection(), [], Phase.CHANGING)) == ["change_in_progress", "vlan_selected"]


def test_remarks_warn_of_a_connection_that_leaves_and_of_the_own_end() -> None:
    live = config(state="production")
    assert tags(list_remarks(live, connection("decommission_requested"), [], Phase.LIVE)) == ["connection_leaving"]
    leaving = config(state="decommission_requested", decommission_at="2026-09-30", charged_until="2026-09-30")
    assert tags(list_remarks(leaving, connection("decommissioned"), [], Phase.LEAVING)) == ["decommission_scheduled"]
