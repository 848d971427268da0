"""A group (p2mp_vc, mp2mp_vc): there to be joined at once, in production with its first config."""

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import USABLE_STATES, Phase
from peerhall.exchange.ordering.network_services import check_subnet, write_subnet
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note, awaiting_first_config
from peerhall.orderdesk import config_capacity, joining
from peerhall.orderdesk.order import Order

_SUBNETS = {4: "subnet_v4", 6: "subnet_v6"}
_DECIDING = ("public", "managing_account", "consuming_account", "product_offering")
"""Members that decide who may join, and with how much."""


def check(order: Order, faults: Faults, body: Body, _: Record | None, current: Record | None) -> None:
    for version, member in _SUBNETS.items():
        if body.get(member) == (current.body.get(member) if current else None):
            continue
        if body.get(member) is not None:
            check_subnet(faults, version, body[member])
        if current is not None and order.is_used(current.id, "network_service", "network-service-configs"):
            faults.add(member, "cannot be changed while the service has configs, which have addresses from it")


def draw_up(_: Order, service: Record, offering: Record) -> Record:
    members: Body = {"network_features": [], "member_joining_rules": []}
    if service.type == "mp2mp_vc":
        members["mac_acl_protection"] = offering.meta.get("mac_acl_protection", False)
    return _write(service.with_body(**members))


def move(order: Order, before: Record, after: Record, offering: Record) -> Record:
    after = _write(after)
    if after.body["product_offering"] != before.body["product_offering"]:
        config_capacity.follow_offering(order, after, offering)
    if any(after.body[member] != before.body.get(member) for member in _DECIDING):
        joining.follow_service(order, before, after)
    return after


def list_missing(_: Order, __: Record) -> list[Note]:
    return []


def list_holding(order: Order, service: Record, phase: Phase) -> list[Note]:
    in_use = phase is Phase.CHANGING or order.is_used(
        service.id, "network_service", "network-service-configs", USABLE_STATES
    )
    return [] if in_use else [awaiting_first_config()]


def list_remarks(_: Order, __: Record, ___: Phase) -> list[Note]:
    return []


def _write(service: Record) -> Record:
    """A null `public` is the standard's default; subnets are shown canonically."""
    subnets = {member: write_subnet(service.body[member]) for member in _SUBNETS.values() if member in service.body}
    return service.with_body(public=bool(service.body.get("public")), **subnets)
