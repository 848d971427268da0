"""Moves an order as far as it can go now, and has its state and status say where it is and why.

Orders call `describe`, which only tells; the reconciler calls `settle`, which also moves. So there is one place where
things get further, whatever it was that they had waited for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from peerhall.exchange.cancellation import find_last_day
from peerhall.exchange.lifecycle import (
    IN_PRODUCTION,
    OURS,
    PROVIDERS,
    WANTED_IN_NETWORK,
    Circumstances,
    Network,
    Phase,
    decide_notes,
    decide_phase,
    decide_state,
    phase_of,
    with_network,
    with_phase,
)
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import change_refused, link_down, order_refused, write_status
from peerhall.exchange.visibility import PROVISIONING
from peerhall.orderdesk import addresses, ports
from peerhall.orderdesk.courses import (
    connections,
    network_feature_configs,
    network_service_configs,
    network_services,
    port_reservations,
    routing_functions,
)
from peerhall.orderdesk.courses import ports as port_course
from peerhall.orderdesk.order import Order
from peerhall.store import journal


@dataclass(frozen=True, slots=True)
class Course:
    """How one kind of order goes; see `courses`."""

    circumstances: Callable[[Order, Record, Phase], Circumstances]
    network: Callable[[Order, Record], Network]
    entered: Callable[[Order, Record, Phase], Record]
    followers: Callable[[Order, Record], list[Record]]


COURSES: Final[dict[str, Course]] = {
    kind: Course(course.circumstances, course.network, course.entered, course.followers)
    for kind, course in (
        ("connections", connections),
        ("network-feature-configs", network_feature_configs),
        ("network-service-configs", network_service_configs),
        ("network-services", network_services),
        ("port-reservations", port_reservations),
        ("ports", port_course),
        ("routing-functions", routing_functions),
    )
}

IN_THE_NETWORK: Final = frozenset(
    {"ports", "network-service-configs", "network-feature-configs", "network-services", "routing-functions"}
)
"""Kinds that are themselves part of a device's configuration; of services it is clouds, at their provider."""


def settle(order: Order, stored: Record, news: Network | None = None, side: str = OURS) -> Record:
    """Moves a locked record to the furthest phase nothing keeps it from, with all that follows.

    `news` is what has just been learnt about this side of it; only a move then makes it worth looking again.
    """
    course = COURSES[stored.kind]
    record = stored if news is None else _learn(stored, news, side)
    if stored.kind == "network-service-configs" and _now_configured(stored, record, side):
        network_service_configs.let_go(order, record, side)
    while True:
        phase = phase_of(record)
        present = course.circumstances(order, record, phase)
        reached = decide_phase(phase, course.network(order, record), present)
        if reached is phase:
            break
        record = course.entered(order, with_phase(record, reached), reached)
    phase = phase_of(record)
    moved = phase is not phase_of(stored)
    if moved:
        _journal_move(order, stored, phase)
    if record.kind in IN_THE_NETWORK and (moved or (news is None and _is_behind(course.network(order, record), phase))):
        order.reconcile_later(*devices_of(order, record))
    # What stays beyond its day waits for others, who tell it when they are gone.
    order.settle_at(record, _midnight(order, record) if phase is Phase.LEAVING else present.changes_at)
    described = describe(order, record, stored)
    if described.state != stored.state or _known(described) != _known(stored):
        order.settle_later(*course.followers(order, described))
    return release_if_absent(order, described)


def describe(order: Order, record: Record, stored: Record | None = None) -> Record:
    """Brings state and status up to date, and saves the record when that, or anything since `stored`, changed it."""
    course = COURSES[record.kind]
    phase, network = phase_of(record), course.network(order, record)
    present = course.circumstances(order, record, phase)
    state = decide_state(phase, network, present)
    notes = decide_notes(phase, network, present)
    if record.kind == "ports" and phase in IN_PRODUCTION and record.body["operational_state"] == "down":
        notes.append(link_down())
    if "refused" in record.meta and phase is not Phase.ARCHIVED:
        notes.append(order_refused(record.meta["refused"]))
    if "change_refused" in record.meta and phase in IN_PRODUCTION:
        notes.append(change_refused(record.meta["change_refused"]))
    described = record.with_body(state=state, status=write_status(notes, record.body.get("status", ()), order.now))
    return order.save(described) if described != (stored or record) else described


def release_if_absent(order: Order, record: Record) -> Record:
    """Gives back what an ended order holds, once nothing of it is left in the network."""
    if phase_of(record) not in (Phase.CANCELLED, Phase.GONE, Phase.ARCHIVED) or record.meta.get("released"):
        return record
    if COURSES[record.kind].network(order, record).present:
        return record
    record = record.with_meta(released=True)
    order.release(record)
    if record.kind == "port-reservations":
        ports.count_bundle(order, record)
        ports.count_free(order, record.meta["reserved"]["device"])
    if record.kind == "network-service-configs":
        addresses.give_back(order, record)
    return order.save(record)


def devices_of(order: Order, record: Record) -> list[str]:
    """The devices, or route servers, whose configuration the record is part of."""
    match record.kind:
        case "ports":
            return [record.body["device"]]
        case "network-feature-configs":
            return [record.body["network_feature"]]
        case "routing-functions":
            return [record.meta["device"]] if "device" in record.meta else []
        case "network-services" if record.type == "cloud_vc":
            # What is at the provider for one cloud is a device of its own.
            return [record.id]
        case "network-service-configs":
            far = [record.body["network_service"]] if record.type == "cloud_vc" else []
            return [*_devices_under(order, record), *far]
        case _:
            return []


def _devices_under(order: Order, config: Record) -> list[str]:
    """The devices of what a config is attached to."""
    if config.body.get("routing_function"):
        return devices_of(order, order.get("routing-functions", config.body["routing_function"]))
    if config.body.get("connection"):
        bundle = order.users(config.body["connection"], "connection", "ports")
        return list(dict.fromkeys(port.body["device"] for port in bundle))
    return []


def _learn(record: Record, news: Network, side: str) -> Record:
    """The record with the news, and what the provider calls it where that is a member of it."""
    if news.called is not None and "provider_ref" in record.body:
        record = record.with_body(provider_ref=news.called)
    return with_network(record, news, side)


def _now_configured(before: Record, after: Record, side: str) -> bool:
    return Network.of(after, side).configured and not Network.of(before, side).configured


def _known(record: Record) -> tuple[Network, Network]:
    return Network.of(record), Network.of(record, PROVIDERS)


def _is_behind(network: Network, phase: Phase) -> bool:
    """Whether the network has not taken an order as it is."""
    return not network.configured if phase in WANTED_IN_NETWORK else network.present


def _journal_move(order: Order, before: Record, phase: Phase) -> None:
    journal.append(
        order.connection,
        journal.Entry(
            at=order.now,
            actor=PROVISIONING,
            account=before.managing_account,
            operation="settle",
            outcome="advanced",
            kind=before.kind,
            document=before.id,
            detail={"from": phase_of(before).value, "to": phase.value},
        ),
    )


def _midnight(order: Order, record: Record) -> datetime:
    """When the day of disconnection begins, in the exchange's zone."""
    return datetime.combine(find_last_day(record) or order.now.date(), time(), ZoneInfo(order.rules.timezone))
