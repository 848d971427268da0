"""Brings an export into the database, in one transaction: works out what it means, writes it, takes what it holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from peerhall.contract.validation import blank
from peerhall.exchange.claims import ADDRESS, MAC, PORT, Claim, Holder, PrefixClaim
from peerhall.exchange.house_rules import HouseRules
from peerhall.exchange.records import Body, Record
from peerhall.exchange.visibility import Caller
from peerhall.intake import lans
from peerhall.intake.identity import INFERRED, KEY, ORIGIN, identify
from peerhall.intake.ixf.export import Export
from peerhall.intake.ixf.members import draft_members
from peerhall.intake.ixf.merging import Merged, merge
from peerhall.intake.ixf.networks import Networks
from peerhall.intake.ixf.origins import SETTING, assign_origins, slug
from peerhall.intake.ixf.places import Places
from peerhall.intake.ixf.remarks import Remark, Remarks, Topic
from peerhall.intake.ixf.scene import Held, Scene
from peerhall.intake.ixf.stock import Draft, Stock
from peerhall.intake.ixf.vanished import Vanished, list_vanished, retire
from peerhall.intake.ixf.writing import complete_catalogue, draw_up_addresses, hold_lans, take_claims
from peerhall.intake.journalling import journal_each
from peerhall.orderdesk import attachments, ports
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import catalogue as own
from peerhall.store import changes, claims, documents, settings, tasks
from peerhall.store.database import SyncConnection

_IN_THE_NETWORK: Final = ("ports", "network-service-configs", "network-feature-configs")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import comes to."""

    merged: Merged
    vanished: tuple[Vanished, ...]
    remarks: tuple[Remark, ...]
    members: int
    adopted: tuple[str, ...]
    """Ids of what is in the network already and nobody needs to configure."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was, or would be, changed."""
        retired = any(each.retired for each in self.vanished)
        return not (self.merged.added or self.merged.changed or retired)


@dataclass(slots=True)
class _Import:
    """One transaction."""

    connection: SyncConnection
    export: Export
    remarks: Remarks
    actor: str
    now: datetime
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> Order:
        return Order(self.connection, Caller(self.actor, None, frozenset()), self.now)


def import_export(
    connection: SyncConnection,
    export: Export,
    read: Iterable[Remark],
    actor: str,
    now: datetime,
    *,
    retire_missing: bool = False,
) -> Imported:
    """Carries out what an export asks for and returns what that was; to see only, roll the transaction back.

    `read` are the remarks from reading it. What is in `adopted` has still to be handed to provisioning.
    """
    own.lock_intake(connection)
    known = settings.read_setting(connection, SETTING) or {}
    origins, kept = assign_origins(export, known)
    retired: list[Vanished] = []
    while True:
        job = _Import(connection, export, _copy(read), actor, now)
        stock = _load(job)
        job.rules = settings.read_setting(connection, settings.EXCHANGE) or _infer_exchange(job, stock, origins)
        scene = _draft(job, stock, origins)
        vanished = list_vanished(stock, origins.values())
        if not retire_missing:
            break
        # What is retired makes room, so the export is looked at again: what it has may fit now, or go by another key.
        vanished = retire(job.order, vanished)
        if not any(each.retired for each in vanished):
            break
        retired += [each for each in vanished if each.retired]
    merged = complete_catalogue(stock, merge(stock))
    _write(job, scene, merged)
    if kept != known:
        settings.write_setting(connection, SETTING, kept)
    touched = (*merged.added, *(change.after for change in merged.changed))
    adopted = tuple(each.id for each in touched if each.kind in _IN_THE_NETWORK)
    return Imported(merged, (*retired, *vanished), tuple(job.remarks.found), len(export.members), adopted)


def _copy(read: Iterable[Remark]) -> Remarks:
    remarks = Remarks()
    for remark in read:
        remarks.add(remark.topic, remark.subject, remark.text)
    return remarks


def _load(job: _Import) -> Stock:
    """Everything that an export may be about, locked against orders."""
    connection = job.connection
    found = {each.id: each for each in own.load_own(connection, CHANGE_LOCK)}
    found |= {each.id: each for each in documents.find_all(connection, "accounts")}
    lan_ids = [each.id for each in found.values() if each.kind == "network-services"]
    holders = {
        holder.document for kind in (ADDRESS, MAC) for holder in claims.list_holders(connection, kind, lan_ids).values()
    }
    found |= documents.find_many(connection, holders - found.keys(), CHANGE_LOCK)
    found |= {each.id: each for each in own.load_imported(connection, CHANGE_LOCK)}
    return Stock(sorted(found.values(), key=lambda record: record.serial), job.remarks)


def _infer_exchange(job: _Import, stock: Stock, origins: Mapping[str, str]) -> dict[str, Any]:
    """The exchange itself, when nobody has described it yet."""
    names = {ixp.name for ixp in job.export.ixps if ixp.name}
    short = next((ixp.shortname for ixp in job.export.ixps if ixp.shortname), "")
    name = names.pop() if len(names) == 1 else short or "Exchange"
    origin = next(iter(origins.values()), "ixf:unknown")
    document = identify(origin, "exchange")
    body: Body = {
        **blank("Account"),
        "id": document,
        "name": name[:80],
        "state": "production",
        "status": [],
        "asns": [],
        "discoverable": True,
        "metro_area_network_presence": [],
    }
    meta = {ORIGIN: origin, KEY: "exchange", INFERRED: True}
    stock.draft(Draft(Record(document, "accounts", body, meta)))
    job.remarks.add(Topic.INFERRED, name[:80], "exchange: there is no exchange file; describe it with peerhall apply")
    return {"key": slug(name) or "exchange", "account": document, "name": name[:80], "inferred": True}


def _draft(job: _Import, stock: Stock, origins: Mapping[str, str]) -> Scene:
    """Notes all that the export has."""
    rules = HouseRules.from_setting(job.rules)
    places = Places(stock, origins, rules.name)

    def may_hold(prefix: str, document: str) -> bool:
        holder = claims.find_holder(job.connection, PrefixClaim(prefix))
        return holder is None or holder.document == document

    networks = Networks(stock, places, job.export, origins, rules.account, may_hold)
    networks.settle()
    networks.settle_servers()
    scene = Scene(
        stock=stock,
        places=places,
        networks=networks,
        export=job.export,
        origins=origins,
        held=_find_held(job, stock, networks),
        exchange=rules.account,
        provider=rules.name,
        verified=tasks.accounts_of_asns(job.connection, [member.asn for member in job.export.members]),
        ports=_ports_by_connection(stock),
        now=job.now,
    )
    draft_members(scene)
    return scene


def _find_held(job: _Import, stock: Stock, networks: Networks) -> Held:
    lan_ids = [lan.id for lan in networks.list_lans()]
    addresses = claims.list_holders(job.connection, ADDRESS, lan_ids)
    for lan in networks.list_lans():
        features = [each for each in stock.of("network-features") if each.body["network_service"] == lan.id]
        for feature, held in lans.list_claims(lan, features).items():
            for claim in held:
                if isinstance(claim, Claim):
                    addresses.setdefault((claim.scope, claim.value), Holder(feature, str(job.rules["account"])))
    devices = [device.id for device in stock.of("devices")]
    serials = [record.serial for record in stock.of("connections") if record.serial]
    return Held(
        addresses=addresses,
        macs=claims.list_holders(job.connection, MAC, lan_ids),
        ports=set(claims.list_holders(job.connection, PORT, devices)),
        tags=claims.list_tags(job.connection, serials),
    )


def _ports_by_connection(stock: Stock) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for port in stock.of("ports"):
        found.setdefault(port.body["connection"], []).append(port)
    return found


def _write(job: _Import, scene: Scene, merged: Merged) -> None:
    connection, order = job.connection, job.order
    if settings.read_setting(connection, settings.EXCHANGE) is None:
        settings.write_setting(connection, settings.EXCHANGE, job.rules)
    touched = [*merged.added, *(change.after for change in merged.changed)]
    addresses = draw_up_addresses(scene.stock, touched)
    changes.tell_time(connection, job.now)
    documents.insert(connection, [*merged.added, *(each for each in addresses if each.id not in scene.stock.stored)])
    for record in (*(change.after for change in merged.changed), *addresses):
        if record.id in scene.stock.stored:
            documents.save(connection, record)
    hold_lans(connection, scene, touched, str(job.rules["account"]), job.now)
    take_claims(connection, scene, merged, job.now)
    attachments.account_for(order, *(each for each in touched if each.kind == "network-service-configs"))
    for device in {each.meta["reserved"]["device"] for each in touched if each.kind == "port-reservations"}:
        ports.count_free(order, device)
    for account, asn in scene.asns.items():
        if account not in scene.verified.get(asn, ()):
            tasks.verify_asn(connection, account, asn, job.actor, job.now)
    journal_each(connection, "import_add", merged.added, job.actor, job.now)
    journal_each(connection, "import_change", [change.after for change in merged.changed], job.actor, job.now)
