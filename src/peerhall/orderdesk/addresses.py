"""Addresses on a LAN: allocated to a config in the transaction of its order, and shown as documents of their own."""

from ipaddress import ip_address, ip_network

from peerhall.contract.validation import blank
from peerhall.exchange.allocation import Subnet, choose_address
from peerhall.exchange.claims import ADDRESS, Claim
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unable
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims, documents


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


def take(order: Order, config: Record, service: Record) -> Record:
    """The config with an address of each family of the service, which is locked."""
    found = []
    for version, subnet in list_subnets(service):
        address = _allocate(order, config, service, subnet)
        found.append(_draw_up(order, config, service, version, address, subnet.network.prefixlen))
    order.add(*found)
    return config.with_body(ips=[each.id for each in found])


def hand_on(order: Order, before: Record, after: Record) -> None:
    """Has the addresses of a config show its consuming account."""
    if after.consuming_account != before.consuming_account:
        for address in documents.find_many(order.connection, after.body["ips"], CHANGE_LOCK).values():
            order.save(address.with_body(consuming_account=after.consuming_account))


def _allocate(order: Order, config: Record, service: Record, subnet: Subnet) -> str:
    asn = config.body["asns"][0] if config.body["asns"] else None
    account = config.consuming_account or ""
    held, cooling = claims.list_values(order.connection, ADDRESS, service.id, account, order.now)
    address = choose_address(subnet, asn, held, cooling)
    if address is None:
        name = service.body.get("name") or service.body.get("display_name") or "The service"
        refuse_unable(f"{name} has no free IPv{subnet.network.version} address left.")
    refused = order.take([Claim(ADDRESS, service.id, address)], config)
    assert not refused, f"{address} on {service.id} was free a moment ago"
    return address


def _draw_up(order: Order, config: Record, service: Record, version: int, address: str, prefix_length: int) -> Record:
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
