"""ASNs: shown on the account that uses them, and believed only once the operator has looked them up."""

from peerhall.exchange.lifecycle import IN_PRODUCTION, LIVE_STATES, phase_of
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
    """The ASNs of a config that wait for the operator's word; of one in production, only those new to it."""
    asked = set(config.body.get("asns") or ())
    if order.rules.accept_all_asns or not asked:
        return []
    if phase_of(config) in IN_PRODUCTION:
        asked -= set(config.meta.get("changing", {}).get("asns", [asked])[0])
    return sorted(asked - tasks.verified_asns(order.connection, str(config.consuming_account)))


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
