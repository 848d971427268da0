from typing import Any

import pytest

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.ordering.network_feature_configs import (
    check_address,
    check_asn,
    check_flags,
    check_session,
    list_missing,
    list_remarks,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

FEATURE: Body = {
    "session_mode": "public",
    "available_bgp_session_types": ["passive"],
    "address_families": ["af_inet", "af_inet6"],
    "flags": [{"name": "no-export", "mandatory": True}, {"name": "blackhole"}],
    "nfc_required_contact_roles": ["noc"],
}
SESSION: Body = {"session_mode": "public", "bgp_session_type": "passive", "as_set_v4": "AS-EXAMPLE@RIPE"}


def faults_of(body: Body, **feature: Any) -> list[str]:
    faults = Faults()
    check_session(faults, {**SESSION, **body}, {**FEATURE, **feature})
    return [fault.name for fault in faults.found]


def config(state: str, **meta: Any) -> Record:
    return Record("config", "network-service-configs", {"state": state, "ips": ["v4"], "asns": [64496]}, meta)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, []),
        ({"session_mode": "collector"}, ["session_mode"]),
        ({"bgp_session_type": "active"}, ["bgp_session_type"]),
    ],
)
def test_a_session_is_one_the_route_server_speaks(body: Body, wrong: list[str]) -> None:
    assert faults_of(body) == wrong


@pytest.mark.parametrize(
    "as_set",
    [
        "AS64496",
        "as64496",
        "AS-EXAMPLE",
        "AS-EXAMPLE@RIPE",
        "AS64496:AS-EXAMPLE",
        "AS64496:AS-A:AS-B@RADB",
        "RIPE::AS-EXAMPLE",
        "AS-EXAMPLE::AS-OTHER",
    ],
)
def test_every_usual_spelling_of_an_as_set_is_taken(as_set: str) -> None:
    assert faults_of({"as_set_v4": as_set}) == []


@pytest.mark.parametrize("as_set", ["EXAMPLE", "AS-", "64496", "AS-A AS-B", "AS-EXAMPLE@", "AS64496:", "AS-ÄÖ"])
def test_what_is_no_as_set_is_refused(as_set: str) -> None:
    assert faults_of({"as_set_v4": as_set}) == ["as_set_v4"]


@pytest.mark.parametrize(
    ("families", "given", "wrong"),
    [
        (["af_inet", "af_inet6"], {}, ["as_set_v4", "as_set_v6"]),
        (["af_inet", "af_inet6"], {"as_set_v6": "AS64496"}, []),
        (["af_inet"], {"as_set_v6": "AS64496"}, ["as_set_v4"]),
        (["af_inet6"], {"as_set_v6": "AS64496"}, []),
        (["af_inet6"], {"as_set_v4": "AS64496"}, ["as_set_v6"]),
    ],
)
def test_announcements_are_filtered_by_an_as_set_of_a_family_spoken(
    families: list[str], given: Body, wrong: list[str]
) -> None:
    assert faults_of({"as_set_v4": None, **given}, address_families=families) == wrong


@pytest.mark.parametrize(
    ("ip", "families", "fits"),
    [("v4", ["af_inet"], True), ("v4", ["af_inet6"], False), ("other", ["af_inet"], False), (None, ["af_inet"], False)],
)
def test_a_session_comes_from_an_address_of_its_config(ip: str | None, families: list[str], fits: bool) -> None:
    address = Record(ip, "ips", {"version": 4}) if ip else None
    faults = Faults()
    check_address(faults, address, config("production"), {**FEATURE, "address_families": families})
    assert (not faults.found) == fits


def test_a_session_speaks_as_an_asn_of_its_config() -> None:
    faults = Faults()
    check_asn(faults, 64496, config("production").body)
    assert not faults.found
    check_asn(faults, 64497, config("production").body)
    assert [fault.name for fault in faults.found] == ["asn"]


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ([], [True, False]),
        ([{"name": "blackhole", "enabled": True}], [True, True]),
        ([{"name": "no-export", "enabled": True}], [True, False]),
    ],
)
def test_all_flags_are_shown_and_mandatory_ones_are_on(given: list[Body], result: list[bool]) -> None:
    faults = Faults()
    flags = check_flags(faults, given, FEATURE)
    assert [(flag["name"], flag["enabled"]) for flag in flags] == list(
        zip(("no-export", "blackhole"), result, strict=True)
    )
    assert not faults.found


def test_flags_that_do_not_exist_or_must_stay_on_are_refused() -> None:
    faults = Faults()
    check_flags(faults, [{"name": "loop", "enabled": True}, {"name": "no-export", "enabled": False}], FEATURE)
    assert [fault.name for fault in faults.found] == ["flags.0.name", "flags.1.enabled"]


@pytest.mark.parametrize(
    ("parent", "roles", "missing"),
    [
        (config("allocated"), ["noc"], []),
        (config("production"), [], ["contact_role_required"]),
        (config("requested"), ["noc"], ["awaiting_network_service_config"]),
        (config("error"), ["noc"], ["awaiting_network_service_config"]),
        (config("operator", phase="reserving"), ["noc"], ["awaiting_network_service_config"]),
        (config("operator", phase="building"), ["noc"], []),
    ],
)
def test_a_session_follows_its_config_once_that_is_reserved(
    parent: Record, roles: list[str], missing: list[str]
) -> None:
    session, feature = (
        Record("session", "network-feature-configs", {"asn": 64496}),
        Record("rs1", "network-features", FEATURE),
    )
    assert [
        note.tag for note in list_missing(session, parent, feature, roles=roles, unverified_asns=[64497])
    ] == missing


def test_a_session_waits_until_its_asn_is_verified() -> None:
    session, feature = (
        Record("session", "network-feature-configs", {"asn": 64496}),
        Record("rs1", "network-features", {}),
    )
    notes = list_missing(session, config("production"), feature, roles=[], unverified_asns=[64496])
    assert [note.tag for note in notes] == ["asn_unverified"]


@pytest.mark.parametrize(
    ("insert", "phase", "told"),
    [(True, Phase.BUILDING, True), (False, Phase.BUILDING, False), (True, Phase.LIVE, False)],
)
def test_a_default_few_want_is_pointed_out_before_it_takes_effect(insert: bool, phase: Phase, told: bool) -> None:
    session = Record("session", "network-feature-configs", {"insert_ixp_asn": insert, "state": "allocated"})
    assert bool(list_remarks(session, phase)) == told
