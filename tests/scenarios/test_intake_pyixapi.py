"""From an exchange's own data to its members' clients: apply, import, a key, and pyixapi reads what it may."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyixapi
import pytest

from tests.clock import RunningClock
from tests.commands import Operator
from tests.installation import Site
from tests.intake.support import DATA
from tests.scenarios.test_pyixapi import COLLECTIONS

FICTIONAL = """
exchange: {key: fictional, name: Fictional IX}
metro_areas: {cork: {un_locode: IEORK, iata_code: ORK, display_name: Cork}}
metro_area_networks: {cork: {name: CORK, metro_area: cork}}
facilities:
  one:
    name: Cork One
    metro_area: cork
    organisation_name: Example Datacentres
    address_country: IE
    address_region: Munster
    address_locality: Cork
    postal_code: T12 X1
    street_address: 1 Example Street
pops: {ork1: {name: ORK1, facility: one, metro_area_network: cork}}
devices:
  sw1: {pop: ork1, ports: [{names: "Ethernet{1..8}", media_type: 10GBASE-LR, speed: 10000}]}
exchange_lans:
  peering: {name: Peering, metro_area_network: cork, subnet_v4: 198.51.100.0/24, subnet_v6: "2001:db8:6::/64"}
route_servers:
  rs1: {network_service: peering, fqdn: rs1.ix.example, asn: 64511, ip_v4: 198.51.100.1, ip_v6: "2001:db8:6::1"}
product_offerings:
  port: {type: connection, handover_metro_area_network: cork, physical_port_speed: 10000}
  peering: {type: exchange_lan, exchange_lan_network_service: peering}
"""
"""An exchange file for `ixf-0.6.json`."""

REAL = FICTIONAL.replace("198.51.100.0/24", "193.178.185.0/24").replace("2001:db8:6::/64", "2001:7f8:19:1::/64")
REAL = REAL.replace("198.51.100.1", "193.178.185.250").replace("2001:db8:6::1", "2001:7f8:19:1::fffe:1")

SEEN_BY_ALL = frozenset(
    {
        "availability_zones",
        "devices",
        "facilities",
        "metro_area_networks",
        "metro_areas",
        "network_features",
        "network_services",
        "pops",
        "product_offerings",
        "roles",
    }
)
"""The exchange's shop window; everything else belongs to somebody."""


@pytest.fixture
def clock() -> RunningClock:
    """pyixapi goes by its own clock."""
    return RunningClock()


@pytest.fixture(params=["fictional", "81 real members"])
def sources(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """An exchange file's content, and a member export."""
    if request.param == "fictional":
        return FICTIONAL, DATA / "ixf-0.6.json"
    return REAL, request.getfixturevalue("shared") / "data/ixf-bcix-0.6.json"


@pytest.fixture
def dsn(make_database: Callable[[str], str]) -> str:
    return make_database("migrated")


@pytest.fixture
def operator(dsn: str, sources: tuple[str, Path], tmp_path: Path) -> Operator:
    """Has applied the file and imported the export."""
    operator = Operator(dsn)
    (tmp_path / "exchange.yaml").write_text(sources[0])
    operator.run("apply", str(tmp_path / "exchange.yaml"), typed="y\n")
    operator.run("import", "ixf", str(sources[1]), typed="y\n")
    return operator


@pytest.fixture
def site(dsn: str, operator: Operator, clock: RunningClock) -> Iterator[Site]:
    with Site(dsn, clock).open() as site:
        yield site


@pytest.fixture
def entry(sources: tuple[str, Path]) -> Any:
    """What the export says of the member who logs in: one with two addresses."""
    members = json.loads(sources[1].read_bytes())["member_list"]
    return next(each for each in members if len(each["connection_list"][0]["vlan_list"]) == 2)


@pytest.fixture
def api(site: Site, operator: Operator, entry: Any) -> Iterator[Any]:
    """Logged in as that member, with a key that the operator made."""
    key = operator.read("key", "create", f"AS{entry['asnum']}")
    client = pyixapi.api(site.url, key["api_key"], key["api_secret"])
    client.authenticate()
    yield client
    client.http_session.close()


def test_a_member_lists_every_collection_and_reads_each_object(api: Any) -> None:
    for name in COLLECTIONS:
        collection = getattr(api, name)
        listed = list(collection.all())
        for each in listed:
            assert str(each)
            assert dict(collection.get(each.id)) == dict(each)
        ids = [each.id for each in listed]
        assert [each.id for each in collection.filter(id=ids)] == ids


def test_a_member_has_what_the_export_says(api: Any, entry: Any) -> None:
    asn = entry["asnum"]
    assert (api.account().name, list(api.account().asns)) == (f"AS{asn}", [asn])
    (connection,) = api.connections.all()
    (config,) = api.network_service_configs.filter(connection=connection.id, state="production")
    told = [
        each[family]["address"]
        for each in entry["connection_list"][0]["vlan_list"]
        for family in each
        if family != "vlan_id"
    ]
    assert [str(each.address) for each in api.ips.filter(network_service_config=config.id)] == told
    assert {each.prefix_length for each in api.ips.filter(network_service_config=config.id)} == {24, 64}
    assert (list(config.asns), dict(config.vlan_config)) == ([asn], {"vlan_type": "port"})
    (port,) = api.ports.filter(connection=connection.id)
    (reservation,) = api.port_reservations.filter(connection=connection.id)
    assert reservation.port == port.id
    (offering,) = api.product_offerings.filter(type="exchange_lan")
    assert config.product_offering == offering.id


def test_a_member_sees_only_what_it_may(site: Site, api: Any) -> None:
    me = api.account().id
    stored: dict[str, Any] = {}
    for document, kind, body in site.connection.execute("select id, kind, body from document").fetchall():
        stored.setdefault(kind.replace("-", "_"), {})[document] = body
    exchange = next(id_ for id_, body in stored["accounts"].items() if body["discoverable"])
    for name in COLLECTIONS:
        seen = {each.id for each in getattr(api, name).all()}
        everything = stored.get(name, {})
        if name in SEEN_BY_ALL:
            assert seen == everything.keys(), name
        elif name == "accounts":
            assert seen == {me, exchange}
        elif name == "ips":
            assert seen == {id_ for id_, body in everything.items() if {body["consuming_account"]} & {me, exchange}}
            assert len(seen) == 2 + 2 + 2, "its own, the LAN's and the route server's"
        else:
            of_others = [body for id_, body in everything.items() if id_ in seen and owner(stored, body) != me]
            assert of_others == [], name
            assert len(seen) == sum(owner(stored, body) == me for body in everything.values()), name
    others = next(id_ for id_, body in stored["connections"].items() if body["consuming_account"] != me)
    assert api.connections.get(others) is None


def owner(stored: Any, body: Any) -> str:
    """The account that something belongs to; a reservation belongs with its connection."""
    if "consuming_account" in body:
        return str(body["consuming_account"])
    return str(stored["connections"][body["connection"]]["consuming_account"])


def test_the_second_time_nothing_changes(operator: Operator, sources: tuple[str, Path], tmp_path: Path) -> None:
    again = operator.run("apply", str(tmp_path / "exchange.yaml")).stdout
    assert again.startswith("Nothing to change: Fictional IX is as exchange.yaml says.")
    assert "Nothing to change: all " in operator.run("import", "ixf", str(sources[1])).stdout
