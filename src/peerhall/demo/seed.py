"""Fills an empty database with the demo's exchange: its file, three accounts to log in as, and its members.

Everything goes the way it goes in production: the exchange file is applied, what the three accounts have is ordered at
the counter and provisioned, by a simulator that does not take its time, and the member list is imported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import as_file, files
from typing import Any, Final, TypeVar

from peerhall.contract.validation import check_body
from peerhall.demo.logins import LOGINS, MEMBER, NEWCOMER, RESELLER, DemoLogin
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import Caller
from peerhall.intake.applying import apply_catalogue, read_exchange_file
from peerhall.intake.ixf.importing import import_export
from peerhall.intake.ixf.reading import read_export
from peerhall.intake.ixf.remarks import Remarks
from peerhall.orderdesk import (
    accounts,
    connections,
    contacts,
    macs,
    network_feature_configs,
    network_service_configs,
    role_assignments,
)
from peerhall.orderdesk.order import Order
from peerhall.provisioning.adoption import adopt
from peerhall.provisioning.drivers.simulator import Simulator
from peerhall.provisioning.reconciler import Reconciler
from peerhall.store import credentials, documents, settings
from peerhall.store.database import OrderPool, SyncConnection

ACTOR: Final = "operator:demo"

_ADDRESS: Final = {
    "country": "XN",
    "locality": "Northport",
    "postal_code": "N1 1DE",
    "street_address": "3 Imaginary Quay",
}
_AT_ONCE: Final = 1e9

Clock = Callable[[], datetime]
T = TypeVar("T")


class NotADemoError(Exception):
    """The database holds something else than a demo; the message says what to do."""


def seed(pool: OrderPool, clock: Clock) -> dict[str, str]:
    """Makes the demo's exchange unless there is one; returns the account of each login. Raises NotADemoError."""
    if not pool.run(settings.find_house_rules):
        pool.run(lambda connection: _describe(connection, clock()))
        people = _People(pool, clock)
        _settle_in(people)
        pool.run(lambda connection: _bring_in(connection, clock()))
        # The newcomer comes last: with its login, the demo is complete.
        people.arrive(NEWCOMER, "Fictional Newcomer")
    found = pool.run(find_accounts)
    if len(found) < len(LOGINS):
        raise NotADemoError(
            "This data directory holds another exchange, or a demo that was ended while it was prepared. "
            "Name another one with --data, or, if it is a demo's, delete it."
        )
    return found


def _settle_in(people: "_People") -> None:
    """Those who have something, before there is a network full of members to look after."""
    member, reseller = people.admit(MEMBER, "Fictional Member"), people.admit(RESELLER, "Fictional Reseller")
    people.connect(
        Wish(member, member, asn=64530, mac="02:00:5e:de:00:01", vlan=100),
        *(
            Wish(customer, reseller, asn=64531 + number, mac=f"02:00:5e:de:01:{number:02x}", vlan=100 + number)
            for number, customer in enumerate(people.customers(reseller))
        ),
    )


def _describe(connection: SyncConnection, now: datetime) -> None:
    with as_file(files("peerhall.demo") / "exchange.yaml") as file:
        apply_catalogue(connection, read_exchange_file(file), ACTOR, now)


def _bring_in(connection: SyncConnection, now: datetime) -> None:
    remarks = Remarks()
    with as_file(files("peerhall.demo") / "members.json") as file:
        export = read_export(file, remarks)
    imported = import_export(connection, export, remarks.found, ACTOR, now)
    adopt(connection, imported.adopted, now)


def find_accounts(connection: SyncConnection) -> dict[str, str]:
    """The account of each login that is there."""
    keys = {key.id: str(key.account) for key in credentials.list_keys(connection)}
    return {login.name: keys[login.api_key] for login in LOGINS if login.api_key in keys}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody of the demo is to have."""

    account: str
    orderer: str
    """Who orders, manages and pays for it."""
    asn: int
    mac: str
    vlan: int

    @property
    def owners(self) -> dict[str, str]:
        return {
            "managing_account": self.orderer,
            "consuming_account": self.account,
            "billing_account": self.orderer,
        }


class _People:
    """Those one can log in as, and what they have ordered."""

    def __init__(self, pool: OrderPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._reconciler = Reconciler(pool, Simulator(clock, speed=_AT_ONCE), clock, limit=None)

    def arrive(self, login: DemoLogin, name: str) -> str:
        """An account that can log in, and nothing more."""

        def make(order: Order) -> str:
            account = accounts.create(order, _account(name))
            credentials.create_key(
                order.connection, account.id, order.now, label="demo", fixed=(login.api_key, login.api_secret)
            )
            return account.id

        return self._order(None, make)

    def admit(self, login: DemoLogin, name: str) -> str:
        """An account that can log in and order."""
        account = self.arrive(login, name)
        self._order(account, lambda order: _add_contact(order, account))
        return account

    def customers(self, reseller: str) -> list[str]:
        """Three customers of a reseller, who pays for them."""
        return [self._customer(reseller, f"Fictional Customer {number}") for number in ("One", "Two", "Three")]

    def _customer(self, reseller: str, name: str) -> str:
        body = {**_account(name), "billing_information": None}
        customer = self._order(reseller, lambda order: accounts.create(order, body).id)
        self._order(reseller, lambda order: _add_contact(order, customer))
        return customer

    def connect(self, *wishes: Wish) -> None:
        """A port, a presence on the port's LAN and sessions with its route servers for each, all in production."""
        connections = [self._order(wish.orderer, partial(_order_connection, wish=wish)) for wish in wishes]
        self._provision()
        for wish, connection in zip(wishes, connections, strict=True):
            self._order(wish.orderer, partial(_order_peering, wish=wish, connection=connection))
        self._provision()

    def _order(self, account: str | None, place: Callable[[Order], T]) -> T:
        """Places an order as an account, or as the exchange."""

        def transaction(connection: SyncConnection) -> T:
            tree = connection.execute("select account from account_tree where ancestor = %s", (account,)).fetchall()
            caller = Caller(ACTOR, account, frozenset(row[0] for row in tree))
            order = Order(connection, caller, self._clock())
            made = place(order)
            order.hand_over()
            return made

        return self._pool.run(transaction)

    def _provision(self) -> None:
        while self._reconciler.work_once():
            pass


def _account(name: str) -> dict[str, Any]:
    billing = {"name": f"{name}, accounts payable", "address": _ADDRESS}
    body = {"name": name, "address": _ADDRESS, "billing_information": billing, "discoverable": True}
    return check_body("AccountRequest", body)


def _add_contact(order: Order, account: str) -> None:
    """Somebody for every role there is."""
    body = {
        "managing_account": order.caller.account,
        "consuming_account": account,
        "name": "Network operations (fictional)",
        "telephone": "+99 20 5550 0100",
        "email": "noc@example.net",
    }
    contact = contacts.create(order, check_body("ContactRequest", body))
    for role in documents.find_all(order.connection, "roles"):
        role_assignments.create(order, {"role": role.id, "contact": contact.id})


def _order_connection(order: Order, wish: Wish) -> str:
    offering = _find_offering(order, "connection", cross_connect_initiator="subscriber", physical_port_speed=10000)
    body = {**wish.owners, "mode": "standalone", "product_offering": offering.id, "port_quantity": 1}
    return connections.create(order, check_body("ConnectionRequest", body)).id


def _order_peering(order: Order, wish: Wish, connection: str) -> None:
    lan = _find_lan(order, order.get("connections", connection).body["metro_area_network"])
    offering = _find_offering(order, "exchange_lan", exchange_lan_network_service=lan.id)
    mac = macs.create(order, check_body("MacAddressRequest", {**wish.owners, "address": wish.mac}))
    body = {
        **wish.owners,
        "type": "exchange_lan",
        "network_service": lan.id,
        "product_offering": offering.id,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": wish.vlan},
        "asns": [wish.asn],
        "macs": [mac.id],
        "listed": True,
    }
    config = network_service_configs.create(order, check_body("NetworkServiceConfigRequest", body))
    for feature in order.users(lan.id, "network_service", "network-features"):
        for address in documents.find_many(order.connection, config.body["ips"]).values():
            network_feature_configs.create(order, _session(wish, feature, config, address))


def _session(wish: Wish, feature: Record, config: Record, address: Record) -> dict[str, Any]:
    family = f"v{address.body['version']}"
    return check_body(
        "NetworkFeatureConfigRequest",
        {
            **wish.owners,
            "type": "route_server",
            "network_feature": feature.id,
            "network_service_config": config.id,
            "asn": wish.asn,
            "as_set_v4": f"AS{wish.asn}",
            "as_set_v6": f"AS{wish.asn}",
            f"max_prefix_{family}": 100,
            "insert_ixp_asn": False,
            "session_mode": feature.body["session_mode"],
            "bgp_session_type": "passive",
            "ip": address.id,
        },
    )


def _find_offering(order: Order, type_: str, **members: Any) -> Record:
    """The first offering of a type with these members that can be ordered; the demo's file has one."""
    return next(
        each
        for each in documents.find_all(order.connection, "product-offerings")
        if each.type == type_
        and each.body.get("orderable_not_after") is None
        and all(each.body.get(name) == value for name, value in members.items())
    )


def _find_lan(order: Order, network: str) -> Record:
    return next(each for each in order.users(network, "metro_area_network", "network-services"))
