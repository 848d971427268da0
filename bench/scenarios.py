"""What is asked, and how fast it has to be."""

from dataclasses import dataclass
from typing import Final

from pydantic_core import to_json

from bench.exchange import CONNECTIONS, POPS, Exchange

BASE_PATH: Final = "/api/v2"
_CONTACTS: Final = 100


@dataclass(frozen=True, slots=True)
class Request:
    """One thing a client asks for."""

    method: str
    path: str
    """With the query."""
    body: bytes = b""

    def text(self, token: str) -> str:
        """As it goes over the wire."""
        head = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Accept: application/json",
            f"Authorization: Bearer {token}",
        ]
        if self.body:
            head += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*head, "", self.body.decode()])


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests of one sort, asked in turn, with the status of a right answer and the least that passes."""

    name: str
    title: str
    requests: list[Request]
    status: int
    share: float
    """Of the requests per second of a bare server that sends the same bytes."""
    times: float
    """The requests per second of Django REST framework."""


def list_scenarios(exchange: Exchange) -> list[Scenario]:
    """The four of them, as the member of the exchange would ask."""
    connections, pops = exchange.of_member("connections"), exchange.of_kind("pops")
    assert len(connections) == CONNECTIONS
    return [
        Scenario(
            "read",
            "one connection",
            [Request("GET", f"{BASE_PATH}/connections/{record.id}") for record in connections],
            200,
            share=0.18,
            times=15,
        ),
        Scenario(
            "list",
            f"{CONNECTIONS:,} connections",
            [Request("GET", f"{BASE_PATH}/connections")],
            200,
            share=0.08,
            times=20,
        ),
        Scenario(
            "filter",
            f"{CONNECTIONS // POPS} of them, by PoP",
            [Request("GET", f"{BASE_PATH}/connections?pop={pop.id}") for pop in pops],
            200,
            share=0.12,
            times=15,
        ),
        Scenario(
            "create",
            "a new contact",
            [Request("POST", f"{BASE_PATH}/contacts", _contact(exchange.member, n)) for n in range(_CONTACTS)],
            201,
            share=0.045,
            times=1.5,
        ),
    ]


def _contact(account: str, number: int) -> bytes:
    return to_json(
        {
            "managing_account": account,
            "consuming_account": account,
            "external_ref": f"contact-{number}",
            "name": f"Network Operations {number}",
            "telephone": "+353 20 912 2000",
            "email": f"noc-{number}@example.net",
        }
    )
