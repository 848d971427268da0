"""Routing functions: what can be ordered, and how fast the configs on them may be."""

from collections.abc import Sequence
from typing import Final

from peerhall.exchange.catalogue import check_same_terms
from peerhall.exchange.lifecycle import LIVE_STATES, USABLE_STATES
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults

NETWORK_MEMBERS: Final = ("asn", "product_offering", "capacity")
"""Members whose change has to reach the network."""


def check_function(faults: Faults, function: Record | None, *, taken_up: bool, in_use: bool = False) -> None:
    """Whether the routing function is there for the caller, and takes configs that were not on it before.

    A config that is `in_use` cannot wait for it.
    """
    if function is None:
        faults.add("routing_function", "there is no such routing function")
    elif taken_up and function.state not in LIVE_STATES:
        faults.add("routing_function", f"is {function.state} and takes no new configs")
    elif taken_up and in_use and function.state not in USABLE_STATES:
        reason = f"is {function.state}; what is in use can move there once that is in production"
        faults.add("routing_function", reason)


def check_share(faults: Faults, capacity: int | None, function: Body, member: str = "capacity") -> None:
    """Whether a config's capacity in Mbit/s is within its routing function's; null is as much as there may be.

    `member` is where the capacity comes from.
    """
    most = function.get("capacity")
    if capacity is not None and most is not None and capacity > most:
        reason = "is" if member == "capacity" else f"{capacity} Mbit/s are"
        faults.add(member, f"{reason} more than the {most} Mbit/s of the routing function")


def check_bound(faults: Faults, capacity: int | None, configs: Sequence[Record]) -> None:
    """Whether a routing function's capacity in Mbit/s is still enough for each config on it."""
    for config in configs:
        needed = config.body.get("capacity")
        if capacity is not None and needed is not None and needed > capacity:
            faults.add("capacity", f"is less than the {needed} Mbit/s of the network service config {config.id}")
            return


def check_place(faults: Faults, offering: Body, function_offering: Body) -> None:
    """Whether what an offering gives access to can be reached from where the routing function is."""
    here = function_offering.get("handover_metro_area_network")
    if here not in (offering.get("handover_metro_area_network"), offering.get("service_metro_area_network")):
        faults.add("product_offering", "is handed over in another metro area network than the routing function's")


def check_other_offering(faults: Faults, current: Body, wished: Body) -> None:
    """Whether a routing function can move to another offering without being rebuilt elsewhere."""
    if current.get("handover_metro_area_network") != wished.get("handover_metro_area_network"):
        faults.add("product_offering", "is in another metro area network; order a new routing function instead")
    check_same_terms(faults, current, wished)


def name_router(function: str) -> str:
    """What a routing function is called on its device."""
    return f"rf-{function.replace('-', '')[:16]}"
