"""The exchange that two hundred order from, and the accounts they log in with; nothing is ordered yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from peerhall.contract.validation import check_body
from peerhall.exchange.visibility import Caller
from peerhall.intake.applying import apply_catalogue, read_exchange_file
from peerhall.orderdesk import accounts
from peerhall.orderdesk.order import Order
from peerhall.store import credentials, documents
from peerhall.store.database import SyncConnection
from peerhall.store.schema import migrate

ACCOUNTS: Final = 200
CUSTOMERS: Final = 24
"""How many of them are customers of a reseller, who is one of them too."""

_ACTOR: Final = "operator:bench"
_ADDRESS: Final = {
    "country": "IE",
    "locality": "Example Town",
    "postal_code": "X00",
    "street_address": "1 Member Street",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Login:
    """An account with its key."""

    account: str
    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Ids of what is ordered: offerings, and what is there to be ordered on."""

    port: str
    peering: str
    circuit: str
    group: str
    lan: str
    route_server: str


def fill(connection: SyncConnection) -> tuple[Catalogue, list[Login]]:
    """Fills an empty database. The first login is the reseller's, the next are its customers'."""
    migrate(connection)
    with connection.transaction():
        catalogue = read_exchange_file(Path(__file__).with_name("exchange.yaml"))
        apply_catalogue(connection, catalogue, _ACTOR, datetime.now(UTC))
        reseller = _open_account(connection, 0, None)
        logins = [_give_key(connection, reseller)]
        for number in range(1, ACCOUNTS):
            account = _open_account(connection, number, reseller if number <= CUSTOMERS else None)
            logins.append(_give_key(connection, account))
        found = _find_catalogue(connection)
    connection.execute("vacuum analyze")
    return found, logins


def _open_account(connection: SyncConnection, number: int, parent: str | None) -> str:
    name = f"Example Member {number}"
    body: Any = {"name": name, "address": _ADDRESS, "billing_information": {"name": name, "address": _ADDRESS}}
    request = check_body("AccountRequest", body)

    def place(order: Order) -> str:
        return accounts.create(order, request).id

    return _order(connection, parent, place)


def _order(connection: SyncConnection, account: str | None, place: Callable[[Order], T]) -> T:
    """Places an order as an account, or as the exchange."""
    tree = frozenset() if account is None else frozenset({account})
    order = Order(connection, Caller(_ACTOR, account, tree), datetime.now(UTC))
    made = place(order)
    order.hand_over()
    return made


def _give_key(connection: SyncConnection, account: str) -> Login:
    return Login(account, *credentials.create_key(connection, account, datetime.now(UTC)))


def _find_catalogue(connection: SyncConnection) -> Catalogue:
    offerings = {each.type: each.id for each in documents.find_all(connection, "product-offerings")}
    [lan] = documents.find_all(connection, "network-services")
    [route_server] = documents.find_all(connection, "network-features")
    return Catalogue(
        port=offerings["connection"],
        peering=offerings["exchange_lan"],
        circuit=offerings["p2p_vc"],
        group=offerings["mp2mp_vc"],
        lan=lan.id,
        route_server=route_server.id,
    )
