"""ASNs: shown on the account that uses them, and believed only once the operator has looked them up."""

from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, phase_of, with_change
from peerhall.exchange.records import Record
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import accounts, tasks


def show(order: Order, account: str) -> None:
    """Has an account show the ASNs of its live service and feature configs."""
    record = order.get("accounts", account, CHANGE_LOCK)
    seen = accounts.list_asns(order.connection, account, LIVE_STATES)
    if seen != record.body.get("asns"):
        order.save(record.with_body(asns=seen))


def list_unverified(order: Order, config: Record) -> list[int]:
    """The ASNs of a config that wait for the operator's word.

    Of one in production, only those new to it, unless it was handed on to an account that they are new to.
    """
    unknown = list_unknown(order, config)
    if phase_of(config) in IN_PRODUCTION and not was_handed_on(config):
        unknown -= set(list_earlier(config))
    return sorted(unknown)


def list_unknown(order: Order, config: Record) -> set[int]:
    """The ASNs of a config that nobody has accepted for its account."""
    named = set(config.body.get("asns") or ())
    if order.rules.accept_all_asns or not named:
        return set()
    return named - tasks.verified_asns(order.connection, str(config.consuming_account))


def list_earlier(config: Record) -> list[int]:
    """The ASNs that a config in production had before what is pending now."""
    earlier: list[int] = config.meta.get("changing", {}).get("asns", [config.body.get("asns")])[0] or []
    return earlier


def was_handed_on(config: Record) -> bool:
    """Whether a config in production waits for its ASNs to be accepted for another account."""
    former = config.meta.get("former_owners")
    return former is not None and former["consuming_account"] != config.consuming_account


def remember(order: Order, config: Record) -> list[int] | None:
    """The ASNs that a config in production, which is about to leave, waits for; None where there are none."""
    return (list_unverified(order, config) or None) if phase_of(config) in IN_PRODUCTION else None


def go_on_waiting(config: Record) -> Record:
    """A config that stays after all, with its ASNs as little believed as when it was cancelled."""
    waiting = config.meta.get("waiting_asns")
    if waiting is None:
        return config
    before = config.with_body(asns=[asn for asn in config.body["asns"] if asn not in waiting])
    members = ["consuming_account"] if was_handed_on(config) else ["asns"]
    return with_change(before, config.with_meta(waiting_asns=None), members)


def ask_for(order: Order, config: Record) -> None:
    """Opens a task for the operator for each ASN that waits for its word."""
    account = order.get("accounts", str(config.consuming_account))
    for asn in list_unverified(order, config):
        tasks.open_task(
            order.connection,
            "verify_asn",
            account.id,
            f"asn/{asn}/{config.id}",
            config.id,
            f"Check that AS{asn} belongs to {account.body['name']}",
            f"{account.body['name']} orders peering for AS{asn}, which it has not used here before. Look the ASN up in "
            "the registry. If it is theirs, close this task as done; if not, as failed, which turns the order down.",
            {"asn": asn, "account": account.id},
            order.now,
        )
