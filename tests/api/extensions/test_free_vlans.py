"""Free VLANs: exactly those that an order would get."""

from typing import Any

from tests.installation import Caller, Site

PATH = "/api/ext/free-vlans/v1/connections/"


def free(site: Site, caller: Caller, connection: str, status: int = 200, **parameters: Any) -> Any:
    return caller.get(f"{site.origin}{PATH}{connection}", status, params=parameters)


def order(member: Caller, connection: str, number: int, status: int = 201, **vlan_config: Any) -> Any:
    mac = member.order_mac(f"02:00:5e:10:00:{number:02x}")["id"]
    return member.order_peering(connection, status, vlan_config=vlan_config, macs=[mac])


def ranges(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"first": first, "last": last} for first, last in pairs]


def test_tags_that_are_held_are_not_free(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    assert free(site, member, connection) == {"connection": connection, "outer_vlans": ranges((1, 4094))}
    order(member, connection, 1, vlan_type="dot1q", vlan=100)
    order(member, connection, 2, vlan_type="qinq", outer_vlan=200, inner_vlan=5)
    assert free(site, member, connection)["outer_vlans"] == ranges((1, 99), (101, 199), (201, 4094))
    under = free(site, member, connection, outer_vlan=200)
    assert under == {"connection": connection, "outer_vlan": 200, "inner_vlans": ranges((1, 4), (6, 4094))}
    assert free(site, member, connection, outer_vlan=100)["inner_vlans"] == []
    assert free(site, member, connection, outer_vlan=300)["inner_vlans"] == ranges((1, 4094))


def test_a_whole_port_leaves_nothing_free(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    order(member, connection, 1, vlan_type="port")
    assert free(site, member, connection)["outer_vlans"] == []
    assert free(site, member, connection, outer_vlan=7)["inner_vlans"] == []


def test_what_somebody_else_gave_back_cools_off(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    serial = site.connection.execute("select serial from document where id = %s", (connection,)).fetchone()
    assert serial is not None
    site.connection.execute(
        """insert into vlan_claim
               (connection, outer_tag, inner_tag, holder, account, taken_at, released_at, cooling_until)
           select %s, int4range(tag, tag + 1), '[0,4096)', 'x', account, now(), now(), %s
           from (values (50, 'rival'), (60, 'member')) given (tag, account)""",
        (serial[0], site.clock().replace(year=2027)),
    )
    assert free(site, member, connection)["outer_vlans"] == ranges((1, 49), (51, 4094)), "one's own is free at once"
    assert free(site, member, connection, outer_vlan=50)["inner_vlans"] == []
    order(member, connection, 1, 400, vlan_type="dot1q", vlan=50)
    order(member, connection, 2, vlan_type="dot1q", vlan=60)


def test_only_who_sees_the_connection_in_full_is_told(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    free(site, site.login("rival"), connection, 404)
    free(site, member, "nothing", 404)
    free(site, site.login(None), connection)
    for outer in ("x", "0", "4095"):
        assert free(site, member, connection, 400, outer_vlan=outer)["properties"][0]["name"] == "outer_vlan"
    assert site.http.get(f"{site.origin}{PATH}{connection}").status_code == 401


def test_a_connection_that_takes_no_configs_has_none_to_offer(site: Site) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    member.delete(f"/connections/{connection}")
    free(site, member, connection, 400)
