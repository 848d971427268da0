"""What is special about configs on a peering LAN: addresses, MACs and ASNs."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from peerhall.contract.validation import Body, blank
from peerhall.exchange.allocation import Subnet, choose_address
from peerhall.exchange.catalogue import check_capacity, check_offering
from peerhall.exchange.claims import ADDRESS, MAC, Claim, Holder
from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.ordering.macs import canonical_mac
from peerhall.exchange.ordering.network_service_configs import (
    check_asns,
    check_attachment,
    check_connection,
    check_lan_offering,
    check_layer3,
    check_vlan_config,
    usable_capacity,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member, refuse_unable
from peerhall.orderdesk import asns
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims, documents

_LAN_STATES = frozenset({"production", "production_change_pending", "testing"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a config on a LAN refers to, locked."""

    service: Record
    connection: Record | None
    macs: dict[str, Record]


def check(order: Order, faults: Faults, body: Body, current: Record | None = None) -> Surroundings:
    """Whether everything the config names is there for the caller and fits together.

    Refuses at once what nothing more can be said about: a service the caller cannot see.
    """
    service = order.find_seen("network-services", body["network_service"])
    if service is None or service.type != "exchange_lan":
        faults.add("network_service", "there is no such exchange LAN")
        faults.refuse_if_any()
    assert service is not None
    if current is None and service.state not in _LAN_STATES:
        faults.add("network_service", f"is {service.state} and takes no new configs")
    check_attachment(faults, body)
    connection = _check_connection(order, faults, body, current)
    offering = order.find("product-offerings", body["product_offering"])
    if current is None:
        offering = check_offering(faults, offering, "exchange_lan", "network_service_config", order.now)
    if offering is not None:
        check_lan_offering(faults, offering.body, service, connection)
        check_capacity(faults, body.get("capacity"), offering.body)
        check_layer3(faults, body, offering.body)
    if connection is not None and (body.get("capacity") or 0) > (connection.body.get("speed") or 0) > 0:
        faults.add("capacity", f"is more than the {connection.body['speed']} Mbit/s of the connection")
    if connection is not None and body.get("vlan_config"):
        check_vlan_config(faults, body["vlan_config"], connection.body)
    if body.get("availability_zone") and order.find("availability-zones", body["availability_zone"]) is None:
        faults.add("availability_zone", "there is no such availability zone")
    _check_asns(order, faults, body, service, current)
    macs = _check_macs(order, faults, body, current)
    locked = documents.find_many(order.connection, {service.id, *([connection.id] if connection else [])}, CHANGE_LOCK)
    return Surroundings(locked[service.id], locked[connection.id] if connection else None, macs)


def take(order: Order, config: Record, surroundings: Surroundings) -> Record:
    """The config with its MACs claimed and its addresses allocated."""
    service = surroundings.service
    _take_macs(order, config, service, surroundings.macs.values())
    addresses = []
    for version, subnet in list_subnets(service):
        address = _allocate(order, config, service, subnet)
        addresses.append(_draw_up_address(order, config, service, version, address, subnet.network.prefixlen))
    order.add(*addresses)
    return config.with_body(ips=[each.id for each in addresses])


def move(order: Order, before: Record, after: Record, surroundings: Surroundings) -> Record:
    """The changed config with the MACs claimed that are new, and those let go that it no longer names."""
    service = surroundings.service
    kept = set(after.body.get("macs") or ())
    gone = documents.find_many(order.connection, set(before.body.get("macs") or ()) - kept)
    for mac in gone.values():
        claim = Claim(MAC, service.id, canonical_mac(mac.body["address"]))
        claims.release_one(order.connection, claim, after.id, order.now)
    new = kept - set(before.body.get("macs") or ())
    _take_macs(order, after, service, (mac for mac in surroundings.macs.values() if mac.id in new))
    if after.consuming_account != before.consuming_account:
        for address in documents.find_many(order.connection, after.body["ips"], CHANGE_LOCK).values():
            order.save(address.with_body(consuming_account=after.consuming_account))
    return after


def account_for(order: Order, *configs: Record) -> None:
    """Brings up to date what accounts and connections show of the configs given, now that they are stored."""
    for connection in {each.body["connection"] for each in configs if each.body.get("connection")}:
        _sum_up_capacity(order, connection)
    for account in {each.consuming_account for each in configs}:
        asns.show(order, str(account))


def list_subnets(service: Record) -> list[tuple[int, Subnet]]:
    """The address families of a LAN with what may be allocated of them."""
    described = service.meta.get("subnets", {})
    subnets = []
    for version in (4, 6):
        text = service.body.get(f"subnet_v{version}")
        if text:
            details = described.get(str(version), {})
            reserved = tuple(details.get("reserved", ()))
            subnets.append((version, Subnet(ip_network(text), reserved, details.get("scheme", "sequential"))))
    return subnets


def _check_connection(order: Order, faults: Faults, body: Body, current: Record | None) -> Record | None:
    named = body.get("connection")
    if named is None:
        if body.get("routing_function") is not None:
            faults.add("routing_function", "there is no such routing function")
        return None
    if current is not None and named == current.body.get("connection"):
        return order.get("connections", named)
    connection = order.find_usable("connections", [named]).get(named)
    check_connection(faults, connection)
    return connection


def _check_asns(order: Order, faults: Faults, body: Body, service: Record, current: Record | None) -> None:
    if current is not None:
        for session in order.users(current.id, "network_service_config", "network-feature-configs"):
            if session.state in LIVE_STATES and session.body["asn"] not in body["asns"]:
                faults.add("asns", f"AS{session.body['asn']} is still used by the session {session.id}")
    if current is None or body["asns"] != current.body["asns"]:
        check_asns(faults, body["asns"])
    if not body["asns"] and any(subnet.scheme != "sequential" for _, subnet in list_subnets(service)):
        faults.add("asns", "name at least one; the IPv6 address on this LAN is made from it")


def _check_macs(order: Order, faults: Faults, body: Body, current: Record | None) -> dict[str, Record]:
    named = body.get("macs") or []
    usable = order.find_usable("macs", named)
    kept = documents.find_many(order.connection, set(current.body.get("macs") or ()) if current else ())
    seen: dict[str, int] = {}
    for index, mac in enumerate(named):
        record = usable.get(mac) or kept.get(mac)
        if record is None:
            faults.add(f"macs.{index}", "there is no such MAC address")
            continue
        address = canonical_mac(record.body["address"])
        if address in seen:
            faults.add(f"macs.{index}", f"is the same address as macs.{seen[address]}")
        seen[address] = index
    return {mac: record for mac in named if (record := usable.get(mac) or kept.get(mac))}


def _take_macs(order: Order, config: Record, service: Record, macs: Iterable[Record]) -> None:
    wanted = {Claim(MAC, service.id, canonical_mac(mac.body["address"])): mac for mac in macs}
    for claim, holder in order.take(wanted, config).items():
        index = config.body["macs"].index(wanted[claim].id)  # type: ignore[index]
        refuse_member(
            f"macs.{index}",
            f"{wanted[claim].body['address']} is in use on this LAN{_by(order, holder)}",  # type: ignore[index]
        )


def _allocate(order: Order, config: Record, service: Record, subnet: Subnet) -> str:
    asn = config.body["asns"][0] if config.body["asns"] else None
    account = config.consuming_account or ""
    held, cooling = claims.list_values(order.connection, ADDRESS, service.id, account, order.now)
    address = choose_address(subnet, asn, held, cooling)
    if address is None:
        refuse_unable(f"{service.body['name']} has no free IPv{subnet.network.version} address left.")
    refused = order.take([Claim(ADDRESS, service.id, address)], config)
    assert not refused, f"{address} on {service.id} was free a moment ago"
    return address


def _draw_up_address(
    order: Order, config: Record, service: Record, version: int, address: str, prefix_length: int
) -> Record:
    document = order.new_id()
    members = {
        "id": document,
        "managing_account": order.rules.account,
        "consuming_account": config.consuming_account,
        "version": version,
        "address": str(ip_address(address)),
        "prefix_length": prefix_length,
    }
    meta = {"network_service": service.id, "network_service_config": config.id}
    return Record(document, "ips", {**blank("IpAddress"), **members}, meta)


def _sum_up_capacity(order: Order, connection: str) -> None:
    record = order.get("connections", connection, CHANGE_LOCK)
    total = 0
    for config in order.users(connection, "connection", "network-service-configs"):
        if config.state in LIVE_STATES or config.state == "decommission_requested":
            named = config.body.get("product_offering")
            offering = order.get("product-offerings", named).body if named else None
            total += usable_capacity(config.body, offering)
    if total != record.body.get("capacity_allocated"):
        order.save(record.with_body(capacity_allocated=total))


def _by(order: Order, holder: Holder | None) -> str:
    if holder is not None and order.caller.acts_for(holder.account):
        return f" by the network service config {holder.document}"
    return ""
