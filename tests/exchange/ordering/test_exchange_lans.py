from typing import Any

import pytest

from peerhall.contract.validation import Body
from peerhall.exchange.ordering.exchange_lans import check_lan_offering, list_unready, list_without_mac
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note


def lan(**meta: Any) -> Record:
    return Record("lan", "network-services", {"nsc_required_contact_roles": ["noc"]}, meta)


def config(**body: Any) -> Record:
    return Record("config", "network-service-configs", {"macs": ["mac"], "state": "requested", **body})


def connection(state: str = "production", **body: Any) -> Record:
    members = {"state": state, "metro_area_network": "man", "speed": 20000, "port_quantity": 2, **body}
    return Record("connection", "connections", members)


def names(faults: Faults) -> list[str]:
    return [fault.name for fault in faults.found]


def tags(notes: list[Note]) -> list[str]:
    return [note.tag for note in notes]


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


@pytest.mark.parametrize(("meta", "missing"), [({}, ["mac_missing"]), ({"mac_required": False}, [])])
def test_a_lan_may_do_without_macs(meta: Body, missing: list[str]) -> None:
    assert tags(list_without_mac(config(macs=[]), lan(**meta))) == missing
    assert tags(list_without_mac(config(), lan(**meta))) == []


@pytest.mark.parametrize(
    ("ready", "demanded", "held"),
    [(None, False, False), (True, False, False), (False, False, True), (None, True, True), (True, True, False)],
)
def test_the_consumers_side_holds_an_order_when_it_says_so_or_the_lan_asks(
    ready: bool | None, demanded: bool, held: bool
) -> None:
    notes = list_unready(config(consumer_side_ready=ready), lan(demands_ready=demanded))
    assert tags(notes) == ["consumer_side_not_ready"] * held
