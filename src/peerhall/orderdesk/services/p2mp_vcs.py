"""Configs on a rooted multipoint circuit: roots reach everybody, leaves reach roots only."""

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, Phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note, root_missing
from peerhall.orderdesk import joining
from peerhall.orderdesk.order import Order

TESTED = False

find_offering = joining.find_offering
check = joining.check


def find_service(order: Order, _: Faults, body: Body, current: Record | None) -> Record:
    return joining.find_service(order, body, current, "p2mp_vc")


def take(order: Order, config: Record, service: Record) -> Record:
    config = _with_role(joining.limit(order, None, config, service))
    if config.body["role"] == "root":
        order.settle_later(*_others(order, config))
    return config


def move(order: Order, before: Record, after: Record) -> Record:
    service = order.get("network-services", after.body["network_service"])
    after = _with_role(joining.limit(order, before, after, service))
    if after.body["role"] != before.body["role"]:
        order.settle_later(*_others(order, after))
    return after


def list_missing(_: Order, __: Record, ___: Record) -> list[Note]:
    return []


def list_holding(_: Order, __: Record, ___: Record) -> list[Note]:
    return []


def list_remarks(order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
    notes = joining.list_remarks(order, config, service, phase)
    if phase not in ENDING and not any(_is_root(each) for each in [config, *_others(order, config)]):
        notes.append(root_missing(service.id))
    return notes


def list_followers(order: Order, config: Record) -> list[Record]:
    """The leaves hear of it when a root comes or goes."""
    return _others(order, config) if config.body["role"] == "root" else []


def _with_role(config: Record) -> Record:
    return config.with_body(role=config.body.get("role") or "leaf")


def _is_root(config: Record) -> bool:
    return config.body["role"] == "root" and config.state in LIVE_STATES | {"decommission_requested"}


def _others(order: Order, config: Record) -> list[Record]:
    """All other configs on the service that are not over."""
    on_service = order.users(config.body["network_service"], "network_service", "network-service-configs")
    return [each for each in on_service if each.id != config.id and each.state in LIVE_STATES]
