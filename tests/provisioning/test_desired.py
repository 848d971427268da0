from datetime import UTC, datetime
from typing import Any

import pytest

from peerhall.exchange.lifecycle import WANTED_IN_NETWORK, Phase
from peerhall.exchange.records import Record
from peerhall.provisioning.desired import Facts, derive_wanted, key_of
from peerhall.provisioning.driver import Config, Device, Step
from peerhall.provisioning.tickets import write_instructions, write_title

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SWITCH = Device("switch", "sw1.ork1")
VLAN = {"vlan_type": "dot1q", "vlan": 100, "vlan_ethertype": "0x8100"}


def record(kind: str, id_: str, phase: Phase = Phase.LIVE, **body: Any) -> Record:
    return Record(id_, kind, {"id": id_, **body}, {"phase": phase.value})


def connection(phase: Phase = Phase.LIVE) -> Record:
    return record("connections", "connection", phase, name="ork1-10g", mode="lag_lacp", lacp_timeout="slow")


def port(id_: str, phase: Phase = Phase.LIVE) -> Record:
    members = {"name": f"Ethernet{id_}", "speed": 10000, "media_type": "10GBASE-LR", "connection": "connection"}
    return record("ports", id_, phase, **members)


def config(phase: Phase = Phase.LIVE, **body: Any) -> Record:
    members = {
        "type": "exchange_lan",
        "connection": "connection",
        "network_service": "lan",
        "vlan_config": VLAN,
        **body,
    }
    return record("network-service-configs", "config", phase, **members)


def session(phase: Phase = Phase.LIVE, **body: Any) -> Record:
    members = {"ip": "v6", "asn": 64496, "session_mode": "public", "bgp_session_type": "passive", **body}
    return record("network-feature-configs", "session", phase, **members)


def named(connection_phase: Phase = Phase.LIVE) -> dict[str, Record]:
    others = [
        connection(connection_phase),
        record("network-services", "lan", name="Example LAN"),
        record("macs", "mac", address="02:00:5E:10:00:01"),
        record("macs", "expired", address="02:00:5e:10:00:02", valid_not_after="2026-09-01T12:00:00Z"),
        record("ips", "v4", address="192.0.2.10", prefix_length=26, version=4),
        record("ips", "v6", address="2001:db8:1::10", prefix_length=64, version=6),
    ]
    return {each.id: each for each in others}


def wanted(facts: Facts) -> dict[str, Config]:
    return {each.key: each.config for each in derive_wanted(facts, NOW)}


@pytest.mark.parametrize("phase", Phase)
def test_an_order_is_wanted_from_when_it_is_built_until_its_last_day(phase: Phase) -> None:
    facts = Facts(SWITCH, (port("1", phase),), (config(phase),), (session(phase),), named())
    keys = {"port/1", "attachment/config", "session/session"} if phase in WANTED_IN_NETWORK else set()
    assert wanted(facts).keys() == keys


def test_a_port_goes_with_its_connection() -> None:
    assert wanted(Facts(SWITCH, (port("1"),), named=named(Phase.REMOVING))) == {}
    assert wanted(Facts(SWITCH, (port("1"),), named=named())) == {
        "port/1": {
            "port": "Ethernet1",
            "speed_mbps": 10000,
            "media_type": "10GBASE-LR",
            "connection": "ork1-10g",
            "mode": "lag_lacp",
            "lacp_timeout": "slow",
        }
    }


def test_an_attachment_has_the_ports_in_use_the_macs_that_are_valid_and_all_addresses() -> None:
    ports = (port("2"), port("1"), port("3", Phase.REMOVING))
    facts = Facts(
        SWITCH,
        ports,
        (config(macs=["mac", "expired", "deleted-meanwhile"], ips=["v6", "v4"], capacity=500),),
        named=named(),
    )
    assert wanted(facts)["attachment/config"] == {
        "connection": "ork1-10g",
        "ports": ["Ethernet1", "Ethernet2"],
        "service": "Example LAN",
        "vlan_config": VLAN,
        "macs": ["02:00:5e:10:00:01"],
        "capacity_mbps": 500,
        "addresses": ["192.0.2.10/26", "2001:db8:1::10/64"],
    }


def test_only_what_is_under_test_is_to_be_tested() -> None:
    for phase in WANTED_IN_NETWORK:
        (aim,) = derive_wanted(Facts(SWITCH, configs=(config(phase),), named=named()), NOW)
        assert aim.test == (phase is Phase.TESTING)


@pytest.mark.parametrize(
    ("body", "as_set", "limit"),
    [
        ({"as_set_v4": "AS-FOUR", "as_set_v6": "AS-SIX", "max_prefix_v4": 4, "max_prefix_v6": 6}, "AS-SIX", 6),
        ({"as_set_v4": "AS-FOUR", "max_prefix_v4": 4}, "AS-FOUR", None),
    ],
)
def test_a_session_is_of_the_family_of_its_address(body: dict[str, Any], as_set: str, limit: int | None) -> None:
    found = wanted(Facts(Device("rs1", "rs1"), sessions=(session(**body),), named=named()))["session/session"]
    assert (found["neighbor"], found["as_set"], found["max_prefix"]) == ("2001:db8:1::10", as_set, limit)


@pytest.mark.parametrize(("password", "configured"), [("", None), (None, None), ("x", "x")])
def test_an_empty_password_is_none(password: str | None, configured: str | None) -> None:
    found = wanted(Facts(Device("rs1", "rs1"), sessions=(session(password=password),), named=named()))
    assert found["session/session"]["password"] == configured


def test_orders_are_called_by_kind_and_id() -> None:
    facts = Facts(SWITCH, (port("1"),), (config(),), (session(),))
    assert [key_of(order) for order in facts.orders] == ["port/1", "attachment/config", "session/session"]


def test_a_side_of_a_circuit_tells_which_it_is_and_how_much_it_may_carry() -> None:
    members = {"type": "p2p_vc", "capacity": 1000, "product_offering": "offering"}
    circuit = Record("circuit", "network-services", members, {}, serial=77)
    offering = record("product-offerings", "offering", bandwidth_max=1000)
    there = named() | {"circuit": circuit, "offering": offering}
    sides = [config(type="p2p_vc", network_service="circuit", capacity=capacity) for capacity in (None, 500)]
    found = []
    for side in sides:
        facts = Facts(SWITCH, (port("1"),), (side.with_meta(side="b"),), named=there)
        told = wanted(facts)["attachment/config"]
        found.append([told[name] for name in ("service", "service_type", "service_number", "side", "capacity_mbps")])
    assert found == [["circuit", "p2p_vc", 77, "b", 1000], ["circuit", "p2p_vc", 77, "b", 500]]


@pytest.mark.parametrize(
    ("own", "capacity", "expected"),
    [("slow", None, 200), ("slow", 100, 100), (None, None, 1000), (None, 500, 500), ("unlimited", None, None)],
)
def test_without_a_capacity_the_offering_limits_what_comes_through(
    own: str | None, capacity: int | None, expected: int | None
) -> None:
    limits = {"slow": 200, "group's": 1000, "unlimited": None}
    offerings = {id_: record("product-offerings", id_, bandwidth_max=limit) for id_, limit in limits.items()}
    member = config(type="mp2mp_vc", network_service="group", product_offering=own, capacity=capacity)
    facts = Facts(SWITCH, configs=(member,), named=groups(product_offering="group's") | offerings)
    assert wanted(facts)["attachment/config"]["capacity_mbps"] == expected


def test_an_attachment_to_a_rooted_circuit_says_whom_it_reaches() -> None:
    facts = Facts(SWITCH, configs=(config(type="p2mp_vc", role="root", network_service="group"),), named=groups())
    found = wanted(facts)["attachment/config"]
    assert (found["service"], found["role"]) == ("group", "root")
    assert "mac_acl_protection" not in found


@pytest.mark.parametrize(("protected", "expected"), [(True, True), (False, False), (None, False)])
def test_an_attachment_to_a_group_says_whether_other_addresses_are_kept_out(protected: Any, expected: bool) -> None:
    members = {"type": "mp2mp_vc", "network_service": "group", "macs": ["mac"]}
    found = wanted(Facts(SWITCH, configs=(config(**members),), named=groups(mac_acl_protection=protected)))
    assert found["attachment/config"]["mac_acl_protection"] is expected
    assert "role" not in found["attachment/config"]


def groups(**members: Any) -> dict[str, Record]:
    return {**named(), "group": record("network-services", "group", display_name="Group", **members)}


def test_a_router_and_its_legs_are_wanted_on_its_device() -> None:
    function = record("routing-functions", "0f3c7a52-9d1e-4b11", asn=64496, capacity=None)
    l3_config = {"local_asn": None, "bgp_neighbor_address": "192.0.2.7", "bgp_neighbor_asn": 64500, "bfd": True}
    leg = config(connection=None, routing_function=function.id, vlan_config=None, l3_config=l3_config, ips=["v4"])
    facts = Facts(SWITCH, configs=(leg,), routers=(function,), named={**named(), function.id: function})
    assert facts.orders == (function, leg)
    assert wanted(facts) == {
        f"router/{function.id}": {"router": "rf-0f3c7a529d1e4b11", "asn": 64496, "capacity_mbps": None},
        "attachment/config": {
            "router": "rf-0f3c7a529d1e4b11",
            "service": "Example LAN",
            "capacity_mbps": None,
            "addresses": ["192.0.2.10/26"],
            "local_asn": 64496,
            "bgp_neighbor_address": "192.0.2.7",
            "bgp_neighbor_asn": 64500,
            "bfd": True,
        },
    }


def test_a_task_names_the_router_but_not_the_password_of_its_session() -> None:
    leg = {"router": "rf-1", "service": "Example LAN", "local_asn": 64496, "bgp_password": "hush"}
    task = write_instructions(Step("put", SWITCH, "attachment/config", "config", leg, None))
    assert task.startswith("Configure attachment rf-1 on sw1.ork1.")
    assert "hush" not in task
    assert write_title(Step("put", SWITCH, "router/1", "1", {"router": "rf-1", "asn": 1}, None)) == (
        "Configure router rf-1 on sw1.ork1"
    )
