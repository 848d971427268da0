from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.allocation import (
    FIRST_TAG,
    LAST_TAG,
    PortGroup,
    Subnet,
    choose_address,
    choose_ports,
    choose_tag,
    list_free_tags,
    parse_range,
)
from peerhall.exchange.claims import EVERY_TAG, vlan_claim

LAN6 = IPv6Network("2001:db8:1::/64")
TAGS = st.integers(1, 6)
CONFIGS = st.one_of(
    st.just({"vlan_type": "port"}),
    st.builds(lambda tag: {"vlan_type": "dot1q", "vlan": tag}, TAGS),
    st.builds(lambda outer, inner: {"vlan_type": "qinq", "outer_vlan": outer, "inner_vlan": inner}, TAGS, TAGS),
)

# Addresses


@given(
    st.integers(26, 30),
    st.lists(st.tuples(st.integers(0, 63), st.integers(0, 20)), max_size=2),
    st.sets(st.integers(0, 63)),
    st.sets(st.integers(0, 63)),
)
def test_an_address_is_the_lowest_host_that_is_neither_taken_nor_reserved(
    length: int, ranges: list[tuple[int, int]], held: set[int], cooling: set[int]
) -> None:
    network = IPv4Network(f"192.0.2.0/{length}")
    reserved = tuple(f"192.0.2.{first}-192.0.2.{first + span}" for first, span in ranges)
    kept = {number for first, span in ranges for number in range(first, first + span + 1)}
    free = [host for host in network.hosts() if int(host) & 63 not in held | cooling | kept]
    chosen = choose_address(Subnet(network, reserved), None, write(held), write(cooling))
    assert chosen == (str(free[0]) if free else None)


def test_addresses_are_given_out_until_there_are_none_and_never_twice() -> None:
    subnet = Subnet(IPv4Network("192.0.2.0/28"), ("192.0.2.1", "192.0.2.4/30"))
    given: list[str] = []
    while (address := choose_address(subnet, None, given, ())) is not None:
        given.append(address)
    assert [int(address.rpartition(".")[2]) for address in given] == [2, 3, 8, 9, 10, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("reserved", "address"),
    [
        (("2001:db8:1::/80",), "2001:db8:1:0:1::"),
        (("2001:db8:1::-2001:db8:1::ffff:ffff", "2001:db8:1:0:0:1::/96"), "2001:db8:1:0:0:2::"),
        (("2001:db8:1::/65", "2001:db8:1:0:8000::/65"), None),
    ],
)
def test_an_exchange_may_keep_more_than_could_be_counted_through(
    reserved: tuple[str, ...], address: str | None
) -> None:
    chosen = choose_address(Subnet(LAN6, reserved), None, (), ())
    assert chosen == (str(IPv6Address(address)) if address else None)


@pytest.mark.parametrize(
    ("scheme", "asn", "address"),
    [
        ("asn-hex", 64496, "2001:db8:1::fbf0:1"),
        ("asn-hex", 4200000000, "2001:db8:1::fa56:ea00:1"),
        ("asn-decimal", 64496, "2001:db8:1::6:4496:1"),
        ("asn-decimal", 4200000000, "2001:db8:1:0:42::1"),
        ("asn-decimal", 64, "2001:db8:1::64:1"),
        ("sequential", 64496, "2001:db8:1::1"),
    ],
)
def test_an_ipv6_address_shows_the_asn_where_the_lan_wants_it(scheme: str, asn: int, address: str) -> None:
    assert choose_address(Subnet(LAN6, scheme=scheme), asn, (), ()) == address  # type: ignore[arg-type]


def test_a_second_address_of_an_asn_is_the_next_one() -> None:
    subnet = Subnet(LAN6, ("2001:db8:1::fbf0:2",), "asn-hex")
    assert choose_address(subnet, 64496, {"2001:db8:1::fbf0:1"}, {"2001:db8:1::fbf0:3"}) == "2001:db8:1::fbf0:4"


def test_an_asn_scheme_gives_nothing_without_an_asn_or_where_the_asn_does_not_fit() -> None:
    assert choose_address(Subnet(LAN6, scheme="asn-hex"), None, (), ()) is None
    assert choose_address(Subnet(IPv6Network("2001:db8:1::/112"), scheme="asn-hex"), 64496, (), ()) is None


@given(st.sampled_from(["asn-hex", "asn-decimal"]), st.sets(st.integers(1, 2**32 - 1), min_size=2, max_size=2))
def test_two_asns_never_share_an_address(scheme: str, asns: set[int]) -> None:
    one, other = (choose_address(Subnet(LAN6, scheme=scheme), asn, (), ()) for asn in asns)  # type: ignore[arg-type]
    assert one != other
    assert IPv6Address(str(one)) in LAN6


def test_ranges_are_prefixes_single_addresses_or_two_ends() -> None:
    assert parse_range("192.0.2.0/30") == parse_range("192.0.2.0 - 192.0.2.3") == span("192.0.2.0", "192.0.2.3")
    assert parse_range("2001:db8::1") == span("2001:db8::1", "2001:db8::1")


@pytest.mark.parametrize("text", ["192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.1-", "lan", "192.0.2.0/33"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_range(text)


# VLANs


@given(CONFIGS, CONFIGS)
def test_configs_get_in_each_others_way_as_the_conflict_table_says(
    one: dict[str, object], other: dict[str, object]
) -> None:
    first, second = vlan_claim(7, one), vlan_claim(7, other)
    overlaps = all(a[0] < b[1] and b[0] < a[1] for a, b in ((first.outer, second.outer), (first.inner, second.inner)))
    assert overlaps == conflict(one, other)


@given(st.lists(CONFIGS, max_size=8), st.sets(st.integers(1, 8)), st.none() | TAGS)
def test_a_picked_tag_is_the_lowest_that_conflicts_with_nothing(
    held: list[dict[str, object]], cooling: set[int], inner: int | None
) -> None:
    def wanted(tag: int) -> dict[str, object]:
        kind = {"vlan_type": "dot1q", "vlan": tag}
        return kind if inner is None else {"vlan_type": "qinq", "outer_vlan": tag, "inner_vlan": inner}

    free = [tag for tag in range(FIRST_TAG, 12) if not any(conflict(wanted(tag), each) for each in held)]
    inside = range(4096) if inner is None else range(inner, inner + 1)
    chosen = choose_tag(tags_of(held), cooling, inside)
    assert chosen == next((tag for tag in free if tag not in cooling), None)
    assert list_free_tags(tags_of(held), inside) == free[:5]


def test_the_tags_picked_are_2_to_4094_and_then_there_are_none() -> None:
    held = [(range(FIRST_TAG, LAST_TAG), range(4096))]
    assert choose_tag([], (), range(4096)) == FIRST_TAG == 2
    assert choose_tag(held, (), range(4096)) == LAST_TAG == 4094
    assert choose_tag(held, {LAST_TAG}, range(4096)) is None
    assert choose_tag([(range(*EVERY_TAG), range(*EVERY_TAG))], (), range(5, 6)) is None


# Ports


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), min_size=1),
    st.sets(st.integers(0, 4)),
    st.integers(1, 4),
)
def test_ports_are_free_ones_of_the_emptiest_device_that_has_enough(
    sizes: dict[str, int], taken: set[int], quantity: int
) -> None:
    groups = [group(device, size) for device, size in sizes.items()]
    in_use = {(device, f"Ethernet{number}") for device in "ab" for number in taken}
    free = {each.device: [name for name in each.names if (each.device, name) not in in_use] for each in groups}
    chosen = choose_ports(groups, in_use, quantity)
    if max(map(len, free.values())) < quantity:
        assert chosen == []
        return
    (device,) = {each.device for each, _ in chosen}
    assert len(free[device]) == max(map(len, free.values()))
    assert [name for _, name in chosen] == free[device][:quantity]


def test_ports_are_on_a_device_that_bundles_so_many() -> None:
    large, small = replace(group("large", 9), max_lag=2), replace(group("small", 4), max_lag=4)
    assert {each.device for each, _ in choose_ports([large, small], (), 2)} == {"large"}
    assert {each.device for each, _ in choose_ports([large, small], (), 3)} == {"small"}
    assert choose_ports([large, small], (), 5) == []


def group(device: str, size: int) -> PortGroup:
    return PortGroup(device, "10GBASE-LR", 10000, tuple(f"Ethernet{number}" for number in range(size)))


def write(numbers: set[int]) -> set[str]:
    return {f"192.0.2.{number}" for number in numbers}


def span(first: str, last: str) -> tuple[int, int]:
    return int(ip_address(first)), int(ip_address(last))


def tags_of(configs: Sequence[dict[str, object]]) -> list[tuple[range, range]]:
    claims = [vlan_claim(7, config) for config in configs]
    return [(range(*claim.outer), range(*claim.inner)) for claim in claims]


def conflict(one: dict[str, object], other: dict[str, object]) -> bool:
    """The table: a port excludes everything, one tag all inside it, two tags the same two."""
    match one["vlan_type"], other["vlan_type"]:
        case ("port", _) | (_, "port"):
            return True
        case "dot1q", "dot1q":
            return one["vlan"] == other["vlan"]
        case "dot1q", "qinq":
            return one["vlan"] == other["outer_vlan"]
        case "qinq", "dot1q":
            return one["outer_vlan"] == other["vlan"]
    return (one["outer_vlan"], one["inner_vlan"]) == (other["outer_vlan"], other["inner_vlan"])
