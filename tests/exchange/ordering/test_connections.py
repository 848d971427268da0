from typing import Any

import pytest

from peerhall.exchange.ordering.connections import (
    check_bundle,
    check_demarcs,
    check_other_offering,
    check_quantity,
    name_connection,
)
from peerhall.exchange.refusals import Faults


@pytest.mark.parametrize(
    ("mode", "quantity", "timeout", "wrong"),
    [
        ("standalone", 1, None, []),
        ("standalone", 2, None, ["mode"]),
        ("standalone", 1, "fast", ["lacp_timeout"]),
        ("lag_static", 2, "slow", ["lacp_timeout"]),
        ("lag_lacp", 1, "fast", []),
        ("lag_lacp", 4, None, []),
    ],
)
def test_mode_timeout_and_quantity_go_together(mode: str, quantity: int, timeout: str | None, wrong: list[str]) -> None:
    faults = Faults()
    check_bundle(faults, {"mode": mode, "port_quantity": quantity, "lacp_timeout": timeout})
    assert [fault.name for fault in faults.found] == wrong


@pytest.mark.parametrize(
    ("quantity", "most", "fits"),
    [(0, None, False), (-1, 4, False), (1, 4, True), (4, 4, True), (5, 4, False), (99, None, True)],
)
def test_the_offering_limits_the_ports_of_a_bundle(quantity: int, most: int | None, fits: bool) -> None:
    faults = Faults()
    check_quantity(faults, quantity, {"maximum_port_quantity": most})
    assert (not faults.found) == fits


@pytest.mark.parametrize(
    ("initiator", "demarcs", "fits"),
    [
        ("exchange", None, False),
        ("exchange", ["panel 1"], True),
        ("exchange", ["panel 1", "panel 2"], True),
        ("exchange", ["panel 1", "panel 2", "panel 3"], False),
        ("subscriber", None, True),
        ("subscriber", ["panel 1", "panel 2", "panel 3"], False),
    ],
)
def test_the_subscriber_says_where_to_connect_to_when_the_exchange_has_to(
    initiator: str, demarcs: list[str] | None, fits: bool
) -> None:
    faults = Faults()
    body = {"subscriber_side_demarcs": demarcs, "port_quantity": 2}
    check_demarcs(faults, body, {"cross_connect_initiator": initiator})
    assert (not faults.found) == fits


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        ({}, True),
        ({"physical_port_speed": 100000}, False),
        ({"handover_metro_area_network": "elsewhere"}, False),
        ({"handover_pop": "pop"}, True),
        ({"handover_pop": "another"}, False),
        ({"cross_connect_initiator": "exchange"}, False),
        ({"contract_initial_period": "P1Y"}, False),
    ],
)
def test_a_connection_moves_to_an_offering_of_the_same_ports_only(other: dict[str, Any], fits: bool) -> None:
    current = {"physical_port_speed": 10000, "handover_metro_area_network": "man", "name": "10G"}
    faults = Faults()
    check_other_offering(faults, {"pop": "pop"}, current, {**current, "name": "10G long-term", **other})
    assert (not faults.found) == fits


@pytest.mark.parametrize(
    ("pop", "speed", "name"),
    [
        ("ORK1", 10000, "ork1-10g-0a1b2c3d"),
        ("Cork One (north)", 400000, "cork-one--north-400g-0a1b2c3d"),
        ("ORK1", 2500, "ork1-2500m-0a1b2c3d"),
        ("x" * 100, 100, "x" * 40 + "-100m-0a1b2c3d"),
    ],
)
def test_a_connection_is_called_after_place_and_speed(pop: str, speed: int, name: str) -> None:
    assert name_connection(pop, speed, "0a1b2c3d-4e5f") == name
