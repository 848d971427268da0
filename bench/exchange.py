"""The exchange that is measured: one member with 1,000 connections, among a hundred others with 50 each.

All of it is fictional. Ids are random, as in a real exchange, but the same in every run.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from peerhall.contract.validation import blank
from peerhall.exchange.records import Record
from peerhall.store import documents
from peerhall.store.database import SyncConnection

CONNECTIONS: Final = 1000
"""How many connections the member has whose view is measured."""
POPS: Final = 20

_OTHERS: Final = 100
_CONNECTIONS_OF_OTHERS: Final = 50
_TOWNS: Final = (("IEORK", "ORK", "Cork"), ("IELMK", "SNN", "Limerick"), ("IEGWY", "GWY", "Galway"))
_SPEED: Final = 10_000
_SINCE: Final = "2026-01-15T09:30:00Z"


@dataclass(frozen=True, slots=True)
class Exchange:
    """All documents, each after those it refers to."""

    records: Sequence[Record]
    member: str
    """Id of the account whose view is measured."""

    def of_kind(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.kind == kind]

    def of_member(self, kind: str) -> list[Record]:
        return [record for record in self.of_kind(kind) if record.consuming_account == self.member]


def draw_up() -> Exchange:
    """The exchange, out of nothing."""
    return _Drawing().draw()


def write(connection: SyncConnection, exchange: Exchange) -> None:
    """Stores it in a migrated, empty database, the way an order or an import does."""
    with connection.transaction():
        documents.insert(connection, exchange.records)
    connection.execute("vacuum analyze")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a connection can be."""

    pop: Record
    device: Record
    network: Record
    offering: Record


class _Drawing:
    def __init__(self) -> None:
        self._random = random.Random("peerhall")
        self._records: list[Record] = []

    def draw(self) -> Exchange:
        places = self._places()
        role = self._add("roles", name="noc", required_fields=["email"])
        accounts = [self._account(number) for number in range(1 + _OTHERS)]
        staff = {account.id: self._staff(account, role) for account in accounts}
        orders = [(accounts[0], number) for number in range(CONNECTIONS)]
        orders += [(account, number) for account in accounts[1:] for number in range(_CONNECTIONS_OF_OTHERS)]
        # Members order side by side, so the rows of one of them are not neighbours in the table.
        self._random.shuffle(orders)
        for account, number in orders:
            self._connection(account, number, places[number % POPS], staff[account.id])
        return Exchange(self._records, accounts[0].id)

    def _add(self, kind: str, meta: dict[str, Any] | None = None, **members: Any) -> Record:
        return self._keep(Record(self._new_id(), kind, members, meta or {}))

    def _keep(self, record: Record) -> Record:
        record = Record(record.id, record.kind, {"id": record.id, **record.body}, record.meta)
        self._records.append(record)
        return record

    def _new_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _new_ids(self, count: int) -> list[str]:
        return [self._new_id() for _ in range(count)]

    def _places(self) -> list[_Place]:
        networks = []
        for locode, iata, town in _TOWNS:
            area = self._add(
                "metro-areas",
                un_locode=locode,
                iata_code=iata,
                display_name=town,
                facilities=[],
                metro_area_networks=[],
            )
            network = self._add(
                "metro-area-networks", name=iata, metro_area=area.id, pops=[], service_provider="Example Exchange"
            )
            networks.append((network, self._offering(network)))
        return [self._place(number, *networks[number % len(networks)]) for number in range(POPS)]

    def _offering(self, network: Record) -> Record:
        return self._add(
            "product-offerings",
            **blank("ProductOffering", "connection"),
            type="connection",
            name=f"10G port in {network.body['name']}",
            display_name="10G port",
            resource_type="connection",
            handover_metro_area=network.body["metro_area"],
            handover_metro_area_network=network.id,
            physical_port_speed=_SPEED,
            service_provider="Example Exchange",
            downgrade_allowed=True,
            upgrade_allowed=True,
            cross_connect_initiator="subscriber",
        )

    def _place(self, number: int, network: Record, offering: Record) -> _Place:
        facility = self._add(
            "facilities",
            name=f"Example Datacentre {number}",
            metro_area=network.body["metro_area"],
            address_country="IE",
            address_locality="Example Town",
            address_region=None,
            postal_code=f"X{number:02}",
            street_address=f"{number} Example Street",
            organisation_name="Example Datacentres",
            peeringdb_facility_id=None,
            latitude=None,
            longitude=None,
            pops=[],
        )
        pop = self._add(
            "pops",
            name=f"{network.body['name']}{number:02}",
            facility=facility.id,
            metro_area_network=network.id,
            devices=[],
            availability_zone=None,
        )
        capability = {"media_type": "10GBASE-LR", "speed": _SPEED, "max_lag": 8, "availability": 100}
        device = self._add(
            "devices",
            name=f"sw1.{pop.body['name'].lower()}",
            pop=pop.id,
            facility=facility.id,
            capabilities=[capability],
        )
        return _Place(pop, device, network, offering)

    def _account(self, number: int) -> Record:
        address = {
            "country": "IE",
            "locality": "Example Town",
            "region": None,
            "postal_code": "X00",
            "street_address": f"{number} Member Street",
            "post_office_box_number": None,
        }
        name = f"Example Member {number}"
        return self._add(
            "accounts",
            **blank("Account")
            | {
                "name": name,
                "metro_area_network_presence": [],
                "address": address,
                "billing_information": {"name": name, "address": address, "vat_number": None},
                "state": "production",
                "status": [],
                "asns": [4_200_000_000 + number],
            },
        )

    def _staff(self, account: Record, role: Record) -> Record:
        contact = self._add(
            "contacts",
            **_owned(account, None),
            name="Network Operations",
            telephone="+353 20 912 2000",
            email="noc@example.net",
        )
        owners = {"managing_account": account.id, "consuming_account": account.id}
        return self._add("role-assignments", owners, role=role.id, contact=contact.id)

    def _connection(self, account: Record, number: int, place: _Place, staff: Record) -> None:
        quantity = 2 if number % 5 == 0 else 1
        connection, ports, reservations = self._new_id(), self._new_ids(quantity), self._new_ids(quantity)
        owned = _owned(account, f"circuit-{number:05}") | {"billing_account": account.id}
        self._keep(
            Record(
                connection,
                "connections",
                {
                    **blank("Connection"),
                    **owned,
                    "state": "production",
                    "status": [],
                    "current_billing_start_date": _SINCE[:10],
                    "purchase_order": f"PO-{number:05}",
                    "role_assignments": [staff.id],
                    "mode": "lag_lacp" if quantity > 1 else "standalone",
                    "lacp_timeout": "slow" if quantity > 1 else None,
                    "name": f"{place.pop.body['name']} {_SPEED * quantity // 1000}G {connection[:8]}",
                    "product_offering": place.offering.id,
                    "ports": ports,
                    "port_reservations": reservations,
                    "port_quantity": quantity,
                    "pop": place.pop.id,
                    "metro_area": place.network.body["metro_area"],
                    "metro_area_network": place.network.id,
                    "speed": _SPEED * quantity,
                    "capacity_allocated": 1000 * (number % 10),
                    "vlan_types": ["port", "dot1q", "qinq"],
                    "outer_vlan_ethertypes": ["0x8100", "0x88a8", "0x9100"],
                    "subscriber_side_demarcs": [f"Rack {number % 40}, panel A, port {n}" for n in range(quantity)],
                },
                {"phase": "production"},
            )
        )
        for port, reservation in zip(ports, reservations, strict=True):
            self._port(port, connection, account, place)
            self._reservation(reservation, port, connection, account)

    def _port(self, document: str, connection: str, account: Record, place: _Place) -> None:
        members = {
            "state": "allocated",
            "status": [],
            "name": f"Ethernet{len(self._records)}",
            "media_type": "10GBASE-LR",
            "speed": _SPEED,
            "operational_state": "up",
            "device": place.device.id,
            "pop": place.pop.id,
            "connection": connection,
            "role_assignments": [],
        }
        owned = _owned(account, None) | {"billing_account": account.id}
        self._keep(Record(document, "ports", {**blank("Port"), **owned, **members}, {"phase": "production"}))

    def _reservation(self, document: str, port: str, connection: str, account: Record) -> None:
        members = {"state": "production", "status": [], "connection": connection, "port": port}
        owners = {"managing_account": account.id, "consuming_account": account.id}
        self._keep(
            Record(
                document,
                "port-reservations",
                {**blank("PortReservation"), **members},
                {"phase": "production", **owners},
            )
        )


def _owned(account: Record, reference: str | None) -> dict[str, Any]:
    return {"managing_account": account.id, "consuming_account": account.id, "external_ref": reference}
