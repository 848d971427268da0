"""How much may be on order at a time: no member is to take, by orders alone, the ports and addresses of all others."""

from typing import Final

from peerhall.exchange.lifecycle import LIVE_STATES, USABLE_STATES
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_unable
from peerhall.orderdesk.order import Order
from peerhall.store import accounts

COUNTED: Final = {
    "connections": "port-reservations",
    "network-feature-configs": "network-feature-configs",
    "network-service-configs": "network-service-configs",
    "network-services": "network-services",
    "port-reservations": "port-reservations",
    "routing-functions": "routing-functions",
}
"""What is counted of an order of each kind; of connections their ports."""

_OPEN: Final = LIVE_STATES - USABLE_STATES


def refuse_too_many(order: Order, record: Record) -> None:
    """Refuses an order, just placed, that is one too many for the member and all accounts below it; the operator's not.

    Orders placed in the same moment do not see each other, so a few more may come in.
    """
    # Asked in this order, as the rules have to be read and most of what is created is none of theirs.
    if record.kind not in COUNTED or order.caller.operator or (limit := order.rules.open_orders_limit) is None:
        return
    counted = COUNTED[record.kind]
    if accounts.count_in_tree(order.connection, str(record.managing_account), counted, _OPEN, limit + 1) > limit:
        refuse_unable(
            f"This would be more than {limit} {counted} on order, the most that a member and the accounts below it may "
            "have before they are in production. Wait until some are, cancel what is not needed, or ask the exchange."
        )
