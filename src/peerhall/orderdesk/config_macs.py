"""The MAC addresses of a config: registered before, and on one service with one config only.

One that a config gives up stays its own until the network has let go of it as well.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from peerhall.contract.validation import Body
from peerhall.exchange.claims import MAC, Claim, Holder
from peerhall.exchange.lifecycle import Network, with_network
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


def take(order: Order, config: Record, service: Record, macs: Iterable[Record], own: Collection[Claim] = ()) -> None:
    """Takes addresses on a service for a config, which holds `own`. Refuses those that another config has."""
    named = {_claim_of(service.id, mac): mac for mac in macs}
    wanted = {claim: named[claim] for claim in named.keys() - own}
    for claim, holder in order.take(wanted, config).items():
        index = config.body["macs"].index(wanted[claim].id)  # type: ignore[index]
        refuse_member(
            f"macs.{index}",
            f"{wanted[claim].body['address']} is in use on this LAN{_by(order, holder)}",  # type: ignore[index]
        )


def move(order: Order, before: Record, after: Record, service: Record, macs: Macs) -> None:
    """Takes the addresses that are new to a changed config; it keeps those before until the network has followed."""
    if not Network.of(before).present:
        let_go(order, after)
    new = [mac for mac in macs.values() if mac.id not in (before.body.get("macs") or ())]
    take(order, after, service, new, claims.list_own(order.connection, MAC, before.id))


def drop(order: Order, config: Record, mac: Record) -> Record:
    """Takes an address out of a config, whose own it stays until the network is seen to be without it."""
    kept = [each for each in config.body["macs"] if each != mac.id]
    network = Network.of(config)
    config = order.save(with_network(config.with_body(macs=kept), replace(network, configured=False)))
    if not network.present:
        let_go(order, config)
    return config


def let_go(order: Order, config: Record) -> None:
    """Gives back addresses that a config no longer names, now that none of them is in the network."""
    named = documents.find_many(order.connection, config.body.get("macs") or ())
    kept = {_claim_of(config.body["network_service"], mac) for mac in named.values()}
    for claim in claims.list_own(order.connection, MAC, config.id) - kept:
        claims.release_one(order.connection, claim, config.id, order.now)


def _claim_of(service: str, mac: Record) -> Claim:
    return Claim(MAC, service, canonical_mac(mac.body["address"]))


def _by(order: Order, holder: Holder | None) -> str:
    if holder is not None and order.caller.acts_for(holder.account):
        return f" by the network service config {holder.document}"
    return ""
