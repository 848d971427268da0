"""Which VLANs of a connection a config ordered now could have."""

from typing import Any

from peerhall.exchange.allocation import list_free_ranges
from peerhall.exchange.lifecycle import LIVE_STATES
from peerhall.exchange.refusals import refuse_unable, refuse_unknown
from peerhall.orderdesk.order import Order
from peerhall.store import claims


def list_free(order: Order, document: str, outer: int | None) -> dict[str, Any]:
    """Ranges of free outer tags, or of free inner tags under an outer one.

    For those who see the connection in full. Tags that others gave back lately are not free, those that the consuming
    account gave back are. Refuses a connection that takes no new configs.
    """
    record = order.find_usable("connections", [document]).get(document)
    if record is None:
        refuse_unknown()
    if record.state not in LIVE_STATES:
        refuse_unable(f"It is {record.state} and takes no new configs.")
    assert record.serial is not None
    account = record.consuming_account or ""
    held, cooling = claims.list_outer_tags(order.connection, record.serial, account, order.now, "")
    ranges = [{"first": first, "last": last} for first, last in list_free_ranges(held, cooling, outer)]
    if outer is None:
        return {"connection": document, "outer_vlans": ranges}
    return {"connection": document, "outer_vlan": outer, "inner_vlans": ranges}
