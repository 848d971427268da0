"""What a cloud and the configs on it may say: the customer's circuit, handovers, the provider's side of each."""

from typing import Any

import pytest

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit, Finding, NoCircuit
from peerhall.exchange.ordering.clouds import (
    check_circuit,
    check_cloud_config,
    check_end,
    check_handover,
    complete,
    fill_in_capacity,
    handover_claim,
    keep_in_step,
    key_claim,
    list_incomplete,
)
from peerhall.exchange.refusals import Faults, Reason, Refused
from tests.world import cloud_offering, record


def offering(**members: Any) -> dict[str, Any]:
    return cloud_offering("cloud", "aws", bandwidth_max=10000, **members).body


def found(check: Any, *arguments: Any) -> dict[str, str]:
    faults = Faults()
    check(faults, *arguments)
    return {fault.name: fault.reason for fault in faults.found}


@pytest.mark.parametrize(
    ("finding", "capacity", "wrong"),
    [
        (None, 500, set()),
        (NoCircuit.UNASKED, 500, set()),
        (NoCircuit.UNKNOWN, 500, {"cloud_key"}),
        (CustomersCircuit(), 500, set()),
        (CustomersCircuit("north-1", "N1", 500), 500, set()),
        (CustomersCircuit("north-1", "N1", 500), None, set()),
        (CustomersCircuit("north-1", "N1", 500), 1000, {"capacity"}),
        (CustomersCircuit("south-1", "N1", 500), 200, {"product_offering", "capacity"}),
        (CustomersCircuit("north-1", "S1", 500), 500, {"product_offering"}),
        (CustomersCircuit("north-1", "N1", 50), None, {"product_offering"}),
        (CustomersCircuit("north-1", "N1", 20000), None, {"product_offering"}),
    ],
)
def test_what_is_ordered_is_what_the_customer_has(finding: Finding | None, capacity: int | None, wrong: Any) -> None:
    assert found(check_circuit, {"capacity": capacity}, offering(), finding).keys() == wrong


def test_a_provider_that_does_not_answer_is_no_mistake_of_the_customer() -> None:
    with pytest.raises(Refused) as refused:
        check_circuit(Faults(), {"capacity": 500}, offering(), NoCircuit.UNANSWERED)
    assert refused.value.refusal.reason is Reason.UNFULFILLABLE


def test_a_capacity_left_out_is_that_of_the_customers_circuit() -> None:
    assert fill_in_capacity(None, CustomersCircuit(bandwidth=500)) == 500
    assert fill_in_capacity(200, CustomersCircuit(bandwidth=500)) == 200
    assert [fill_in_capacity(None, each) for each in (None, NoCircuit.UNASKED, CustomersCircuit())] == [None] * 3


def test_a_customers_circuit_is_for_one_service_and_an_account_for_many() -> None:
    brought = cloud_offering("cloud", "azure", service_provider_workflow="provider_first")
    assert key_claim({"cloud_key": "ABC"}, brought) == key_claim({"cloud_key": "abc"}, brought) is not None
    assert key_claim({"cloud_key": "123456789012"}, cloud_offering("cloud", "aws")) is None


def test_a_handover_is_taken_once_for_each_vlan() -> None:
    def claim(handover: int, vlan: int | None) -> Any:
        return handover_claim({"handover": handover, "cloud_config": {"vlan": vlan}}, "service")

    claims = {claim(1, None), claim(2, None), claim(1, 5), claim(2, 5), claim(1, 6)}
    assert len(claims) == 5
    assert handover_claim({"handover": 1, "cloud_config": None}, "service") in claims


@pytest.mark.parametrize(
    ("sent", "before", "vlan"),
    [
        ({"cloud_vlan": 5}, None, 5),
        ({"cloud_vlan": 5, "cloud_config": None}, None, 5),
        ({"cloud_vlan": None, "cloud_config": {"vlan": 5}}, None, 5),
        ({"cloud_vlan": 5, "cloud_config": {"vlan": 5}}, None, 5),
        ({"cloud_vlan": 0, "cloud_config": {"vlan": 5}}, None, 5),
        ({"cloud_vlan": 0}, None, None),
        ({"cloud_vlan": None}, 5, None),
        ({"cloud_vlan": 7}, 5, 7),
        ({"cloud_config": {"vlan": 7}}, 5, 7),
        ({"cloud_config": {}}, 5, None),
        ({"cloud_config": None}, 5, None),
        # Whole objects sent back, with a change under one of the names.
        ({"cloud_vlan": 5, "cloud_config": {"vlan": 7}}, 5, 7),
        ({"cloud_vlan": 7, "cloud_config": {"vlan": 5}}, 5, 7),
        ({"cloud_vlan": 5, "cloud_config": {"vlan": None}}, 5, None),
        ({"cloud_vlan": None, "cloud_config": {"vlan": 5}}, 5, None),
        ({"cloud_vlan": 7, "cloud_config": {"vlan": 7}}, 5, 7),
    ],
)
def test_the_old_name_of_the_vlan_is_kept_in_step(sent: Any, before: int | None, vlan: int | None) -> None:
    known = None if before is None else {"cloud_vlan": before, "cloud_config": {"vlan": before, "bfd": True}}
    kept = keep_in_step(sent, known)
    assert (kept["cloud_vlan"], (kept["cloud_config"] or {}).get("vlan")) == (vlan, vlan)


def test_what_does_not_name_the_vlan_leaves_it_alone() -> None:
    assert keep_in_step({"external_ref": "x"}, {"cloud_vlan": 5}) == {"external_ref": "x"}


def test_the_rest_of_the_providers_side_stays_unless_it_is_replaced() -> None:
    before = {"cloud_vlan": 5, "cloud_config": {"vlan": 5, "bfd": True}}
    assert keep_in_step({"cloud_vlan": 7}, before)["cloud_config"] == {"vlan": 7, "bfd": True}
    assert keep_in_step({"cloud_vlan": 7}, before, replaced=True)["cloud_config"]["bfd"] is None


@pytest.mark.parametrize("before", [None, {"cloud_vlan": 4, "cloud_config": {"vlan": 4}}])
def test_two_new_vlans_cannot_both_be_meant(before: Any) -> None:
    with pytest.raises(Refused, match="cloud_vlan"):
        keep_in_step({"cloud_vlan": 5, "cloud_config": {"vlan": 6}}, before)


MULTI = {"provider_vlans": "multi"}
BGP = ["bgp_neighbor_asn", "bgp_neighbor_address", "local_address"]


@pytest.mark.parametrize(
    ("members", "config", "wrong"),
    [
        ({}, None, set()),
        ({}, {"vlan": 5}, {"vlan"}),
        (MULTI, {"vlan": 5}, set()),
        (MULTI, {"vlan": None}, set()),
        (MULTI, {"vlan": 4095}, {"vlan"}),
        (MULTI | {"nsc_required_cloud_config_fields": ["vlan"]}, None, {"vlan"}),
        (MULTI | {"nsc_required_cloud_config_fields": ["vlan"]}, {"vlan": 5}, set()),
        # An offering with a single VLAN that demands one could not be ordered.
        ({"nsc_required_cloud_config_fields": ["vlan"]}, None, set()),
        ({}, {"peering_type": "private"}, {"peering_type"}),
        ({"nsc_supported_cloud_config_peering_types": ["private"]}, {"peering_type": "private"}, set()),
        ({"nsc_supported_cloud_config_peering_types": ["private"]}, {"peering_type": "public"}, {"peering_type"}),
        ({"nsc_required_cloud_config_fields": ["peering_type"]}, {}, {"peering_type"}),
        ({}, {"bgp_password": "x", "bfd": True}, set()),
        ({"nsc_supported_cloud_config_fields": []}, {"bgp_password": "x"}, {"bgp_password"}),
        ({"nsc_supported_cloud_config_fields": ["bgp_password"]}, {"bgp_password": "x", "bfd": True}, {"bfd"}),
        (
            {"nsc_supported_cloud_config_fields": [], "nsc_required_cloud_config_fields": BGP},
            {"bgp_neighbor_asn": 64512, "bgp_neighbor_address": "192.0.2.2", "local_address": "192.0.2.1/30"},
            set(),
        ),
        ({}, {"bgp_neighbor_asn": 0, "bgp_neighbor_address": "cloud", "local_address": "192.0.2.1"}, set(BGP)),
        ({}, {"bgp_address_family": "ipx", "bgp_password": "a\nb"}, {"bgp_address_family", "bgp_password"}),
    ],
)
def test_the_providers_side_says_what_the_offering_wants(members: Any, config: Any, wrong: set[str]) -> None:
    faults = found(check_cloud_config, {"cloud_config": config}, offering(**members))
    assert faults.keys() - {"cloud_vlan"} == {f"cloud_config.{name}" for name in wrong}


def test_on_a_routing_function_layer_3_says_it_and_the_providers_side_wins() -> None:
    demanding = offering(nsc_required_cloud_config_fields=[*BGP, "local_asn"])
    l3_config = {"bgp_neighbor_asn": 64512, "bgp_neighbor_address": "192.0.2.2", "local_address": "192.0.2.1/30"}
    body = {"routing_function": "router", "l3_config": l3_config, "cloud_config": {"bgp_neighbor_asn": 64513}}
    assert found(check_cloud_config, body, demanding) == {}
    assert complete(body, {"asn": 64496}) == {**l3_config, "bgp_neighbor_asn": 64513, "local_asn": 64496}
    on_connection = {**body, "routing_function": None}
    assert found(check_cloud_config, on_connection, demanding).keys() == {
        *("cloud_config.bgp_neighbor_address", "cloud_config.local_address", "cloud_config.local_asn")
    }


def test_there_are_as_many_handovers_as_the_offering_says() -> None:
    assert found(check_handover, 2, 2) == {}
    assert found(check_handover, 3, 2) == {"handover": "must be from 1 to 2"}
    assert found(check_handover, 2, 1).keys() == {"handover"}


def test_a_connection_is_where_the_cloud_is_and_wide_enough() -> None:
    connection = record("connections", "c", metro_area_network="man", port_quantity=1, speed=1000)
    assert found(check_end, {"capacity": 1000}, offering(), connection) == {}
    assert found(check_end, {"capacity": None}, offering(), connection) == {}
    assert found(check_end, {"capacity": 2000}, offering(), connection).keys() == {"connection"}
    assert found(check_end, {}, offering(handover_metro_area_network="far"), connection).keys() == {"connection"}
    assert found(check_end, {}, offering(physical_port_speed=10000), connection).keys() == {"connection"}


def test_what_lacks_redundancy_says_so() -> None:
    service = record("network-services", "cloud", diversity=2)
    assert list_incomplete(service, {1, 2}) == []
    [note] = list_incomplete(service, {2})
    assert (note.tag, note.attrs) == ("redundancy_incomplete", {"handovers_expected": 2, "handovers_present": 1})
