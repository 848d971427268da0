"""Addresses and neighbors of a config on a routing function: what fits together, and which subnets overlap."""

from ipaddress import ip_interface, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.ordering.layer3 import Subnet, check_l3_config, complete, find_overlap, list_subnets
from peerhall.exchange.refusals import Faults

LAN = (ip_network("192.0.2.0/26"), ip_network("2001:db8:1::/64"))
V4 = {"local_address": "198.51.100.1/30", "bgp_neighbor_address": "198.51.100.2", "bgp_neighbor_asn": 64500}
V6 = {"local_address": "2001:db8:9::1/127", "bgp_neighbor_address": "2001:db8:9::", "bgp_neighbor_asn": 64500}
PAIR = {
    "local_address_primary": "198.51.100.1/30",
    "local_address_secondary": "198.51.100.5/30",
    "bgp_neighbor_address_primary": "198.51.100.2",
    "bgp_neighbor_address_secondary": "198.51.100.6",
    "bgp_neighbor_asn": 64500,
}


def faults(config: dict[str, Any], lan: tuple[Subnet, ...] = ()) -> set[str]:
    found = Faults()
    check_l3_config(found, config, lan)
    assert all(fault.name.startswith("l3_config.") for fault in found.found)
    return {fault.name.removeprefix("l3_config.") for fault in found.found}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"local_address": "198.51.100.1/32"},
        {"local_asn": 64496},
        V4,
        V6,
        PAIR,
        {**V4, "bfd": True, "bgp_password": "secret", "bgp_address_family": "af_inet", "local_asn": 4200000000},
        {**V4, "local_address": "198.51.100.3/31"},
        {**V6, "bgp_address_family": "IPv6"},
        {**V4, "bfd": False, "bgp_password": None, "local_address_primary": None},
    ],
)
def test_what_fits_is_taken(config: dict[str, Any]) -> None:
    assert faults(config) == set()


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({**V4, "local_address": "198.51.100.1"}, {"local_address"}),
        ({**V4, "local_address": "198.51.100.1/255.255.255.252"}, {"local_address"}),
        ({**V4, "local_address": "198.51.100.1/33"}, {"local_address"}),
        ({**V4, "local_address": "router"}, {"local_address"}),
        ({**V4, "local_address": ""}, {"local_address"}),
        ({**V4, "local_address": "fe80::1%eth0/64"}, {"local_address"}),
        ({**V4, "local_address": "198.51.100.0/30"}, {"local_address"}),
        ({**V4, "local_address": "198.51.100.3/30"}, {"local_address"}),
        ({**V6, "local_address": "2001:db8:9::/64"}, {"local_address"}),
        ({"local_address": "224.0.0.5/30"}, {"local_address"}),
        ({"local_address": "127.0.0.1/8"}, {"local_address"}),
        ({**V4, "bgp_neighbor_address": "198.51.100.2/30"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "neighbor"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "fe80::1%eth0"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "198.51.100.1"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "198.51.100.3"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "198.51.100.9"}, {"bgp_neighbor_address"}),
        ({**V4, "bgp_neighbor_address": "2001:db8::2"}, {"bgp_neighbor_address"}),
        ({**V4, "local_address": None}, {"local_address"}),
        ({**V4, "bgp_neighbor_asn": None}, {"bgp_neighbor_asn"}),
        ({**V4, "bgp_neighbor_asn": 23456}, {"bgp_neighbor_asn"}),
        ({**V4, "bgp_neighbor_asn": 2**32}, {"bgp_neighbor_asn"}),
        ({**V4, "local_asn": 0}, {"local_asn"}),
        ({"bgp_neighbor_asn": 64500}, {"bgp_neighbor_address"}),
        ({"bfd": True}, {"bfd"}),
        ({"bgp_password": "secret", "bgp_address_family": "af_inet"}, {"bgp_password", "bgp_address_family"}),
        ({**V4, "bgp_password": "one\ntwo"}, {"bgp_password"}),
        ({**V4, "bgp_address_family": "af_inet6"}, {"bgp_address_family"}),
        ({**V4, "bgp_address_family": "clns"}, {"bgp_address_family"}),
        ({**PAIR, "local_address_secondary": None}, {"local_address_secondary"}),
        ({**PAIR, "bgp_neighbor_address_primary": None}, {"bgp_neighbor_address_primary"}),
        ({**PAIR, "bgp_neighbor_address_primary": "198.51.100.6"}, {"bgp_neighbor_address_primary"}),
        (
            {"local_address_primary": "198.51.100.1/29", "local_address_secondary": "198.51.100.6/29"},
            {"local_address_secondary"},
        ),
    ],
)
def test_what_does_not_fit_is_named(config: dict[str, Any], names: set[str]) -> None:
    assert faults(config) >= names
    assert faults(config) <= names | {"local_address_secondary"}


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, set()),
        ({"bgp_neighbor_address": "192.0.2.7", "bgp_neighbor_asn": 64500}, set()),
        ({"bgp_neighbor_address": "2001:db8:1::7", "bgp_neighbor_asn": 64500}, set()),
        ({"bgp_neighbor_address": "192.0.2.70", "bgp_neighbor_asn": 64500}, {"bgp_neighbor_address"}),
        ({"bgp_neighbor_address": "192.0.2.63", "bgp_neighbor_asn": 64500}, {"bgp_neighbor_address"}),
        ({"local_address": "192.0.2.7/26"}, {"local_address"}),
    ],
)
def test_on_a_lan_the_exchange_gives_the_address(config: dict[str, Any], names: set[str]) -> None:
    assert faults(config, LAN) == names


def test_the_asn_is_the_functions_unless_another_is_given() -> None:
    assert complete({"bfd": None}, {"asn": 64496}) == {"local_asn": 64496}
    assert complete({"local_asn": 64497, "bfd": True}, {"asn": 64496}) == {"local_asn": 64497, "bfd": True}


ADDRESSES = st.ip_addresses().filter(lambda address: not address.is_multicast and not address.is_loopback)


@given(ADDRESSES, st.integers(0, 128), ADDRESSES)
def test_a_neighbor_is_taken_exactly_when_the_router_can_reach_it(local: Any, length: int, neighbor: Any) -> None:
    interface = ip_interface(f"{local}/{min(length, local.max_prefixlen)}")
    config = {"local_address": str(interface), "bgp_neighbor_address": str(neighbor), "bgp_neighbor_asn": 64500}
    network = interface.network
    edges = set() if network.num_addresses <= 2 else {network[0], *([network[-1]] if network.version == 4 else [])}
    usable = not {local, neighbor} & edges and not local.is_unspecified and not neighbor.is_unspecified
    assert (faults(config) == set()) == (neighbor in network and neighbor != local and usable)


@given(ADDRESSES, st.data())
def test_a_neighbor_in_the_subnet_is_reached(local: Any, data: Any) -> None:
    length = data.draw(st.integers(local.max_prefixlen - 12, local.max_prefixlen - 1))
    network = ip_interface(f"{local}/{length}").network
    first, last = (0, network.num_addresses - 1) if network.num_addresses == 2 else (1, network.num_addresses - 2)
    one, other = data.draw(st.lists(st.integers(first, last), min_size=2, max_size=2, unique=True))
    config = {
        "local_address": f"{network[one]}/{length}",
        "bgp_neighbor_address": str(network[other]),
        "bgp_neighbor_asn": 64500,
    }
    ok = all(not network[n].is_unspecified and not network[n].is_loopback for n in (one, other))
    assert (faults(config) == set()) == ok


INTERFACES = st.builds(
    lambda address, length: ip_interface(f"{address}/{min(length, address.max_prefixlen)}"),
    st.ip_addresses(network="10.0.0.0/24") | st.ip_addresses(network="2001:db8::/120"),
    st.integers(22, 128),
)


@given(st.lists(INTERFACES, min_size=1, max_size=3), st.lists(INTERFACES, max_size=3))
def test_an_overlap_is_found_exactly_when_an_address_is_in_both(mine: list[Any], theirs: list[Any]) -> None:
    def leg(interface: Any) -> list[tuple[str, Subnet]]:
        return list_subnets({"local_address": str(interface)})

    others = {str(number): leg(interface) for number, interface in enumerate(theirs)}
    found = find_overlap([each for interface in mine for each in leg(interface)], others)
    shared = [
        (one, other)
        for one in mine
        for other in theirs
        if one.version == other.version
        and max(int(one.network[0]), int(other.network[0])) <= min(int(one.network[-1]), int(other.network[-1]))
    ]
    assert (found is not None) == bool(shared)
    if found is not None:
        member, subnet, other = found
        assert member == "l3_config.local_address"
        assert any(one.network == subnet and theirs[int(other)] is each for one, each in shared)


@given(st.dictionaries(st.sampled_from([*PAIR, *V4, "bgp_address_family", "bgp_password"]), st.text()))
def test_no_text_is_too_odd_to_be_told_about(config: dict[str, Any]) -> None:
    faults({name: value for name, value in config.items() if not name.endswith("asn")})
    list_subnets(config)
