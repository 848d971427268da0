"""Whether what clients were told is what happened: nothing lost, double, or asked for by nobody; pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bench.orders.ledger import Sent


class Line(NamedTuple):
    """A line of the journal that an order left."""

    request: str
    outcome: str
    document: str | None


def find_faults(
    orders: Sequence[Sent], journal: Sequence[Line], documents: Mapping[str, str], removed: Collection[str] = ()
) -> list[str]:
    """Everything that is not as clients were told, a sentence each.

    `documents` are those of the kinds that clients order, with their kind, and `removed` those that they deleted.
    """
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in journal:
        lines[line.request].append(line)
    faults = []
    told: dict[str, str] = {}
    for order in orders:
        carried_out = [
            line for request in order.requests for line in lines.pop(request, []) if line.outcome == "accepted"
        ]
        faults += _compare(order, carried_out)
        if order.accepted and order.makes:
            if order.document in told:
                faults.append(f"{order.makes} {order.document} was the answer to two orders")
            told[order.document] = order.makes
    faults += [
        f"{kind} {document} was accepted and is not there (lost)"
        for document, kind in told.items()
        if documents.get(document) != kind and document not in removed
    ]
    faults += [
        f"{kind} {document} is there and nobody was told of it (double)"
        for document, kind in documents.items()
        if document not in told
    ]
    faults += [f"the journal has {request}, which nobody sent" for request in lines]
    return faults


def _compare(order: Sent, carried_out: Sequence[Line]) -> list[str]:
    """Whether an order was carried out as often as its client was told: once, or not at all."""
    which = f"{order.sort} {order.document} ({', '.join(order.requests)})"
    if not order.status:
        return [f"{which} was never answered"]
    if not order.accepted:
        return [f"{which} was refused and carried out all the same"] if carried_out else []
    if not carried_out:
        return [f"{which} was accepted and is not in the journal (lost)"]
    if len(carried_out) > 1:
        return [f"{which} was carried out {len(carried_out)} times (double)"]
    if carried_out[0].document != order.document:
        return [f"{which} is in the journal as {carried_out[0].document}"]
    return []
