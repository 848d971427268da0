"""Configs on a peering LAN: an address of each family, sessions with route servers, a test before production."""

from peerhall.contract.validation import Body
from peerhall.exchange.catalogue import check_offering
from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, Phase, phase_of
from peerhall.exchange.ordering.exchange_lans import check_lan_offering, list_unready, list_without_mac
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note
from peerhall.orderdesk import addresses
from peerhall.orderdesk.order import Order

TESTED = True

_LAN_STATES = frozenset({"production", "production_change_pending", "testing"})


def find_service(order: Order, faults: Faults, body: Body, current: Record | None) -> Record:
    service = order.find_seen("network-services", body["network_service"])
    if service is None or service.type != "exchange_lan":
        faults.add("network_service", "there is no such exchange LAN")
        faults.refuse_if_any()
    assert service is not None
    if current is None and service.state not in _LAN_STATES:
        faults.add("network_service", f"is {service.state} and takes no new configs")
    return service


def find_offering(order: Order, faults: Faults, body: Body, _: Record, current: Record | None) -> Record | None:
    offering = order.find("product-offerings", body["product_offering"])
    if current is not None:
        return offering
    return check_offering(faults, offering, "exchange_lan", "network_service_config", order.now)


def check(
    order: Order,
    faults: Faults,
    body: Body,
    service: Record,
    offering: Record | None,
    connection: Record | None,
    current: Record | None,
) -> None:
    if offering is not None:
        check_lan_offering(faults, offering.body, service, connection)
    if current is not None:
        for session in order.users(current.id, "network_service_config", "network-feature-configs"):
            if session.state in LIVE_STATES and session.body["asn"] not in body["asns"]:
                faults.add("asns", f"AS{session.body['asn']} is still used by the session {session.id}")
        in_use = phase_of(current) in IN_PRODUCTION and current.body.get("macs")
        if in_use and list_without_mac(current.with_body(**body), service):
            faults.add("macs", "name at least one; the LAN lets no other address through")
    if not body["asns"] and any(subnet.scheme != "sequential" for _, subnet in addresses.list_subnets(service)):
        faults.add("asns", "name at least one; the IPv6 address on this LAN is made from it")


def take(order: Order, config: Record, service: Record) -> Record:
    return addresses.take(order, config, service)


def move(order: Order, before: Record, after: Record) -> Record:
    addresses.hand_on(order, before, after)
    return after


def list_missing(_: Order, config: Record, service: Record) -> list[Note]:
    return list_without_mac(config, service)


def list_holding(_: Order, config: Record, service: Record) -> list[Note]:
    return list_unready(config, service)


def list_remarks(order: Order, config: Record, _: Record, phase: Phase) -> list[Note]:
    return addresses.list_remarks(order, config, phase)


def list_followers(_: Order, __: Record) -> list[Record]:
    return []
