"""Sides of a circuit: who is on which, who has it, and when a wish for another bandwidth is fulfilled."""

from typing import Any

import pytest

from peerhall.exchange.ordering.circuits import check_end, find_side, is_fulfilled, list_sides, side_of, side_owner
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from tests.world import private_offering, record


def circuit(managing: str = "a", consuming: str = "a", joining: str = "b", **members: Any) -> Record:
    body = {"managing_account": managing, "consuming_account": consuming, "joining_member_account": joining}
    return record("network-services", "circuit", **{"type": "p2p_vc", **body, **members})


def config(id_: str, side: str | None, state: str = "production", meta: dict[str, Any] | None = None) -> Record:
    known = {"phase": "live", **({"side": side} if side else {}), **(meta or {})}
    return record("network-service-configs", id_, known, state=state, consuming_account="a", managing_account="a")


@pytest.mark.parametrize(
    ("service", "consuming", "managing", "sides"),
    [
        (circuit(), "a", "a", ("a",)),
        (circuit(), "b", "b", ("b",)),
        (circuit(), "c", "c", ()),
        (circuit(joining="a"), "a", "a", ("a", "b")),
        # A reseller runs both ends, for two of its customers, or for one and itself.
        (circuit("reseller", "a"), "a", "reseller", ("a",)),
        (circuit("reseller", "a"), "b", "reseller", ("b",)),
        (circuit("reseller", "a"), "c", "reseller", ("a",)),
        (circuit("reseller", "a", "reseller"), "reseller", "reseller", ("b",)),
        (circuit("reseller", "a", "reseller"), "a", "reseller", ("a",)),
        # A customer of the B-side is on the B-side when that manages its config.
        (circuit(), "customer", "b", ("b",)),
        (circuit(), "customer", "customer", ()),
    ],
)
def test_the_accounts_of_a_config_say_on_which_side_it_can_be(
    service: Record, consuming: str, managing: str, sides: tuple[str, ...]
) -> None:
    assert list_sides(service, consuming, managing) == sides


def test_a_config_stays_on_the_side_it_was_given() -> None:
    within = circuit(joining="a")
    assert [side_of(config("x", side), within) for side in ("a", "b", None)] == ["a", "b", "a"]
    assert [side_owner(circuit(), side) for side in "ab"] == ["a", "b"]


def test_a_side_is_held_until_nothing_of_it_is_left_in_the_network() -> None:
    leaving = config("leaving", "b", "decommission_requested", {"phase": "leaving"})
    released = config("gone", "b", "decommissioned", {"phase": "gone", "released": True})
    new = config("new", "b", "requested", {"phase": "reserving"})
    assert find_side([released], circuit(), "b") is None
    assert find_side([released, leaving], circuit(), "b") == leaving
    assert find_side([leaving, new], circuit(), "b") == new
    assert find_side([new], circuit(), "a") is None


def test_each_side_ends_in_its_own_metro_area_network() -> None:
    offering = private_offering(
        "far", "p2p_vc", service_metro_area_network="there", physical_port_speed=10000, bandwidth_max=None
    ).body
    here = record("connections", "here", metro_area_network="man", speed=20000, port_quantity=2)
    slow = record("connections", "slow", metro_area_network="there", speed=1000, port_quantity=1)
    found = {}
    for side in ("a", "b"):
        for connection in (here, slow):
            faults = Faults()
            check_end(faults, side, offering, connection)
            found[side, connection.id] = len(faults.found)
    assert found == {("a", "here"): 0, ("a", "slow"): 2, ("b", "here"): 1, ("b", "slow"): 1}


@pytest.mark.parametrize(
    ("offering", "most", "capacity", "wished", "fulfilled"),
    [
        ("circuit-1g", 1000, 500, 500, True),
        ("circuit-1g", 1000, 400, 500, False),
        ("circuit-1g", 1000, None, None, True),
        ("circuit-1g", 1000, None, 1000, True),
        ("circuit-1g", 1000, 1000, None, True),
        ("circuit-1g", 1000, 500, None, False),
        ("circuit-1g", None, None, None, True),
        ("circuit-1g", None, 500, None, False),
        ("circuit-5g", 5000, 500, 500, False),
    ],
)
def test_a_wish_is_fulfilled_by_the_service_and_the_a_side(
    offering: str, most: int | None, capacity: int | None, wished: int | None, fulfilled: bool
) -> None:
    service = circuit(product_offering=offering, capacity=most)
    a_side = config("x", "a").with_body(capacity=capacity)
    request = {"product_offering": "circuit-1g", "capacity": wished}
    assert is_fulfilled(request, service, a_side) is fulfilled
    assert is_fulfilled(request, service, None) is False
