"""Brings what an exchange file describes into the database, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from peerhall.exchange.claims import PORT, Claim, PrefixClaim
from peerhall.exchange.house_rules import HouseRules
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import Caller
from peerhall.intake import lans
from peerhall.intake.catalogue import Catalogue, draw_up
from peerhall.intake.checks import check
from peerhall.intake.counterparts import find_counterparts, rename
from peerhall.intake.exchange_file import read_sections
from peerhall.intake.harm import Intake, refuse_harm, refuse_held
from peerhall.intake.identity import is_from_file
from peerhall.intake.journalling import journal_each
from peerhall.intake.plan import Plan, draw_up_plan
from peerhall.intake.positions import Mistake, Mistakes, MistakesFound, read_yaml
from peerhall.intake.relating import complete_lists
from peerhall.orderdesk import accounts
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import catalogue as own
from peerhall.store import changes, claims, documents, settings
from peerhall.store.database import SyncConnection

_REMOVAL: Final = (
    "product-offerings",
    "network-features",
    "network-services",
    "ips",
    "devices",
    "pops",
    "facilities",
    "metro-area-networks",
    "metro-areas",
    "availability-zones",
    "roles",
)
"""The order in which things go: whatever names another one before it."""

_COMPUTED: Final = ("facilities", "metro_area_networks", "pops", "devices", "network_features")

_WAITING: Final = ("requested", "allocated", "testing", "operator")


def read_exchange_file(path: Path) -> Catalogue:
    """What a file asks for. Raises MistakesFound with all that is wrong with it, or OSError."""
    mistakes = Mistakes()
    file = read_sections(path.name, read_yaml(path, mistakes), mistakes)
    catalogue = draw_up(file, mistakes)
    check(file, catalogue, mistakes)
    if mistakes.found:
        raise MistakesFound(path.name, mistakes.found)
    return catalogue


def apply_catalogue(connection: SyncConnection, catalogue: Catalogue, actor: str, now: datetime) -> Plan:
    """Carries out what the file asks for and returns what that was; to see only, roll the transaction back.

    Raises MistakesFound when something cannot be done: what members use cannot go or be moved, and prefixes and
    addresses that others hold cannot be taken.
    """
    own.lock_intake(connection)
    intake = Intake(connection, catalogue, now, actor, dict(catalogue.nodes))
    before = settings.read_setting(connection, settings.EXCHANGE) or {}
    _refuse_other_exchange(intake, before)
    stored = {record.id: record for record in own.load_own(connection, CHANGE_LOCK)}
    if account := documents.find(connection, "accounts", str(before.get("account")), CHANGE_LOCK):
        stored[account.id] = account
    ids = find_counterparts(catalogue.records, list(stored.values()))
    intake.nodes = {ids.get(document, document): node for document, node in catalogue.nodes.items()}
    wanted = _complete(intake, [rename(record, ids) for record in catalogue.records], stored)
    account_drawn_up = str(catalogue.rules["account"])
    rules = {**catalogue.rules, "account": ids.get(account_drawn_up, account_drawn_up)}
    plan = draw_up_plan(wanted, stored, _as_gone_by(before), rules)
    refuse_harm(intake, plan, wanted)
    intake.raise_if_any()
    _write(intake, plan, rules)
    _take_claims(intake, plan, wanted, str(rules["account"]))
    intake.raise_if_any()
    if not plan.is_empty:
        _follow_up(intake, plan)
    return plan


def _as_gone_by(rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """House rules as they were kept; those that an earlier version did not know are gone by as their defaults say."""
    return {**asdict(HouseRules.from_setting(dict(rules))), **rules} if rules else rules


def _refuse_other_exchange(intake: Intake, before: Mapping[str, Any]) -> None:
    """A database holds one exchange; only one that an import made up may be taken over under another key."""
    key = before.get("key")
    if not before or before.get("inferred") or key == intake.catalogue.rules["key"]:
        return
    if key is None:
        reason = f"the database holds {before.get('name')}, which no exchange file describes; use another database"
    else:
        reason = f"the database holds the exchange {key!r}; keep that key, or use another database"
    node = intake.nodes[intake.catalogue.rules["account"]]
    raise MistakesFound(intake.catalogue.file, [Mistake(node.find("key").line, "exchange.key", reason)])


def _complete(intake: Intake, drawn_up: Sequence[Record], stored: Mapping[str, Record]) -> list[Record]:
    """The documents as they are to be stored: with addresses, lists and counts that depend on what is there."""
    wanted = [lans.with_subnet_objects(each) if each.kind == "network-services" else each for each in drawn_up]
    wanted += [
        address
        for lan in wanted
        if lan.kind == "network-services"
        for address in lans.list_addresses(lan, _features_of(lan, wanted))
    ]
    known = {record.id for record in wanted}
    others = [record for record in stored.values() if record.id not in known and not is_from_file(record)]
    listed = [_with_lists_of(stored.get(record.id), record) for record in wanted]
    devices = [record.id for record in wanted if record.kind == "devices"]
    taken = set(claims.list_holders(intake.connection, PORT, devices))
    completed = complete_lists(listed, [*listed, *others])
    return [_count_ports(each, taken) if each.kind == "devices" else each for each in completed]


def _features_of(lan: Record, records: Sequence[Record]) -> list[Record]:
    return [each for each in records if each.kind == "network-features" and each.body["network_service"] == lan.id]


def _with_lists_of(stored: Record | None, wanted: Record) -> Record:
    """The wanted document with the computed lists as they stand, so that they keep their order."""
    if stored is None:
        return wanted
    both = [name for name in _COMPUTED if name in wanted.body and name in stored.body]
    return wanted.with_body(**{name: stored.body[name] for name in both})


def _count_ports(device: Record, taken: set[tuple[str, str]]) -> Record:
    free = {
        (group["media_type"], group["speed"]): sum((device.id, name) not in taken for name in group["names"])
        for group in device.meta["ports"]
    }
    capabilities = [
        {**each, "availability": free[each["media_type"], each["speed"]]} for each in device.body["capabilities"]
    ]
    return device.with_body(capabilities=capabilities)


def _write(intake: Intake, plan: Plan, rules: dict[str, Any]) -> None:
    changes.tell_time(intake.connection, intake.now)
    documents.insert(intake.connection, plan.added)
    for change in plan.changed:
        documents.save(intake.connection, change.after)
    for record in sorted(plan.removed, key=lambda record: _REMOVAL.index(record.kind)):
        documents.remove(intake.connection, record)
    for change in plan.changed:
        if change.after.kind == "network-services":
            lans.follow_prefix_lengths(intake.connection, change.after)
    if plan.rules:
        settings.write_setting(intake.connection, settings.EXCHANGE, rules)
    journal_each(intake.connection, "apply_add", plan.added, intake.actor, intake.now)
    journal_each(intake.connection, "apply_change", [change.after for change in plan.changed], intake.actor, intake.now)
    journal_each(intake.connection, "apply_remove", plan.removed, intake.actor, intake.now)


def _take_claims(intake: Intake, plan: Plan, wanted: Sequence[Record], account: str) -> None:
    """Has LANs and route servers hold exactly what they are to hold."""
    records = {each.id: each for each in wanted}
    to_hold: dict[str, set[Claim | PrefixClaim]] = {
        each.id: set() for each in plan.removed if each.kind.startswith("network-")
    }
    for lan in wanted:
        if lan.kind == "network-services":
            to_hold |= lans.list_claims(lan, _features_of(lan, wanted))
    for holder, claim in lans.hold(intake.connection, to_hold, account, intake.now):
        refuse_held(intake, records[holder], claim, claims.find_holder(intake.connection, claim))


def _follow_up(intake: Intake, plan: Plan) -> None:
    """Has everything looked at again that may have waited for what has changed."""
    order = Order(intake.connection, Caller(intake.actor, None, frozenset()), intake.now)
    if "account_required_roles" in plan.rules:
        for account in documents.find_all(intake.connection, "accounts", ["requested"]):
            accounts.settle(order, account.id)
    for kind in ("connections", "network-service-configs", "network-feature-configs"):
        order.settle_later(*documents.find_all(intake.connection, kind, _WAITING))
    order.hand_over()
