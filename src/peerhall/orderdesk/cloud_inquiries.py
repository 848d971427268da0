"""What a cloud provider has to be asked before an order can be decided.

It is asked before the order's transaction begins, as nobody knows how long it takes to answer, and what it said goes
into the order (`Order.finding`). What it says may be outdated by then; the provider itself has the last word when the
circuit is built.
"""

from collections.abc import Callable
from typing import Any

from peerhall.contract.operations import Operation
from peerhall.exchange.ordering.cloud_keys import Finding, NoCircuit, provider_of
from peerhall.exchange.ordering.clouds import is_provider_first
from peerhall.orderdesk.changes import read_body, read_changes
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.ordered_services.clouds import OF_CIRCUIT

AskProvider = Callable[[str, str], Finding]
"""Asks a cloud provider, by its name, about a key; answers within seconds."""


def ask_nobody(_: str, __: str) -> Finding:
    """Where there are no providers to ask."""
    return NoCircuit.UNASKED


def may_ask(operation: Operation, body: Any) -> bool:
    """Whether an order could turn on what a provider says, without looking any closer."""
    orders_service = operation.path in ("/network-services", "/network-services/{id}") and isinstance(body, dict)
    return orders_service and ("cloud_key" in body if operation.method == "POST" else bool(body.keys() & OF_CIRCUIT))


def find_question(order: Order, operation: Operation, document: str, body: Any) -> tuple[str, str] | None:
    """The provider and the key it is to be asked about; None where the order does not turn on it.

    Refuses what the schema refuses.
    """
    if operation.method == "POST":
        whole = read_body(operation, body)
        if whole["type"] != "cloud_vc":
            return None
    else:
        current = order.find_seen("network-services", document)
        if current is None or current.type != "cloud_vc":
            return None
        changes = read_changes(operation, current, body)
        if not changes.keys() & OF_CIRCUIT:
            return None
        whole = {**current.body, **changes}
    offering = order.find("product-offerings", whole["product_offering"])
    if offering is None or not is_provider_first(offering.body):
        return None
    return provider_of(offering), whole["cloud_key"]
