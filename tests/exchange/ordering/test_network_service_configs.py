from typing import Any

import pytest

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.ordering.network_service_configs import list_missing, list_remarks, usable_capacity
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import Note


def lan(**meta: Any) -> Record:
    return Record("lan", "network-services", {"nsc_required_contact_roles": ["noc"]}, meta)


def config(**body: Any) -> Record:
    return Record("config", "network-service-configs", {"macs": ["mac"], "state": "requested", **body})


def connection(state: str = "production", **body: Any) -> Record:
    members = {"state": state, "metro_area_network": "man", "speed": 20000, "port_quantity": 2, **body}
    return Record("connection", "connections", members)


def feature(id_: str, required: bool) -> Record:
    return Record(id_, "network-features", {"name": id_, "required": required})


def tags(notes: list[Note]) -> list[str]:
    return [note.tag for note in notes]


@pytest.mark.parametrize(
    ("capacity", "offering", "limit", "counted"),
    [
        (500, {"bandwidth_max": 1000}, None, 500),
        (None, {"bandwidth_max": 1000}, None, 1000),
        (None, {"bandwidth_max": None}, None, 0),
        (None, None, None, 0),
        (500, {"bandwidth_max": None}, 20000, 500),
        (None, {"bandwidth_max": 1000}, 20000, 1000),
        (None, {"bandwidth_max": None}, 20000, 10000),
    ],
)
def test_an_unlimited_config_counts_for_what_its_offering_allows_or_the_connection_has(
    capacity: int | None, offering: Body | None, limit: int | None, counted: int
) -> None:
    connection = {"speed": 10000, "capacity_allocation_limit": limit}
    assert usable_capacity({"capacity": capacity}, offering, connection) == counted


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


def test_remarks_tell_what_was_picked_and_what_is_changing() -> None:
    picked = config(vlan_config={"vlan_type": "dot1q", "vlan": 2, "vlan_ethertype": "0x8100"})
    picked = picked.with_meta(vlan_selected=True, changing={"capacity": [None, 100]})
    assert tags(list_remarks(picked, connection(), [], Phase.RESERVING)) == ["vlan_selected"]
    assert tags(list_remarks(picked, connection(), [], Phase.LIVE)) == ["vlan_selected"]
    assert tags(list_remarks(picked, connection(), [], Phase.CHANGING)) == ["change_in_progress", "vlan_selected"]


def test_remarks_warn_of_a_connection_that_leaves_and_of_the_own_end() -> None:
    live = config(state="production")
    assert tags(list_remarks(live, connection("decommission_requested"), [], Phase.LIVE)) == ["connection_leaving"]
    leaving = config(state="decommission_requested", decommission_at="2026-09-30", charged_until="2026-09-30")
    assert tags(list_remarks(leaving, connection("decommissioned"), [], Phase.LEAVING)) == ["decommission_scheduled"]
