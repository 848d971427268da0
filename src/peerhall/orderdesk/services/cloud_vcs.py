"""Configs on a cloud: each one of its handovers, with a provider VLAN or all that no other config names."""

from peerhall.contract.validation import Body
from peerhall.exchange.claims import HANDOVER, Claim
from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, Network, Phase
from peerhall.exchange.ordering.clouds import (
    check_cloud_config,
    check_end,
    check_handover,
    handover_claim,
    list_handovers,
    list_incomplete,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.exchange.statuses import Note, awaiting_cloud_circuit
from peerhall.orderdesk import joining
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.ordered_services import clouds
from peerhall.store import claims

TESTED = False

_OF_OFFERING = ("product_offering", "cloud_config", "cloud_vlan", "l3_config", "routing_function")
"""Members that an offering demands, allows and forbids; it may do so otherwise since they were ordered."""


def find_service(order: Order, _: Faults, body: Body, current: Record | None) -> Record:
    if current is not None:
        return order.get("network-services", current.body["network_service"])
    service = order.find_usable("network-services", [body["network_service"]]).get(body["network_service"])
    if service is None or service.type != "cloud_vc":
        refuse_member("network_service", "there is no such cloud service of yours")
    if service.state not in LIVE_STATES:
        refuse_member("network_service", f"is {service.state} and takes no new configs")
    return service


def find_offering(order: Order, faults: Faults, body: Body, service: Record, current: Record | None) -> Record | None:
    known = len(faults.found)
    offering = joining.find_offering(order, faults, body, service, current)
    return offering if len(faults.found) == known else None


def check(
    _: Order,
    faults: Faults,
    body: Body,
    service: Record,
    offering: Record | None,
    connection: Record | None,
    current: Record | None,
) -> None:
    check_handover(faults, body["handover"], service.body["diversity"])
    if offering is None:
        return
    if current is None or any(body.get(member) != current.body.get(member) for member in _OF_OFFERING):
        check_cloud_config(faults, body, offering.body)
    if connection is not None and (current is None or body.get("connection") != current.body.get("connection")):
        check_end(faults, service.body, offering.body, connection)


def take(order: Order, config: Record, service: Record) -> Record:
    _claim(order, config, service)
    order.settle_later(*list_followers(order, config))
    return config


def move(order: Order, before: Record, after: Record) -> Record:
    service = order.get("network-services", after.body["network_service"])
    if not Network.of(before).present:
        order.release(before, [HANDOVER])
    if handover_claim(after.body, service.id) not in claims.list_held(order.connection, [after.id])[after.id]:
        _claim(order, after, service)
    return after


def let_go(order: Order, config: Record) -> None:
    """Gives back the handover from before a change, now that the network has taken it."""
    kept = handover_claim(config.body, config.body["network_service"])
    for claim in claims.list_held(order.connection, [config.id])[config.id]:
        if isinstance(claim, Claim) and claim.kind == HANDOVER and claim != kept:
            claims.release_one(order.connection, claim, config.id, order.now)


def list_missing(_: Order, __: Record, service: Record) -> list[Note]:
    return [] if clouds.is_built(service) else [awaiting_cloud_circuit(service.id, service.state)]


def list_holding(_: Order, __: Record, ___: Record) -> list[Note]:
    return []


def list_remarks(order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
    if phase not in IN_PRODUCTION:
        return []
    # Its own state may still have to be written.
    in_use = list_handovers(clouds.list_configs(order, service)) | {config.body["handover"]}
    return list_incomplete(service, in_use)


def list_followers(order: Order, config: Record) -> list[Record]:
    """The other handovers tell how many there are."""
    on_service = order.users(config.body["network_service"], "network_service", "network-service-configs")
    return [each for each in on_service if each.id != config.id and each.state in LIVE_STATES]


def _claim(order: Order, config: Record, service: Record) -> None:
    for holder in order.take([handover_claim(config.body, service.id)], config).values():
        vlan = (config.body.get("cloud_config") or {}).get("vlan")
        which = f"handover {config.body['handover']}" + (f" with the provider VLAN {vlan}" if vlan else "")
        known = holder is not None and order.caller.acts_for(holder.account)
        by = f" by the network service config {holder.document}" if known and holder is not None else ""
        refuse_member("handover" if vlan is None else "cloud_config.vlan", f"{which} is in use{by}")
