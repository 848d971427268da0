"""Connections: which bundles and cross-connects can be ordered."""

from collections.abc import Sequence
from typing import Any, Final

from peerhall.exchange.allocation import PortGroup
from peerhall.exchange.catalogue import check_same_terms
from peerhall.exchange.records import Body
from peerhall.exchange.refusals import Faults

_SAME: Final = (
    ("physical_port_speed", "port speed"),
    ("handover_metro_area_network", "metro area network"),
    ("cross_connect_initiator", "cross_connect_initiator"),
)


def check_bundle(faults: Faults, body: Body) -> None:
    """Whether mode, timeout and quantity go together."""
    if body["mode"] == "standalone" and body["port_quantity"] > 1:
        faults.add("mode", "standalone is a single port; bundle several with lag_lacp or lag_static")
    if body.get("lacp_timeout") is not None and body["mode"] != "lag_lacp":
        faults.add("lacp_timeout", "only goes with the mode lag_lacp")


def fill_in_timeout(before: Body, after: Body) -> Body:
    """The members of a new or changed connection: with a timeout where LACP begins, without it where LACP ends.

    A client that only names the mode need not know of the timeout.
    """
    same_timeout = after.get("lacp_timeout") == before.get("lacp_timeout")
    if after["mode"] == before.get("mode") and same_timeout:
        return after
    if after["mode"] == "lag_lacp":
        return {**after, "lacp_timeout": after.get("lacp_timeout") or "slow"}
    return {**after, "lacp_timeout": None} if before and same_timeout else after


def check_quantity(faults: Faults, quantity: int, offering: dict[str, Any]) -> None:
    """Whether that many ports can be had together with this offering."""
    most = offering.get("maximum_port_quantity")
    if quantity < 1:
        faults.add("port_quantity", "must be at least 1")
    elif most is not None and quantity > most:
        faults.add("port_quantity", f"must be at most {most} with this offering")


def check_bundling(faults: Faults, quantity: int, groups: Sequence[PortGroup]) -> None:
    """Whether any of the devices bundles that many ports; where there are none of the speed, there is another fault."""
    if groups and not any(group.bundles(quantity) for group in groups):
        most = max(group.max_lag or 0 for group in groups)
        faults.add("port_quantity", f"must be at most {most}; no device there bundles more ports of this speed")


def check_demarcs(faults: Faults, body: Body, offering: dict[str, Any]) -> None:
    """Whether the subscriber's ends are told where the exchange has to connect to them."""
    demarcs = body.get("subscriber_side_demarcs") or []
    if offering.get("cross_connect_initiator") == "exchange" and not demarcs:
        faults.add("subscriber_side_demarcs", "is required: the exchange orders the cross-connect to where you say")
    if len(demarcs) > max(body["port_quantity"], 1):
        faults.add("subscriber_side_demarcs", f"names more ends than the {body['port_quantity']} ports ordered")


def check_demarc(faults: Faults, demarc: str | None, offering: dict[str, Any]) -> None:
    """Whether the subscriber's end of one further port is told where the exchange has to connect to it."""
    if offering.get("cross_connect_initiator") == "exchange" and not demarc:
        faults.add("subscriber_side_demarc", "is required: the exchange orders the cross-connect to where you say")


def check_further_port(faults: Faults, mode: str, quantity: int, offering: dict[str, Any], device: Body) -> None:
    """Whether a connection that has `quantity` ports can get one more there."""
    if mode == "standalone":
        faults.add("connection", "is standalone, a single port; change its mode to lag_lacp or lag_static first")
    limits = [
        each.get("max_lag") for each in device["capabilities"] if each["speed"] == offering.get("physical_port_speed")
    ]
    most = min((each for each in (*limits, offering.get("maximum_port_quantity")) if each), default=None)
    if most is not None and quantity >= most:
        faults.add("connection", f"has {quantity} ports; {most} are the most with this offering and on this device")


def check_other_offering(faults: Faults, connection: Body, current: dict[str, Any], wished: dict[str, Any]) -> None:
    """Whether a connection can move to another offering without being rebuilt."""
    for member, what in _SAME:
        if current.get(member) != wished.get(member):
            faults.add("product_offering", f"has another {what}; order a new connection instead")
    if wished.get("handover_pop") not in (None, connection["pop"]):
        faults.add("product_offering", "is for another PoP; order a new connection instead")
    check_same_terms(faults, current, wished)


def allocation_limit(speed: int | None, percent: int | None) -> int | None:
    """How much of a connection's speed (Mbit/s) its configs may take together; None without a limit."""
    return None if percent is None or speed is None else speed * percent // 100


def name_connection(pop: str, speed: int, document: str) -> str:
    """What people call a connection: where, how fast (Mbit/s), and something of its own."""
    label = f"{speed // 1000}g" if speed >= 1000 and speed % 1000 == 0 else f"{speed}m"
    place = "".join(character if character.isalnum() else "-" for character in pop.lower()).strip("-")
    return f"{place[:40]}-{label}-{document[:8]}"
