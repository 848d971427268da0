"""Addresses on a service: allocated to a config in the transaction of its order, and shown as documents."""

from ipaddress import ip_address, ip_network

from peerhall.contract.validation import blank
from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.allocation import Subnet, choose_address
from peerhall.exchange.claims import ADDRESS, Claim
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unable
from peerhall.exchange.statuses import Note, ip_allocated
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims, documents


def list_subnets(service: Record) -> list[tuple[int, Subnet]]:
    """The address families of a service with what may be allocated of them."""
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
    found = [allocate(order, config, service, version, subnet) for version, subnet in list_subnets(service)]
    return config.with_body(ips=[each.id for each in found])


def allocate(order: Order, config: Record, service: Record, version: int, subnet: Subnet) -> Record:
    """A new address document of one family for a config. The service is locked."""
    address = _draw_up(
        order, config, service, version, _choose(order, config, service, subnet), subnet.network.prefixlen
    )
    order.add(address)
    return address


def let_go(order: Order, config: Record) -> None:
    """Gives back addresses that a config no longer has, now that none of them is in the network."""
    had = documents.find_many(order.connection, config.body.get("ips") or ())
    kept = {claim_of(config.body["network_service"], address) for address in had.values()}
    for claim in claims.list_own(order.connection, ADDRESS, config.id) - kept:
        claims.release_one(order.connection, claim, config.id, order.now, order.rules.cooldown)


def claim_of(service: str, address: Record) -> Claim:
    """How an address is held on a service."""
    return Claim(ADDRESS, service, str(ip_address(address.body["address"])))


def give_back(order: Order, config: Record) -> None:
    """Has the addresses allocated to a config end with it: from now on they may be another's."""
    for address in documents.find_many(order.connection, config.body.get("ips") or (), CHANGE_LOCK).values():
        if is_allocated(address):
            order.save(address.with_body(valid_not_after=write_instant(order.now)))


def is_allocated(address: Record) -> bool:
    """Whether the exchange gave it to a config, rather than a member having registered it."""
    return "network_service_config" in address.meta


def hand_on(order: Order, before: Record, after: Record) -> None:
    """Has the addresses allocated to a config show its consuming account."""
    if after.consuming_account != before.consuming_account:
        for address in documents.find_many(order.connection, after.body["ips"], CHANGE_LOCK).values():
            if is_allocated(address):
                order.save(address.with_body(consuming_account=after.consuming_account))


def list_remarks(order: Order, config: Record, phase: Phase) -> list[Note]:
    """Which addresses were allocated to a config, until it is in production."""
    if phase not in (Phase.RESERVING, Phase.BUILDING, Phase.TESTING):
        return []
    found = documents.find_many(order.connection, config.body.get("ips") or ())
    given = [each for each in found.values() if is_allocated(each)]
    return [ip_allocated([each.id for each in given], [each.body["address"] for each in given])] if given else []


def _choose(order: Order, config: Record, service: Record, subnet: Subnet) -> str:
    asn = config.body["asns"][0] if config.body.get("asns") else None
    account = config.consuming_account or ""
    held, cooling = claims.list_values(order.connection, ADDRESS, service.id, account, order.now)
    own = {claim.value for claim in claims.list_own(order.connection, ADDRESS, config.id)}
    address = choose_address(subnet, asn, held - own, cooling)
    if address is None:
        name = service.body.get("name") or service.body.get("display_name") or "The service"
        refuse_unable(f"{name} has no free IPv{subnet.network.version} address left.")
    if address not in own:
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
