"""A circuit (p2p_vc): in production once the configs on both sides are; what the B-side asks for, the A-side does."""

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import CLOSED_STATES, ENDING, IN_PRODUCTION, USABLE_STATES, Phase
from peerhall.exchange.ordering.circuits import A_SIDE, B_SIDE, SIDES, find_side, is_fulfilled, is_there, side_owner
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import (
    Note,
    awaiting_configs,
    awaiting_peer_side,
    change_rejected,
    change_requested,
    configs_changing,
)
from peerhall.orderdesk import config_capacity
from peerhall.orderdesk.order import CHANGE_LOCK, RELY_LOCK, Order
from peerhall.store.documents import Lock


def check(order: Order, faults: Faults, body: Body, _: Record | None, current: Record | None) -> None:
    before = current.body if current else {}
    joining = body["joining_member_account"]
    if joining != before.get("joining_member_account"):
        account = order.find("accounts", joining, RELY_LOCK)
        # That an account is closed is told no more than that it is there.
        if account is None or account.state in CLOSED_STATES:
            faults.add("joining_member_account", "there is no such account")
        if current is not None and any(not each.meta.get("released") for each in list_configs(order, current)):
            faults.add("joining_member_account", "cannot be changed while the circuit has configs")
    for index, zone in enumerate(body.get("availability_zones") or ()):
        if order.find("availability-zones", zone) is None:
            faults.add(f"availability_zones.{index}", "there is no such availability zone")


def draw_up(_: Order, service: Record, offering: Record) -> Record:
    return service.with_body(capacity=offering.body.get("bandwidth_max"))


def move(order: Order, before: Record, after: Record, offering: Record) -> Record:
    after = after.with_body(capacity=offering.body.get("bandwidth_max"))
    if after.body["product_offering"] == before.body["product_offering"]:
        return after
    config_capacity.follow_offering(order, after, offering)
    a_side = find_side(list_configs(order, after), after, A_SIDE)
    return accept_if_fulfilled(order, after.with_meta(change_rejected=None), a_side)


def list_missing(order: Order, service: Record) -> list[Note]:
    configs = list_configs(order, service)
    return [
        awaiting_peer_side(side, side_owner(service, side))
        for side in SIDES
        if not is_there(find_side(configs, service, side))
    ]


def list_holding(order: Order, service: Record, phase: Phase) -> list[Note]:
    configs = list_configs(order, service)
    if phase is not Phase.CHANGING:
        ready = [find_side(configs, service, side) for side in SIDES]
        in_use = all(each is not None and each.state in USABLE_STATES for each in ready)
        return [] if in_use else list_missing(order, service) or [awaiting_configs()]
    notes = []
    if request := service.meta.get("change_request"):
        notes.append(change_requested(request["product_offering"], request["capacity"]))
    if any(each.state == "production_change_pending" for each in configs):
        notes.append(configs_changing())
    return notes


def list_remarks(order: Order, service: Record, phase: Phase) -> list[Note]:
    notes = list_missing(order, service) if phase in IN_PRODUCTION else []
    if (rejected := service.meta.get("change_rejected")) and phase not in ENDING:
        notes.append(change_rejected(rejected["product_offering"], rejected["capacity"]))
    return notes


def accept_if_fulfilled(order: Order, service: Record, a_side: Record | None) -> Record:
    """The circuit without the B-side's wish once it is fulfilled; the config on the B-side follows by itself."""
    request = service.meta.get("change_request")
    if request is None or not is_fulfilled(request, service, a_side):
        return service
    b_side = find_side(list_configs(order, service, CHANGE_LOCK), service, B_SIDE)
    if b_side is not None:
        config_capacity.follow(order, b_side, request["capacity"], service)
    return service.with_meta(change_request=None)


def list_configs(order: Order, service: Record, lock: Lock = "") -> list[Record]:
    return order.users(service.id, "network_service", "network-service-configs", lock)
