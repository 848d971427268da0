"""The MAC addresses of a config: registered before, and on one service with one config only."""

from collections.abc import Iterable

from peerhall.contract.validation import Body
from peerhall.exchange.claims import MAC, Claim, Holder
from peerhall.exchange.ordering.macs import canonical_mac, has_expired
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.orderdesk.order import Order
from peerhall.store import claims, documents

Macs = dict[str, Record]
"""By id."""


def check(order: Order, faults: Faults, body: Body, current: Record | None) -> Macs:
    """The addresses a config names, which the caller may use or which it had already."""
    named = body.get("macs") or []
    usable = order.find_usable("macs", named)
    kept = documents.find_many(order.connection, set(current.body.get("macs") or ()) if current else ())
    seen: dict[str, int] = {}
    for index, mac in enumerate(named):
        record = usable.get(mac) or kept.get(mac)
        if record is None:
            faults.add(f"macs.{index}", "there is no such MAC address")
            continue
        if mac not in kept and has_expired(record.body, order.now):
            faults.add(f"macs.{index}", f"expired at {record.body['valid_not_after']}; register the address anew")
        address = canonical_mac(record.body["address"])
        if address in seen:
            faults.add(f"macs.{index}", f"is the same address as macs.{seen[address]}")
        seen[address] = index
    return {mac: record for mac in named if (record := usable.get(mac) or kept.get(mac))}


def take(order: Order, config: Record, service: Record, macs: Iterable[Record]) -> None:
    """Takes addresses on a service for a config. Refuses those that another config has."""
    wanted = {Claim(MAC, service.id, canonical_mac(mac.body["address"])): mac for mac in macs}
    for claim, holder in order.take(wanted, config).items():
        index = config.body["macs"].index(wanted[claim].id)  # type: ignore[index]
        refuse_member(
            f"macs.{index}",
            f"{wanted[claim].body['address']} is in use on this LAN{_by(order, holder)}",  # type: ignore[index]
        )


def move(order: Order, before: Record, after: Record, service: Record, macs: Macs) -> None:
    """Takes the addresses that are new to a changed config, and lets go of those it no longer names."""
    kept, had = set(after.body.get("macs") or ()), set(before.body.get("macs") or ())
    for mac in documents.find_many(order.connection, had - kept).values():
        claim = Claim(MAC, service.id, canonical_mac(mac.body["address"]))
        claims.release_one(order.connection, claim, after.id, order.now)
    take(order, after, service, (mac for mac in macs.values() if mac.id in kept - had))


def _by(order: Order, holder: Holder | None) -> str:
    if holder is not None and order.caller.acts_for(holder.account):
        return f" by the network service config {holder.document}"
    return ""
