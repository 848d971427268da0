"""The capacity of configs that have no offering of their own: it follows what becomes of their service."""

from peerhall.exchange.lifecycle import LIVE_STATES, with_change, with_outdated
from peerhall.exchange.ordering.network_services import fit_capacity
from peerhall.exchange.records import Record
from peerhall.orderdesk import attachments
from peerhall.orderdesk.order import CHANGE_LOCK, Order


def follow_offering(order: Order, service: Record, offering: Record) -> None:
    """Moves the configs on a service into the bandwidths of the offering it now has."""
    for config in order.users(service.id, "network_service", "network-service-configs", CHANGE_LOCK):
        asked = config.meta.get("cut", {"asked": config.body.get("capacity")})["asked"]
        follow(order, config, fit_capacity(asked, offering.body), service)


def follow(order: Order, config: Record, capacity: int | None, service: Record) -> None:
    """Gives a locked config this capacity (Mbit/s), or as much of it as its connection has left.

    Also a null that stays one now means another to the network. `service` is as it will be.
    """
    if config.state not in LIVE_STATES or config.body.get("product_offering") is not None:
        return
    changed = attachments.fit(order, config, config.with_body(capacity=capacity), service)
    changed = with_change(config, with_outdated(changed), ["capacity"])
    order.save(changed)
    attachments.account_for(order, changed)
    order.settle_later(changed)
