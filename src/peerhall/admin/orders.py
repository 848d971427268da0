"""`peerhall order`: what members have ordered, and what is in its way."""

from pathlib import Path
from typing import Any

import click

from peerhall.admin.options import database_options, json_option, open_database, operator, print_json, print_table
from peerhall.contract.vocabulary import write_instant
from peerhall.daemon.clock import wall_clock
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Refused
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import intervention
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.store import accounts, documents, journal, tasks, work
from peerhall.store.database import SyncConnection

_UNFINISHED = (
    "requested",
    "allocated",
    "testing",
    "operator",
    "error",
    "scheduled",
    "production_change_pending",
    "decommission_requested",
)


@click.group("order")
def order_command() -> None:
    """Orders: connections, network service configs, network feature configs."""


@order_command.command("list")
@click.option("--all", "everything", is_flag=True, help="Finished and ended ones too.")
@json_option
@database_options
def list_orders(everything: bool, as_json: bool, database: str | None, data: Path | None) -> None:
    """Lists the orders that are not finished, or stuck while in production, with what they wait for."""
    with open_database(database, data) as connection:
        states = None if everything else (*_UNFINISHED, "production")
        kept = (each for kind in intervention.ORDERED_KINDS for each in documents.find_all(connection, kind, states))
        found = [each for each in kept if intervention.is_order(each) and (everything or _is_waiting(each))]
        names = {each.id: each.body["name"] for each in accounts.list_accounts(connection)}
    found.sort(key=lambda each: each.serial)
    if as_json:
        print_json([_describe(each, names) for each in found])
        return
    rows = [
        (each.id, each.kind, names.get(each.consuming_account or ""), each.state, "; ".join(_reasons(each)))
        for each in found
    ]
    columns = ("order", "kind", "account", "state", "because")
    print_table(columns, rows, nothing="Nothing is waiting." if not everything else "There are no orders.")


@order_command.command("show")
@click.argument("order")
@json_option
@database_options
def show(order: str, as_json: bool, database: str | None, data: Path | None) -> None:
    """Shows ORDER: where it is, what is in its way, and all that happened to it."""
    with open_database(database, data) as connection:
        record = _get_order(connection, order)
        names = {each.id: each.body["name"] for each in accounts.list_accounts(connection)}
        entries = journal.read_document_journal(connection, record.id)
        open_tasks = tasks.list_tasks(connection, documents=[record.id, *record.body.get("ports", ())])
    if as_json:
        shown = {"document": journal.mask(record.body), "tasks": [task.ticket for task in open_tasks]}
        print_json({**shown, "journal": [_write_entry(entry) for entry in entries]})
        return
    click.echo(f"{record.id}  {record.kind} of {names.get(record.consuming_account or '')}: {record.state}")
    for status in record.body.get("status") or ():
        click.echo(f"  [{status['tag']}] {status['message']}")
    for task in open_tasks:
        click.echo(f"  {task.ticket}  {task.title}")
    click.echo("\nWhat happened:")
    for entry in entries:
        what = entry.operation if entry.outcome != "advanced" else f"{entry.detail['from']} -> {entry.detail['to']}"
        refused = f", refused: {entry.detail.get('detail')}" if entry.outcome == "refused" else ""
        click.echo(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor}  {what}{refused}")


@order_command.command("retry")
@click.argument("order")
@database_options
def retry(order: str, database: str | None, data: Path | None) -> None:
    """Has ORDER, which is stuck, tried again."""
    with open_database(database, data) as connection:
        with connection.transaction():
            desk = _open_desk(connection)
            record = _get_order(connection, order, lock=True)
            intervention.retry(desk, record)
            _finish(desk, "order_retry", record.id, {})
        work.notify(connection)
    click.echo(f"{record.id} is tried again.")


@order_command.command("refuse")
@click.argument("order")
@click.option("--reason", prompt="Reason", help="Why; the member reads it.")
@database_options
def refuse(order: str, reason: str, database: str | None, data: Path | None) -> None:
    """Turns ORDER down, which is not in production yet."""
    with open_database(database, data) as connection:
        try:
            with connection.transaction():
                desk = _open_desk(connection)
                record = _get_order(connection, order, lock=True)
                intervention.refuse(desk, record, reason)
                _finish(desk, "order_refuse", record.id, {"reason": reason})
        except Refused as refused:
            raise click.ClickException(refused.refusal.detail) from refused
        work.notify(connection)
    click.echo(f"{record.id} is refused; the member reads: {reason}")


def _get_order(connection: SyncConnection, order: str, *, lock: bool = False) -> Record:
    record = intervention.find_order(connection, order, CHANGE_LOCK if lock else "")
    if record is None:
        raise click.ClickException(f"There is no order {order}. See: peerhall order list")
    return record


def _open_desk(connection: SyncConnection) -> Order:
    return Order(connection, Caller(operator(), None, frozenset()), wall_clock())


def _finish(desk: Order, operation: str, document: str, detail: dict[str, Any]) -> None:
    desk.hand_over()
    journal.append(
        desk.connection,
        journal.Entry(desk.now, operator(), None, operation, "accepted", None, document, detail),
    )


def _is_waiting(record: Record) -> bool:
    """Whether it is unfinished, or in production and the network did not take it when it was put there again."""
    stuck = any(entry["tag"] == "provisioning_failed" for entry in record.body.get("status") or ())
    return record.state in _UNFINISHED or stuck


def _reasons(record: Record) -> list[str]:
    return [entry["message"] for entry in record.body.get("status") or () if entry["severity"] <= 5]


def _describe(record: Record, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "account": record.consuming_account,
        "account_name": names.get(record.consuming_account or ""),
        "state": record.state,
        "status": record.body.get("status"),
    }


def _write_entry(entry: journal.Entry) -> dict[str, Any]:
    return {
        "at": write_instant(entry.at),
        "actor": entry.actor,
        "operation": entry.operation,
        "outcome": entry.outcome,
        "detail": entry.detail,
        "request": entry.request,
    }
