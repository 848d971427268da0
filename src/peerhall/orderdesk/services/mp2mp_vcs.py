"""Configs on a closed user group: its MAC filter, and addresses within its subnets, chosen or allocated."""

from collections.abc import Iterable

from peerhall.contract.validation import Body
from peerhall.exchange.claims import ADDRESS
from peerhall.exchange.lifecycle import IN_PRODUCTION, Network, Phase, phase_of
from peerhall.exchange.ordering.groups import check_chosen, check_numbers
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.exchange.statuses import Note, mac_missing
from peerhall.orderdesk import addresses, joining
from peerhall.orderdesk.order import Order
from peerhall.store import claims, documents

TESTED = False

find_offering = joining.find_offering


def find_service(order: Order, _: Faults, body: Body, current: Record | None) -> Record:
    return joining.find_service(order, body, current, "mp2mp_vc")


def check(
    order: Order,
    faults: Faults,
    body: Body,
    service: Record,
    offering: Record | None,
    connection: Record | None,
    current: Record | None,
) -> None:
    joining.check(order, faults, body, service, offering, connection, current)
    check_numbers(faults, body.get("asns") or ())
    _check_addresses(order, faults, body, service, current)
    in_use = current is not None and phase_of(current) in IN_PRODUCTION and current.body.get("macs")
    if in_use and _needs_mac(body, service) and not body.get("macs"):
        faults.add("macs", "name at least one; the service lets no other address through")


def take(order: Order, config: Record, service: Record) -> Record:
    config = joining.limit(order, None, config.with_body(asns=config.body.get("asns") or []), service)
    return _number(order, None, config, service)


def move(order: Order, before: Record, after: Record) -> Record:
    service = order.get("network-services", after.body["network_service"])
    after = joining.limit(order, before, after, service)
    after = _number(order, before, after, service)
    addresses.hand_on(order, before, after)
    return after


def list_missing(_: Order, config: Record, service: Record) -> list[Note]:
    return [mac_missing()] if _needs_mac(config.body, service) and not config.body.get("macs") else []


def list_holding(_: Order, __: Record, ___: Record) -> list[Note]:
    return []


def list_remarks(order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
    notes = joining.list_remarks(order, config, service, phase)
    return notes + addresses.list_remarks(order, config, phase)


def list_followers(_: Order, __: Record) -> list[Record]:
    return []


def _check_addresses(order: Order, faults: Faults, body: Body, service: Record, current: Record | None) -> None:
    """Whether the addresses a config names are there for it, and good on the service."""
    named = body.get("ips") or []
    usable = order.find_usable("ips", named)
    had = set(current.body.get("ips") or ()) if current else set()
    subnets = dict(addresses.list_subnets(service))
    seen: set[str] = set()
    for index, ip in enumerate(named):
        member, record = f"ips.{index}", usable.get(ip)
        if ip in had:
            pass
        elif record is None or "network_service" in record.meta or not order.caller.acts_for(record.consuming_account):
            faults.add(member, "there is no such IP address of yours")
        else:
            check_chosen(faults, member, record, subnets)
        if ip in seen:
            faults.add(member, "is named twice")
        seen.add(ip)


def _number(order: Order, before: Record | None, after: Record, service: Record) -> Record:
    """The config with what it chose, and an address of each family of the service that it chose none of."""
    had = documents.find_many(order.connection, before.body["ips"]) if before else {}
    chosen = documents.find_many(order.connection, after.body["ips"])
    _claim(order, after, service, (ip for ip in chosen.values() if ip.id not in had))
    numbers = list(after.body["ips"])
    covered = {ip.body["version"] for ip in chosen.values()}
    for version, subnet in addresses.list_subnets(service):
        if version not in covered:
            kept = next(
                (ip for ip in had.values() if ip.body["version"] == version and addresses.is_allocated(ip)), None
            )
            numbers.append((kept or addresses.allocate(order, after, service, version, subnet)).id)
    after = after.with_body(ips=numbers)
    dropped = [ip for ip in had.values() if ip.id not in numbers]
    if dropped:
        order.save(after)
    for ip in dropped:
        if addresses.is_allocated(ip):
            order.remove(ip)
    if dropped and before is not None and not Network.of(before).present:
        addresses.let_go(order, after)
    return after


def _claim(order: Order, config: Record, service: Record, chosen: Iterable[Record]) -> None:
    own = claims.list_own(order.connection, ADDRESS, config.id)
    wanted = {claim: ip for ip in chosen if (claim := addresses.claim_of(service.id, ip)) not in own}
    _, cooling = claims.list_values(order.connection, ADDRESS, service.id, config.consuming_account or "", order.now)
    refused = order.take(wanted, config)
    for claim, ip in wanted.items():
        if claim in refused or claim.value in cooling:
            until = "in use" if claim in refused else "in use until recently"
            refuse_member(f"ips.{config.body['ips'].index(ip.id)}", f"{ip.body['address']} is {until} on this service")


def _needs_mac(body: Body, service: Record) -> bool:
    """Whether only addresses that a config names come through; a routing function has the exchange's own."""
    return bool(service.body.get("mac_acl_protection")) and body.get("routing_function") is None
