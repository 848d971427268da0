"""A circuit (p2p_vc): who is on which side of it, what may change of it, and when a wished change has been made."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, phase_of
from peerhall.exchange.ordering.attachments import has_port_speed
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults

A_SIDE, B_SIDE = "a", "b"
SIDES: Final = (A_SIDE, B_SIDE)

_DELIVERED: Final = {A_SIDE: "handover_metro_area_network", B_SIDE: "service_metro_area_network"}


def list_sides(service: Record, consuming_account: str | None, managing_account: str | None) -> tuple[str, ...]:
    """The sides a config of these accounts can be on: both on a circuit within one account, none for strangers."""
    for account in (consuming_account, managing_account):
        ends = ((A_SIDE, service.consuming_account), (B_SIDE, service.body["joining_member_account"]))
        if sides := tuple(side for side, owner in ends if owner == account):
            return sides
        if account == service.managing_account:
            return (A_SIDE,)
    return ()


def side_of(config: Record, service: Record) -> str:
    """The side a config is on; it has been given one when it was ordered."""
    known = config.meta.get("side")
    if known is not None:
        return str(known)
    return next(iter(list_sides(service, config.consuming_account, config.managing_account)), A_SIDE)


def find_side(configs: Iterable[Record], service: Record, side: str) -> Record | None:
    """The config that has the side, until nothing of it is left in the network."""
    holding = [each for each in configs if not each.meta.get("released") and side_of(each, service) == side]
    return next((each for each in holding if phase_of(each) not in ENDING), next(iter(holding), None))


def is_there(config: Record | None) -> bool:
    """Whether a side is taken by a config that is, or is to be, in use."""
    return config is not None and config.state in LIVE_STATES


def other_side(side: str) -> str:
    return B_SIDE if side == A_SIDE else A_SIDE


def side_owner(service: Record, side: str) -> str:
    """The account whose config a side waits for."""
    owner = service.consuming_account if side == A_SIDE else service.body["joining_member_account"]
    return str(owner)


def check_end(faults: Faults, side: str, offering: Body, connection: Record) -> None:
    """Whether the connection is where this side of the circuit ends, and has ports of the offering's speed."""
    if connection.body.get("metro_area_network") != offering[_DELIVERED[side]]:
        faults.add("connection", f"is in another metro area network than the {side.upper()}-side of the circuit")
    if not has_port_speed(connection, offering):
        faults.add(
            "connection", f"does not have ports of {offering['physical_port_speed']} Mbit/s, for which the offering is"
        )


def is_fulfilled(request: Mapping[str, Any], service: Record, a_side: Record | None) -> bool:
    """Whether the A-side has made the change that the B-side has asked for, on the service and on its own config."""
    if a_side is None or service.body["product_offering"] != request["product_offering"]:
        return False
    most = service.body.get("capacity")
    return (a_side.body.get("capacity") or most) == (request["capacity"] or most)
