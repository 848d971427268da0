"""What the catalogue says about an order: whether an offering exists, fits, and can be ordered now."""

from datetime import datetime
from typing import Any, Final

from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.contract_terms import ContractTerms
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

LONG_GONE: Final = "1970-01-01T00:00:00Z"
"""The end of ordering of offerings that were never for sale: made up for what members had before."""


def check_offering(
    faults: Faults, offering: Record | None, type_: str, resource_type: str, now: datetime
) -> Record | None:
    """The offering, when it exists, is of this type, creates this resource, and can be ordered at this moment."""
    member = "product_offering"
    if offering is None:
        faults.add(member, "there is no such product offering")
        return None
    if offering.type != type_ or offering.body.get("resource_type", resource_type) != resource_type:
        faults.add(member, f"is an offering of type {offering.type}; one of type {type_} is needed")
        return None
    at = write_instant(now)
    opens, closes = offering.body.get("orderable_not_before"), offering.body.get("orderable_not_after")
    if opens and at < opens:
        faults.add(member, f"cannot be ordered before {opens}")
    if closes and at > closes:
        faults.add(member, "cannot be ordered" if closes == LONG_GONE else f"can no longer be ordered since {closes}")
    return offering


def has_contract_terms(offering: dict[str, Any]) -> bool:
    """Whether leaving the product takes more than saying so."""
    return any(
        offering.get(name)
        for name in (
            "contract_initial_period",
            "contract_initial_notice_period",
            "contract_renewal_period",
            "contract_renewal_notice_period",
        )
    )


def check_same_terms(faults: Faults, current: dict[str, Any], wished: dict[str, Any]) -> None:
    """Whether what was ordered under one offering can go on under another: nobody leaves a contract by changing it."""
    if ContractTerms.of(current) != ContractTerms.of(wished):
        faults.add("product_offering", "has other contract terms; order anew under them, and cancel this order")


def check_capacity(faults: Faults, capacity: int | None, offering: dict[str, Any]) -> None:
    """Whether a capacity in Mbit/s lies within the offering's bandwidths; null is as much as there may be."""
    if capacity is None:
        return
    least, most = offering.get("bandwidth_min"), offering.get("bandwidth_max")
    if least is not None and capacity < least:
        faults.add("capacity", f"must be at least {least} Mbit/s with this offering")
    if most is not None and capacity > most:
        faults.add("capacity", f"must be at most {most} Mbit/s with this offering")


def check_move(faults: Faults, before: int | None, after: int | None, offering: dict[str, Any]) -> None:
    """Whether what is in production may move to another capacity in Mbit/s; null is as much as there may be."""
    if before == after:
        return
    raised = after is None or (before is not None and after > before)
    if raised and not offering.get("upgrade_allowed", True):
        faults.add("capacity", "cannot be raised with this offering; order a new one instead")
    if not raised and not offering.get("downgrade_allowed", True):
        faults.add("capacity", "cannot be lowered with this offering; order a new one instead")
