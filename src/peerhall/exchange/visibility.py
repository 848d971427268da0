"""Who may see what of an object, and who may change it.

Sensitive members are for the managing account, the accounts above it, and the consuming account. The rest of the world
sees the catalogue, discoverable accounts, public services and, of services that concern it, a part.
"""

from dataclasses import dataclass
from typing import Final

CATALOGUE: Final = frozenset(
    {
        "availability-zones",
        "devices",
        "facilities",
        "metro-area-networks",
        "metro-areas",
        "network-features",
        "pops",
        "product-offerings",
        "roles",
    }
)
"""Kinds that the exchange publishes to everybody who can log in."""

DISCOVERABLE_ACCOUNT: Final = frozenset({"id", "name", "metro_area_network_presence"})
"""All that strangers see of an account that wants to be found."""

PUBLIC_SERVICE: Final = frozenset(
    {"id", "type", "product_offering", "display_name", "managing_account", "consuming_account"}
)
"""All that strangers see of a public service."""

OWNERS_MEMBERS_OF_SERVICE: Final = frozenset(
    {
        "state",
        "status",
        "decommission_at",
        "charged_until",
        "current_billing_start_date",
        "external_ref",
        "purchase_order",
        "contract_ref",
        "billing_account",
        "member_joining_rules",
    }
)
"""What those who take part in a private service do not see of it; rules name other accounts."""


OWNERS_MEMBERS_OF_CIRCUIT: Final = frozenset(
    {
        "charged_until",
        "current_billing_start_date",
        "external_ref",
        "purchase_order",
        "contract_ref",
        "billing_account",
    }
)
"""What the B-side of a circuit does not see of it; as half of it is its own, it does see where it is in its life."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, in a transaction: the key, its account, and the accounts that one acts for."""

    key: str
    account: str | None
    """None for an operator's key."""
    tree: frozenset[str]
    read_only: bool = False
    state: str | None = None
    """That of the account, where it is known."""

    @property
    def operator(self) -> bool:
        return self.account is None

    def acts_for(self, account: str | None) -> bool:
        """Whether the caller may speak in the name of this account: its own, or one it manages however indirectly."""
        return self.operator or account in self.tree

    @property
    def actor(self) -> str:
        """How the journal names the caller; there is no default."""
        return f"operator:{self.key}" if self.operator else f"key:{self.key}"


PROVISIONING: Final = "provisioning"
"""How the journal names the reconciler."""
