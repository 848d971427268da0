"""What an exchange file may not do: take away, or move, what members use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from peerhall.exchange.claims import ADDRESS, PORT, Claim, Holder, PrefixClaim
from peerhall.exchange.records import Record
from peerhall.intake import lans
from peerhall.intake.catalogue import Catalogue
from peerhall.intake.identity import KEY, name_kind, name_of
from peerhall.intake.offering_entries import PERIODS
from peerhall.intake.plan import Change, Plan
from peerhall.intake.positions import Mistake, MistakesFound, Node
from peerhall.store import catalogue as own
from peerhall.store import claims, documents
from peerhall.store.database import SyncConnection

FROZEN_IN_USE: Final[dict[str, tuple[str, ...]]] = {
    "metro-area-networks": ("metro_area",),
    "pops": ("facility", "metro_area_network"),
    "devices": ("pop",),
    "network-services": ("metro_area_network",),
    "network-features": ("network_service",),
    "product-offerings": (
        "type",
        "resource_type",
        "physical_port_speed",
        "handover_metro_area_network",
        "service_metro_area_network",
        "exchange_lan_network_service",
        "service_provider_region",
        "service_provider_pop",
        "service_provider_workflow",
        "provider_vlans",
        "diversity",
        *PERIODS,
    ),
}
"""Members that members' orders were made under; they stay as they are while there are such orders."""

_ORDERS: Final = (
    "connections",
    "network-services",
    "network-service-configs",
    "network-feature-configs",
    "ports",
    "port-reservations",
    "routing-functions",
)

_REMEDY: Final = {
    "product-offerings": "leave it in, with orderable_not_after in the past, and add another one beside it",
    "roles": "leave it in",
}


@dataclass(slots=True)
class Intake:
    """One transaction: what is asked for, what is there, what is wrong with it."""

    connection: SyncConnection
    catalogue: Catalogue
    now: datetime
    actor: str
    nodes: dict[str, Node]
    mistakes: list[Mistake] = field(default_factory=list)

    def refuse(self, record: Record, reason: str, member: str = "") -> None:
        """Adds a mistake about a document, at its entry when it has one."""
        node = self.nodes.get(record.id)
        if node is None:
            self.mistakes.append(Mistake(0, str(record.meta[KEY]).replace("/", ".", 1), reason))
        else:
            path = f"{node.path}.{member}" if member else node.path
            self.mistakes.append(Mistake(node.find(member).line, path, reason))

    def raise_if_any(self) -> None:
        if self.mistakes:
            raise MistakesFound(self.catalogue.file, self.mistakes)


def refuse_harm(intake: Intake, plan: Plan, wanted: Sequence[Record]) -> None:
    """Adds a mistake for everything in the plan that members' orders stand in the way of."""
    touched = [*(each.id for each in plan.removed), *(change.before.id for change in plan.changed)]
    mine = [*(record.id for record in wanted), *(each.id for each in plan.removed)]
    users = own.count_users(intake.connection, touched, mine)
    for record in plan.removed:
        if record.id in users:
            remedy = _REMEDY.get(record.kind, "put it back, or have what uses it end first")
            intake.refuse(record, f"was taken out, but is in use by {_write_users(users[record.id])}; {remedy}")
    for change in plan.changed:
        orders = {kind: count for kind, count in users.get(change.before.id, {}).items() if kind in _ORDERS}
        if orders:
            _refuse_moving(intake, change, orders)
        if change.before.kind == "network-services":
            _refuse_shrinking(intake, change)
        if change.before.kind == "devices":
            _refuse_losing_ports(intake, change)
        if change.before.kind == "network-features":
            _refuse_losing_families(intake, change)


def refuse_held(intake: Intake, record: Record, claim: Claim | PrefixClaim, holder: Holder | None) -> None:
    """Adds a mistake for a prefix or an address that somebody else holds."""
    by = _name_account(intake, holder)
    if isinstance(claim, Claim):
        member = "ip_v6" if ":" in claim.value else "ip_v4"
        intake.refuse(record, f"{claim.value} is in use by {by}; give the route server another address", member)
    else:
        member = "subnet_v6" if ":" in claim.prefix else "subnet_v4"
        named = documents.find_many(intake.connection, [holder.document] if holder else [])
        what = "".join(f"{name_of(each)}, " for each in named.values())
        intake.refuse(record, f"overlaps with {what}a prefix of {by}; a LAN needs a prefix of its own", member)


def _refuse_moving(intake: Intake, change: Change, orders: Mapping[str, int]) -> None:
    for member in FROZEN_IN_USE.get(change.before.kind, ()):
        if change.before.body.get(member) != change.after.body.get(member):
            was = _write_value(intake, change.before.body.get(member))
            remedy = _REMEDY.get(change.before.kind, f"leave it at {was}")
            intake.refuse(change.after, f"cannot change from {was} under {_write_users(orders)}; {remedy}", member)
    provider, wished = (each.meta.get("cloud_provider") for each in (change.before, change.after))
    if provider not in (None, wished):
        reason = f"cannot change from {provider!r} under {_write_users(orders)}; leave it at {provider!r}"
        intake.refuse(change.after, reason, "cloud_provider")


def _refuse_shrinking(intake: Intake, change: Change) -> None:
    holders = claims.list_holders(intake.connection, ADDRESS, [change.before.id])
    members = [value for (_, value), holder in holders.items() if holder.document not in intake.nodes]
    outside = lans.list_left_outside(members, change.before, change.after)
    for version in lans.VERSIONS:
        lost = [each for each in outside if (":" in each) == (version == 6)]
        if lost:
            several = f"{lost[0]} and {len(lost) - 1} more addresses" if len(lost) > 1 else lost[0]
            reason = f"would leave {several} outside, which members hold; keep a prefix that they lie in"
            intake.refuse(change.after, reason, f"subnet_v{version}")


def _refuse_losing_ports(intake: Intake, change: Change) -> None:
    holders = claims.list_holders(intake.connection, PORT, [change.before.id])
    before, after = _list_ports(change.before), _list_ports(change.after)
    used = {name: holder for (_, name), holder in sorted(holders.items()) if name in before}
    lost = {name: holder for name, holder in used.items() if name not in after}
    other = {name: holder for name, holder in used.items() if name in after and after[name] != before[name]}
    if lost:
        ports = _write_ports(intake, lost)
        intake.refuse(change.after, f"no longer has {ports}; keep the names of ports that are in use", "ports")
    if other:
        speed, media_type = before[next(iter(other))]
        remedy = f"leave those in use at {speed} Mbit/s and {media_type}, in a group of their own"
        intake.refuse(change.after, f"makes another port of {_write_ports(intake, other)}; {remedy}", "ports")


def _list_ports(device: Record) -> dict[str, tuple[int, str]]:
    """Speed (Mbit/s) and medium of each port, by name."""
    groups = device.meta.get("ports", ())
    return {name: (group["speed"], group["media_type"]) for group in groups for name in group["names"]}


def _write_ports(intake: Intake, used: Mapping[str, Holder]) -> str:
    name, holder = next(iter(used.items()))
    several = f", and {len(used) - 1} more" if len(used) > 1 else ""
    return f"{name}, which {_name_account(intake, holder)} uses{several}"


def _refuse_losing_families(intake: Intake, change: Change) -> None:
    """Sessions need the family that they speak with their route server."""
    before, after = change.before.body, change.after.body
    for version, family in ((4, "af_inet"), (6, "af_inet6")):
        lost = family in before["address_families"] and family not in after["address_families"]
        count = own.count_sessions(intake.connection, change.before.id, version) if lost else 0
        if count:
            address = f"ip_v{version}"
            member = address if before[address] and not after[address] else "address_families"
            users = _write_users({"network-feature-configs": count})
            reason = f"would end IPv{version}, in use by {users}; leave it in, or have what uses it end first"
            intake.refuse(change.after, reason, member)


def _write_users(users: Mapping[str, int]) -> str:
    return " and ".join(f"{count} {name_kind(kind, count)}" for kind, count in users.items())


def _write_value(intake: Intake, value: Any) -> str:
    named = documents.find_many(intake.connection, [value]).get(value) if isinstance(value, str) else None
    return name_of(named) if named else repr(value)


def _name_account(intake: Intake, holder: Holder | None) -> str:
    if holder is None:
        return "somebody else"
    record = documents.find_many(intake.connection, [holder.account]).get(holder.account)
    return name_of(record) if record else holder.account
