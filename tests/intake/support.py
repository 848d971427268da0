"""What tests of intake look at: everything that is stored, and whether it can be what it says."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peerhall.contract.validation import check_document
from peerhall.exchange.records import Record
from peerhall.exchange.relations import list_references
from peerhall.intake.applying import apply_catalogue, read_exchange_file
from peerhall.intake.ixf.importing import Imported, import_export
from peerhall.intake.ixf.reading import parse_export
from peerhall.intake.ixf.remarks import Remarks, Topic
from peerhall.intake.plan import Plan
from peerhall.provisioning.adoption import adopt
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests.clock import Clock

DATA = Path(__file__).parents[1] / "data"

SCHEMAS = {
    "accounts": "Account",
    "availability-zones": "AvailabilityZone",
    "connections": "Connection",
    "devices": "Device",
    "facilities": "Facility",
    "ips": "IpAddress",
    "macs": "MacAddress",
    "metro-area-networks": "MetroAreaNetwork",
    "metro-areas": "MetroArea",
    "network-feature-configs": "NetworkFeatureConfig",
    "network-features": "NetworkFeature",
    "network-service-configs": "NetworkServiceConfig",
    "network-services": "NetworkService",
    "pops": "PointOfPresence",
    "port-reservations": "PortReservation",
    "ports": "Port",
    "product-offerings": "ProductOffering",
    "roles": "Role",
}


def everything(connection: SyncConnection) -> dict[str, Record]:
    """All documents, by id."""
    return {record.id: record for kind in SCHEMAS for record in documents.find_all(connection, kind)}


def check_all(records: Iterable[Record]) -> None:
    """That every document is one its schema knows, and names only what is there."""
    known = {record.id: record for record in records}
    for record in known.values():
        checked = check_document(SCHEMAS[record.kind], record.body)
        assert checked == record.body, f"{record.kind} {record.id}"
        for member, target in list_references(record.kind, record.body):
            assert target in known, f"{record.kind} {record.id} names {target} in {member}"


def claims_of(connection: SyncConnection) -> list[tuple[Any, ...]]:
    """All claims that are held: what, and by which document."""
    return connection.execute(
        """select kind, scope, value, holder from claim where released_at is null
           union all select 'prefix', '', network(prefix)::text, holder from prefix_claim where released_at is null
           union all select 'vlan', connection::text, outer_tag::text, holder from vlan_claim where released_at is null
           order by 1, 2, 3"""
    ).fetchall()


def apply(connection: SyncConnection, file: Path) -> Plan:
    """Applies an exchange file, as somebody who has said yes."""
    catalogue = read_exchange_file(file)
    with connection.transaction():
        return apply_catalogue(connection, catalogue, "test", Clock()())


def bring_in(connection: SyncConnection, content: Any, *, retire_missing: bool = False) -> Imported:
    """Imports what a member export says, as somebody who has said yes; `content` is parsed JSON, or a file of it."""
    if isinstance(content, Path):
        content = json.loads(content.read_bytes())
    remarks, now = Remarks(), Clock()()
    export = parse_export(content, remarks)
    with connection.transaction():
        imported = import_export(connection, export, remarks.found, "test", now, retire_missing=retire_missing)
        adopt(connection, imported.adopted, now)
    return imported


def told(imported: Imported, topic: Topic) -> list[str]:
    """What an import remarks under a topic, each with what it is about."""
    return [f"{remark.subject}: {remark.text}" for remark in imported.remarks if remark.topic is topic]
