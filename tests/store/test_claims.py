"""Nothing is held twice, under any concurrency; what is given back cools off for everybody else."""

import random
import threading
from datetime import timedelta
from itertools import product

import pytest

from peerhall.exchange.claims import ADDRESS, MAC, AnyClaim, Claim, Holder, PrefixClaim, VlanClaim, vlan_claim
from peerhall.store import claims
from peerhall.store.database import OrderPool, connect
from tests.clock import Clock

CONFIGS = {
    "port": {"vlan_type": "port"},
    "dot1q 10": {"vlan_type": "dot1q", "vlan": 10},
    "dot1q 11": {"vlan_type": "dot1q", "vlan": 11},
    "qinq 10.5": {"vlan_type": "qinq", "outer_vlan": 10, "inner_vlan": 5},
    "qinq 10.6": {"vlan_type": "qinq", "outer_vlan": 10, "inner_vlan": 6},
    "qinq 11.5": {"vlan_type": "qinq", "outer_vlan": 11, "inner_vlan": 5},
}


def overlap(one: str, other: str) -> bool:
    """The table of behaviour 22, in words: port excludes all, a tag excludes itself and every pair under it."""
    if "port" in (one, other):
        return True
    (kind, tags), (other_kind, other_tags) = (each.split() for each in (one, other))
    if kind == other_kind:
        return tags == other_tags
    return tags.split(".")[0] == other_tags.split(".")[0]


@pytest.mark.parametrize(("held", "wanted"), list(product(CONFIGS, CONFIGS)))
def test_vlans_exclude_each_other(any_database: str, clock: Clock, held: str, wanted: str) -> None:
    with connect(any_database) as connection:
        assert claims.take(connection, [vlan_claim(1, CONFIGS[held])], Holder("a", "member"), clock()) == {}
        refused = claims.take(connection, [vlan_claim(1, CONFIGS[wanted])], Holder("b", "rival"), clock())
        assert bool(refused) == overlap(held, wanted)
        assert all(holder == Holder("a", "member") for holder in refused.values())
        elsewhere = claims.take(connection, [vlan_claim(2, CONFIGS[wanted])], Holder("b", "rival"), clock())
        assert elsewhere == {}


@pytest.mark.parametrize(
    ("held", "wanted", "conflict"),
    [
        ("198.51.100.0/24", "198.51.100.7/32", True),
        ("198.51.100.7/32", "198.51.100.0/24", True),
        ("198.51.100.0/25", "198.51.100.128/25", False),
        ("2001:db8:9::/48", "2001:db8:9:1::1/128", True),
        ("198.51.100.0/24", "2001:db8:9::/48", False),
    ],
)
def test_prefixes_do_not_overlap(any_database: str, clock: Clock, held: str, wanted: str, conflict: bool) -> None:
    with connect(any_database) as connection:
        claims.take(connection, [PrefixClaim(held)], Holder("a", "member"), clock())
        assert bool(claims.take(connection, [PrefixClaim(wanted)], Holder("b", "rival"), clock())) == conflict


def test_what_is_released_can_be_taken_again(any_database: str, clock: Clock) -> None:
    wanted: list[AnyClaim] = [
        Claim(MAC, "lan", "02:00:00:00:00:01"),
        PrefixClaim("198.51.100.0/24"),
        VlanClaim(1, (5, 6), (0, 4096)),
    ]
    with connect(any_database) as connection:
        assert claims.take(connection, wanted, Holder("a", "member"), clock()) == {}
        assert set(claims.take(connection, wanted, Holder("b", "rival"), clock())) == set(wanted)
        claims.release(connection, "a", clock())
        assert claims.take(connection, wanted, Holder("b", "rival"), clock()) == {}


def test_only_the_kinds_named_are_released(any_database: str, clock: Clock) -> None:
    mac, address = Claim(MAC, "lan", "02:00:00:00:00:01"), Claim(ADDRESS, "lan", "192.0.2.20")
    with connect(any_database) as connection:
        claims.take(connection, [mac, address], Holder("a", "member"), clock())
        claims.release(connection, "a", clock(), kinds=[MAC])
        assert claims.find_holder(connection, mac) is None
        assert claims.find_holder(connection, address) == Holder("a", "member")


def test_a_value_cools_off_for_others_but_not_for_who_gave_it_back(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        claims.take(connection, [Claim(ADDRESS, "lan", "192.0.2.20")], Holder("a", "member"), clock())
        claims.release(connection, "a", clock(), timedelta(days=7))
        assert claims.list_values(connection, ADDRESS, "lan", "rival", clock()) == (set(), {"192.0.2.20"})
        assert claims.list_values(connection, ADDRESS, "lan", "member", clock()) == (set(), set())
        clock.turn(days=8)
        assert claims.list_values(connection, ADDRESS, "lan", "rival", clock()) == (set(), set())


def test_sixty_clients_in_random_order_never_hold_one_thing_twice(any_database: str, clock: Clock) -> None:
    things = [f"02:00:00:00:00:{n:02x}" for n in range(12)]
    pool = OrderPool(any_database, 12)
    won: list[str] = []

    def order(number: int) -> None:
        mine = random.Random(number).sample(things, 3)
        holder = Holder(f"order-{number}", "member")

        class Taken(Exception):
            pass

        def take(connection: object) -> None:
            if claims.take(connection, [Claim(MAC, "lan", mac) for mac in mine], holder, clock()):  # type: ignore[arg-type]
                raise Taken

        try:
            pool.run(take)
        except Taken:
            return
        won.extend(mine)

    threads = [threading.Thread(target=order, args=(n,)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    with connect(any_database) as connection:
        rows = connection.execute("select value from claim where kind = 'mac' and released_at is null").fetchall()
    assert sorted(won) == sorted(row[0] for row in rows)
    assert len(won) == len(set(won)) > 0
