"""A cloud (cloud_vc): its circuit is built at the provider at once; in production with the first handover that is."""

from typing import Final

from peerhall.contract.validation import Body
from peerhall.exchange.catalogue import check_capacity, check_move
from peerhall.exchange.claims import Claim
from peerhall.exchange.lifecycle import (
    BEFORE_PRODUCTION,
    IN_PRODUCTION,
    LIVE_STATES,
    PROVIDERS,
    Network,
    Phase,
    outdated,
    phase_of,
    with_network,
    with_outdated,
)
from peerhall.exchange.ordering.cloud_keys import check_key, provider_of
from peerhall.exchange.ordering.clouds import (
    check_circuit,
    check_width,
    fill_in_capacity,
    is_provider_first,
    key_claim,
    list_handovers,
    list_incomplete,
)
from peerhall.exchange.ordering.routing_functions import check_share
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member
from peerhall.exchange.statuses import Note, awaiting_first_handover, configs_changing
from peerhall.orderdesk import attachments
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import claims
from peerhall.store.documents import Lock

OF_CIRCUIT: Final = frozenset({"cloud_key", "capacity", "product_offering"})
"""Members that the circuit at the provider is built from."""


def check(order: Order, faults: Faults, body: Body, offering: Record | None, current: Record | None) -> None:
    if offering is not None:
        if _is_news(body, current):
            check_capacity(faults, body.get("capacity"), offering.body)
        known = len(faults.found)
        if current is None or body["cloud_key"] != current.body["cloud_key"]:
            check_key(faults, provider_of(offering), body["cloud_key"])
        if len(faults.found) == known and is_provider_first(offering.body) and _is_news(body, current):
            check_circuit(faults, body, offering.body, order.finding)
    if current is not None:
        _check_change(order, faults, body, current)


def draw_up(order: Order, service: Record, offering: Record) -> Record:
    service = service.with_body(
        capacity=fill_in_capacity(service.body.get("capacity"), order.finding),
        diversity=offering.body["diversity"],
        provider_ref=None,
        availability_zones=[],
        network_features=[],
    )
    _claim_key(order, service, key_claim(service.body, offering))
    return service


def move(order: Order, before: Record, after: Record, offering: Record) -> Record:
    if not _is_news(after.body, before):
        return after
    after = after.with_body(capacity=fill_in_capacity(after.body.get("capacity"), order.finding))
    after = after.with_body(diversity=offering.body["diversity"])
    if after.body["cloud_key"] != before.body["cloud_key"]:
        held = claims.list_held(order.connection, [before.id])[before.id]
        wanted = key_claim(after.body, offering)
        if wanted is None or wanted not in held:
            order.release(before)
            _claim_key(order, after, wanted)
    if after.body["capacity"] != before.body["capacity"]:
        order.save(after)
        _rate_configs(order, after)
    return with_outdated(after)


def list_missing(_: Order, __: Record) -> list[Note]:
    return []


def list_holding(order: Order, service: Record, phase: Phase) -> list[Note]:
    configs = list_configs(order, service)
    if phase is Phase.CHANGING:
        behind = any(each.state in LIVE_STATES and _is_behind(each) for each in configs)
        return [configs_changing()] if behind else []
    return [] if list_handovers(configs) else [awaiting_first_handover()]


def list_remarks(order: Order, service: Record, phase: Phase) -> list[Note]:
    return list_incomplete(service, list_handovers(list_configs(order, service))) if phase in IN_PRODUCTION else []


def is_built(service: Record) -> bool:
    """Whether the circuit is there at the provider, be it as it was before a change."""
    return service.body.get("provider_ref") is not None or Network.of(service, PROVIDERS).configured


def list_configs(order: Order, service: Record, lock: Lock = "") -> list[Record]:
    return order.users(service.id, "network_service", "network-service-configs", lock)


def _is_news(body: Body, current: Record | None) -> bool:
    return current is None or any(body.get(member) != current.body.get(member) for member in OF_CIRCUIT)


def _check_change(order: Order, faults: Faults, body: Body, current: Record) -> None:
    built = is_built(current) or phase_of(current) not in BEFORE_PRODUCTION
    if body["cloud_key"] != current.body["cloud_key"] and built:
        faults.add("cloud_key", "cannot be changed once the circuit is provisioned; order a new service instead")
    before, after = current.body.get("capacity"), body.get("capacity")
    if before == after:
        return
    if phase_of(current) in IN_PRODUCTION:
        check_move(faults, before, after, order.get("product-offerings", current.body["product_offering"]).body)
    for config in list_configs(order, current):
        if config.state in LIVE_STATES and (named := config.body.get("connection")):
            check_width(faults, "capacity", after, order.get("connections", named))
        elif config.state in LIVE_STATES:
            check_share(faults, after, order.get("routing-functions", config.body["routing_function"]).body)


def _claim_key(order: Order, service: Record, claim: Claim | None) -> None:
    if claim is None:
        return
    for holder in order.take([claim], service).values():
        by = f", {holder.document}" if holder is not None and order.caller.acts_for(holder.account) else ""
        refuse_member("cloud_key", f"the circuit with this key is used by another network service already{by}")


def _rate_configs(order: Order, service: Record) -> None:
    """Has the network give the configs the capacity of their service, which they have no member of their own for."""
    for config in list_configs(order, service, CHANGE_LOCK):
        if config.state in LIVE_STATES:
            if named := config.body.get("connection"):
                attachments.check_room(order, config, order.get("connections", named, CHANGE_LOCK))
            config = order.save(with_network(config, outdated(Network.of(config))))
            attachments.account_for(order, config)
            order.settle_later(config)


def _is_behind(config: Record) -> bool:
    return phase_of(config) in IN_PRODUCTION and not Network.of(config).configured
