import pytest

from peerhall.contract.validation import Body
from peerhall.exchange.ordering.attachments import (
    check_attachment,
    check_connection,
    check_layer3,
    check_vlan_config,
    fill_in_tag,
    keep_tag,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

EVERY = range(4096)
DOT1Q: Body = {"vlan_type": "dot1q", "vlan": None, "vlan_ethertype": None}
QINQ: Body = {"vlan_type": "qinq", "outer_vlan": None, "inner_vlan": 7}


def connection(state: str = "production") -> Record:
    return Record("connection", "connections", {"state": state})


def names(faults: Faults) -> list[str]:
    return [fault.name for fault in faults.found]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"connection": "c", "vlan_config": DOT1Q}, []),
        ({"routing_function": "r", "l3_config": {}}, []),
        ({"routing_function": "r"}, ["l3_config"]),
        ({"routing_function": "r", "l3_config": {}, "vlan_config": DOT1Q, "macs": ["m"]}, ["vlan_config", "macs"]),
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
