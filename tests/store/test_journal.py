"""The journal: what is kept of requests, and how much."""

from peerhall.store.journal import abridge
from tests.installation import Site


def test_what_was_refused_takes_little_room(site: Site) -> None:
    member = site.login("member")
    refused = member.faults("POST", "/contacts", {"external_ref": "x" * 200_000, "email": "here"})
    assert refused.keys() == {"external_ref"}
    order = {"type": "exchange_lan", "network_service": "lan", "product_offering": "peering", "connection": "x"}
    member.faults("POST", "/network-service-configs", {**order, "asns": list(range(30_000)), "macs": ["x"] * 9_000})
    rows = site.connection.execute(
        """select detail -> 'body' -> 'email', length(detail::text)
           from journal where outcome = 'refused' order by serial"""
    ).fetchall()
    assert [row[0] for row in rows] == ["********", None]
    assert max(row[1] for row in rows) < 10_000


def test_cutting_short_tells_how_long_it_was() -> None:
    assert abridge({"a": "x" * 200, "b": [1, None, {"c": "y" * 201}]}) == {
        "a": "x" * 200,
        "b": [1, None, {"c": "y" * 200 + "… (201 characters)"}],
    }
    assert abridge(list(range(60))) == [*range(50), "… (60 entries)"]
