"""Services that members order: other offerings, the capacities that follow from them, subnets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.ordering.network_services import (
    check_other_offering,
    check_subnet,
    fit_capacity,
    list_config_offerings,
    write_subnet,
)
from peerhall.exchange.refusals import Faults
from tests.world import private_offering

CAPACITIES = st.none() | st.integers(1, 100_000)


@pytest.mark.parametrize(
    ("current", "wished", "reasons"),
    [
        ({}, {"bandwidth_max": 5000}, 0),
        ({"upgrade_allowed": False}, {"bandwidth_max": 5000}, 1),
        ({"upgrade_allowed": False}, {"bandwidth_max": 500}, 0),
        ({"downgrade_allowed": False}, {"bandwidth_max": 500}, 1),
        ({"upgrade_allowed": False}, {"bandwidth_max": None}, 1),
        ({}, {"service_metro_area_network": "there"}, 1),
        ({}, {"handover_metro_area_network": "there", "physical_port_speed": 10000}, 2),
        ({}, {"service_provider": "Another Exchange"}, 1),
        ({}, {"name": "Other words"}, 0),
        ({"contract_initial_period": "P1Y"}, {"contract_initial_period": "P12M"}, 0),
        ({"contract_initial_period": "P1Y"}, {}, 1),
        ({}, {"contract_renewal_period": "P1M"}, 1),
    ],
)
def test_another_offering_differs_in_bandwidth_only(
    current: dict[str, object], wished: dict[str, object], reasons: int
) -> None:
    faults = Faults()
    before, after = (
        private_offering("x", "p2p_vc", **{"bandwidth_max": 1000, **members}).body for members in (current, wished)
    )
    check_other_offering(faults, before, after)
    assert [fault.name for fault in faults.found] == ["product_offering"] * reasons


@given(capacity=CAPACITIES, least=st.none() | st.integers(0, 1000), more=st.none() | st.integers(0, 1000))
def test_a_capacity_moves_no_further_than_it_has_to(capacity: int | None, least: int | None, more: int | None) -> None:
    most = None if more is None else max((least or 1) + more, 1)
    fitted = fit_capacity(capacity, {"bandwidth_min": least, "bandwidth_max": most})
    if capacity is None:
        assert fitted is None
    elif capacity >= (least or 1) and (most is None or capacity <= most):
        assert fitted == capacity
    else:
        assert fitted in (least or 1, most)


def test_offerings_for_configs_are_those_of_the_type_and_place() -> None:
    service = private_offering("service", "mp2mp_vc").body
    offerings = [
        private_offering("service", "mp2mp_vc"),
        private_offering("fits", "mp2mp_vc", resource_type="network_service_config"),
        private_offering("other-type", "p2mp_vc", resource_type="network_service_config"),
        private_offering(
            "elsewhere", "mp2mp_vc", resource_type="network_service_config", service_metro_area_network="there"
        ),
    ]
    assert list_config_offerings(service, offerings) == ["fits"]


@pytest.mark.parametrize(
    ("version", "text", "good"),
    [
        (4, "192.0.2.0/24", True),
        (6, "2001:DB8::/64", True),
        (4, "10.0.0.0/31", True),
        (4, "192.0.2.1/24", False),
        (4, "192.0.2.0", False),
        (4, "2001:db8::/64", False),
        (6, "192.0.2.0/24", False),
        (4, "0.0.0.0/0", False),
        (4, "224.0.0.0/24", False),
        (6, "fe80::%eth0/64", False),
        (4, "", False),
        (4, "192.0.2.0/33", False),
    ],
)
def test_a_subnet_is_a_prefix_of_its_family(version: int, text: str, good: bool) -> None:
    faults = Faults()
    check_subnet(faults, version, text)
    assert {fault.name for fault in faults.found} == (set() if good else {f"subnet_v{version}"})
    assert not good or write_subnet(text) == text.lower()
