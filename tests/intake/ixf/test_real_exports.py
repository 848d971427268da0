"""Exports of real exchanges come in whole, whether or not their exchange was described, before or after."""

import json
from pathlib import Path
from typing import Any

import pytest

from peerhall.intake.ixf.remarks import Topic
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests.intake.support import apply, bring_in, check_all, claims_of, everything, told

PLACES = """
exchange: {key: real, name: Real IX}
metro_areas: {here: {un_locode: IEORK, iata_code: ORK}}
metro_area_networks: {here: {metro_area: here}}
facilities:
  one:
    name: Location 1
    metro_area: here
    organisation_name: Example Datacentres
    address_country: IE
    address_region: Munster
    address_locality: Cork
    postal_code: T12 X1
    street_address: 1 Example Street
pops:
  one: {facility: one, metro_area_network: here}
"""

DESCRIBED = {
    "ixf-bcix-0.6.json": PLACES
    + """
devices: {sw1: {pop: one}}
exchange_lans:
  peering: {metro_area_network: here, subnet_v4: 193.178.185.0/24, subnet_v6: "2001:7f8:19:1::/64"}
""",
    "ixf-ixpmanager-1.0.json": PLACES.replace(
        "{here: {metro_area: here}}", "{here: &here {metro_area: here}, there: *here}"
    )
    + """  two: {facility: one, metro_area_network: there}
devices: {switch1: {pop: one}, switch2: {pop: two}}
exchange_lans:
  one: {name: Peering LAN 1, metro_area_network: here, subnet_v4: 192.0.2.0/25, subnet_v6: "2001:db8::/64"}
  two: {name: Peering LAN 2, metro_area_network: there, subnet_v4: 192.0.2.128/25, subnet_v6: "2001:db8:0:2::/64"}
""",
}

EXPORTS = tuple(DESCRIBED)


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest, shared: Path) -> Path:
    return shared / "data" / str(request.param)


def check_all_there(connection: SyncConnection, export: Path) -> None:
    """Every member, and every address in the export."""
    content: Any = json.loads(export.read_bytes())
    check_all(everything(connection).values())
    asns = {record.meta["key"] for record in documents.find_all(connection, "accounts")}
    assert {f"AS{entry['asnum']}" for entry in content["member_list"]} <= asns
    addresses = {record.body["address"] for record in documents.find_all(connection, "ips")}
    for entry in content["member_list"]:
        for member_connection in entry["connection_list"]:
            for presence in member_connection["vlan_list"]:
                for family in ("ipv4", "ipv6"):
                    if address := presence.get(family, {}).get("address"):
                        assert address in addresses, f"AS{entry['asnum']}"


def test_into_nothing(empty: SyncConnection, export: Path) -> None:
    imported = bring_in(empty, export)
    check_all_there(empty, export)
    assert told(imported, Topic.CONFLICT) == told(imported, Topic.SKIPPED) == []
    stored, held = everything(empty), claims_of(empty)
    assert bring_in(empty, export).is_empty
    assert (everything(empty), claims_of(empty)) == (stored, held)


def test_into_an_exchange_that_is_described(empty: SyncConnection, export: Path, tmp_path: Path) -> None:
    file = tmp_path / "exchange.yaml"
    file.write_text(DESCRIBED[export.name])
    apply(empty, file)
    imported = bring_in(empty, export)
    assert not {record.kind for record in imported.merged.added} & {"network-services", "metro-area-networks", "pops"}
    check_all_there(empty, export)
    assert bring_in(empty, export).is_empty
    assert apply(empty, file).is_empty


def test_described_after_the_import(empty: SyncConnection, export: Path, tmp_path: Path) -> None:
    bring_in(empty, export)
    configs = {record.id for record in documents.find_all(empty, "network-service-configs")}
    file = tmp_path / "exchange.yaml"
    file.write_text(DESCRIBED[export.name])
    apply(empty, file)
    check_all_there(empty, export)
    assert apply(empty, file).is_empty
    assert bring_in(empty, export).is_empty
    assert {record.id for record in documents.find_all(empty, "network-service-configs")} == configs
