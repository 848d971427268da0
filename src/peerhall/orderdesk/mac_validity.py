"""MAC addresses come and go by themselves: let through from their first moment on, out of their configs at the last."""

from datetime import datetime

from peerhall.exchange.lifecycle import Phase, phase_of
from peerhall.exchange.ordering.macs import has_expired, next_moment
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import PROVISIONING
from peerhall.orderdesk import config_macs, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import journal

_OVER = (Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED)


def watch(order: Order, mac: Record) -> None:
    """Has the reconciler call `pass_time` when the address becomes valid, and when it expires."""
    moment = next_moment(mac.body, order.now)
    order.settle_at(mac, None if moment is None else datetime.fromisoformat(moment))


def pass_time(order: Order, mac: Record) -> None:
    """Lets the network know what time has done to an address; an expired one leaves its configs with a warning."""
    expired = has_expired(mac.body, order.now)
    for config in order.users(mac.id, "macs", "network-service-configs", CHANGE_LOCK):
        if phase_of(config) in _OVER:
            continue
        if expired:
            _take_out(order, mac, config)
        order.reconcile_later(*settling.devices_of(order, config))
        order.settle_later(config)
    watch(order, mac)


def _take_out(order: Order, mac: Record, config: Record) -> None:
    expired = {"mac": mac.id, "address": mac.body["address"], "valid_not_after": mac.body["valid_not_after"]}
    dropped = config_macs.drop(order, config, mac)
    order.save(dropped.with_meta(expired_macs=[*config.meta.get("expired_macs", ()), expired]))
    journal.append(
        order.connection,
        journal.Entry(
            at=order.now,
            actor=PROVISIONING,
            account=config.managing_account,
            operation="expire",
            outcome="advanced",
            kind=config.kind,
            document=config.id,
            detail=expired,
        ),
    )
