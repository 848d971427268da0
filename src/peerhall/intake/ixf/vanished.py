"""What an earlier import brought in and the export no longer has: listed, and on request taken out of use."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.claims import ADDRESS, MAC, Claim
from peerhall.exchange.ordering.macs import canonical_mac
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Refused
from peerhall.intake.identity import is_imported, is_inferred, name_of
from peerhall.intake.ixf.stock import IMPORTED, RETIRED, Stock, is_live
from peerhall.orderdesk import accounts, connections, network_feature_configs, network_service_configs
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims

_OF_MEMBERS = (
    "network-feature-configs",
    "network-service-configs",
    "ips",
    "macs",
    "connections",
    "ports",
    "accounts",
)
"""In the order in which things are taken out of use: whatever depends on others first."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """Something that is here and no longer in the export."""

    record: Record
    account: str
    """Id of the member it belongs to."""
    in_parent: bool = False
    """Whether what it is a part of has vanished as well."""
    retired: bool = False
    reason: str = ""
    """Why it was not taken out of use though that was asked for."""


def list_vanished(stock: Stock, origins: Iterable[str]) -> list[Vanished]:
    """Of what came from these origins and is in use, all that has no draft now; inferred things stay."""
    wanted = frozenset(origins)
    elsewhere = {
        connection.consuming_account
        for connection in stock.of("connections")
        if is_imported(connection) and is_live(connection) and connection.meta["origin"] not in wanted
    }
    found = [
        record
        for document, record in stock.records.items()
        if document in stock.stored
        and document not in stock.drafts
        and record.kind in _OF_MEMBERS
        and record.meta.get("origin") in wanted
        and not is_inferred(record)
        and is_live(record)
        and _is_in_use(stock, record)
        and record.id not in elsewhere
    ]
    found.sort(key=lambda record: (_OF_MEMBERS.index(record.kind), record.serial))
    gone = {record.id for record in found}
    return [
        Vanished(
            record,
            record.id if record.kind == "accounts" else str(record.consuming_account),
            in_parent=any(parent in gone for parent in _parents(stock, record)),
        )
        for record in found
    ]


def _parents(stock: Stock, record: Record) -> list[str]:
    """What a thing goes with."""
    match record.kind:
        case "network-feature-configs":
            config = stock.records.get(record.body["network_service_config"])
            return [record.body["network_service_config"], *(_parents(stock, config) if config else [])]
        case "ips" | "macs":
            configs = [each for each in _live_configs(stock) if record.id in (each.body.get(record.kind) or ())]
            return [parent for each in configs for parent in (each.id, *_parents(stock, each))]
        case "network-service-configs" | "ports":
            return [record.body["connection"], str(record.consuming_account)]
        case "connections":
            return [str(record.consuming_account)]
        case _:
            return []


def _is_in_use(stock: Stock, record: Record) -> bool:
    """Whether an address or a MAC is still named by a config; other things are in use by being there."""
    if record.kind not in ("ips", "macs"):
        return True
    return any(record.id in (config.body.get(record.kind) or ()) for config in _live_configs(stock))


def _live_configs(stock: Stock) -> list[Record]:
    return [each for each in stock.of("network-service-configs") if is_imported(each) and is_live(each)]


def retire(order: Order, vanished: Iterable[Vanished]) -> list[Vanished]:
    """Takes them out of use by the rules of the order desk, and says of each whether that could be done."""
    done = [_retire_one(order, each) for each in vanished]
    order.hand_over()
    return done


def _retire_one(order: Order, vanished: Vanished) -> Vanished:
    record = order.find(vanished.record.kind, vanished.record.id, CHANGE_LOCK)
    if record is None or not is_live(record):
        return replace(vanished, retired=True)
    try:
        with order.connection.transaction():
            reason = _end(order, record)
            if not reason and (ended := order.find(record.kind, record.id)) is not None:
                order.save(ended.with_meta(**{RETIRED: True}))
    except Refused as refused:
        reason = refused.refusal.detail
    return replace(vanished, retired=not reason, reason=reason)


def _end(order: Order, record: Record) -> str:
    """Ends it; otherwise the reason why not."""
    match record.kind:
        case "network-feature-configs":
            network_feature_configs.cancel(order, record.id)
        case "network-service-configs":
            network_service_configs.cancel(order, record.id, None)
        case "connections":
            return _end_connection(order, record)
        case "accounts":
            return _close(order, record)
        case "ips" | "macs":
            _detach(order, record)
        case "ports":
            return "a port leaves with its connection; order desk and network know no single port's end yet"
    return ""


def _end_connection(order: Order, record: Record) -> str:
    ordered = [
        config
        for config in order.users(record.id, "connection", "network-service-configs")
        if is_live(config) and not is_imported(config)
    ]
    if ordered:
        return f"{len(ordered)} network service configs were ordered on it here"
    connections.cancel(order, record.id, None)
    return ""


def _close(order: Order, record: Record) -> str:
    """Closes an account, once what it had is out of the network."""
    try:
        accounts.remove(order, record.id)
    except Refused:
        return "its services are not out of the network yet; the next import with --retire-missing closes it"
    order.release(record)
    return ""


def _detach(order: Order, record: Record) -> None:
    """Takes an address or a MAC out of the imported configs that are in use and name it, and lets it go."""
    member, kind = record.kind, ADDRESS if record.kind == "ips" else MAC
    value = record.body["address"] if record.kind == "ips" else canonical_mac(record.body["address"])
    for config in order.users(record.id, member, "network-service-configs", CHANGE_LOCK):
        if is_imported(config) and is_live(config):
            order.save(_without(config, member, record.id))
            claim = Claim(kind, config.body["network_service"], value)
            claims.release_one(order.connection, claim, config.id, order.now)
            order.settle_later(config)
    order.save(record.with_body(valid_not_after=write_instant(order.now)))


def _without(config: Record, member: str, document: str) -> Record:
    """The config lacking an address or a MAC, as if no export had ever named it."""
    said = dict(config.meta.get(IMPORTED, {}))
    said[member] = [each for each in said.get(member, ()) if each != document]
    kept = [each for each in config.body[member] if each != document]
    return config.with_body(**{member: kept}).with_meta(**{IMPORTED: said})


def write_vanished(vanished: Vanished) -> str:
    """What it is, for people."""
    record = vanished.record
    match record.kind:
        case "accounts":
            return "the member"
        case "connections":
            return f"connection {name_of(record)}"
        case "ips" | "macs":
            return f"address {record.body['address']}"
        case "ports":
            return f"port {name_of(record)}"
        case "network-service-configs":
            return "its presence on a LAN"
        case _:
            return "a session with a route server"
