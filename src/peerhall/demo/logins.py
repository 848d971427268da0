"""The demo's three logins. They are published here, which is why the demo answers on loopback addresses only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Somebody to be in the demo."""

    name: str
    what: str
    api_key: str
    api_secret: str


def _secret(name: str) -> str:
    """86 characters that nobody could take for a real secret."""
    return (f"this-is-the-published-secret-of-the-demo-{name}-" * 3)[:86]


RESELLER: Final = DemoLogin("reseller", "manages three customers", "demo-key-resellr", _secret("reseller"))
MEMBER: Final = DemoLogin("member", "peers already, and has room for more", "demo-key-member0", _secret("member"))
NEWCOMER: Final = DemoLogin("newcomer", "has still to be admitted", "demo-key-newcomr", _secret("newcomer"))

LOGINS: Final = (RESELLER, MEMBER, NEWCOMER)


def tell_logins(accounts: Mapping[str, str]) -> list[dict[str, str]]:
    """All a client needs to log in, for each login; `accounts` are theirs by name."""
    return [
        {"name": each.name, "account": accounts[each.name], "api_key": each.api_key, "api_secret": each.api_secret}
        for each in LOGINS
    ]
