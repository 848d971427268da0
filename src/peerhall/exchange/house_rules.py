"""What an exchange decides for itself: the rules of the house, from its exchange file."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class HouseRules:
    """Defaults are what a small exchange would want; periods are in days."""

    account: str
    """Id of the account the exchange itself appears as."""
    name: str
    timezone: str = "UTC"
    """IANA name of the zone whose midnight ends a contract day."""
    accept_all_asns: bool = False
    """Whether an ASN new to an account is accepted without the operator's word."""
    account_required_roles: tuple[str, ...] = ("legal",)
    """Roles an account needs contacts in before it may order."""
    cooldown_days: int = 7
    """How long an address or a VLAN that was given back is kept from other accounts."""
    loa_valid_days: int = 90
    """How long a letter of authorisation of the exchange is good, from the day after it was issued."""
    capacity_limit_percent: int | None = None
    """How much of a connection's speed its configs may take together; None: there is no limit."""
    open_orders_limit: int | None = 500
    """How many orders of a kind a member may have that are not in production yet; None: there is no limit."""
    disconnection_days: int = 0
    """The technical lead time: how many days from the wish to disconnect something to the first day it can be done."""

    @classmethod
    def from_setting(cls, value: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        chosen = {name: member for name, member in value.items() if name in known}
        if "account_required_roles" in chosen:
            chosen["account_required_roles"] = tuple(chosen["account_required_roles"])
        return cls(**chosen)

    def today(self, now: datetime) -> date:
        """The exchange's calendar day at this moment."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def midnight(self, day: date) -> datetime:
        """When a calendar day begins at the exchange."""
        return datetime.combine(day, time(), ZoneInfo(self.timezone))

    @property
    def cooldown(self) -> timedelta:
        return timedelta(days=self.cooldown_days)
