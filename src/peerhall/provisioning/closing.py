"""What follows when a person closes a task: the step was done, or could not be; the ASN is theirs, or is not."""

from dataclasses import replace
from datetime import datetime

from peerhall.exchange.lifecycle import OURS, PROVIDERS, Network
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import intervention, settling
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.provisioning.drivers.manual import confirm
from peerhall.store import documents, tasks
from peerhall.store.database import SyncConnection
from peerhall.store.tasks import Task


class TaskNotOpen(Exception):
    """There is no such task, or it was closed before; the message says which."""


def close_as_done(
    connection: SyncConnection, number: int, by: str, note: str | None, now: datetime, provider_ref: str | None = None
) -> Task:
    """Takes a person's word that it is done; the reconciler goes on from there. Raises TaskNotOpen.

    `provider_ref` is what a cloud provider calls the circuit that was built there.
    """
    task = _close(connection, number, "done", by, note, now)
    order = _order(connection, by, now)
    if task.kind == "verify_asn":
        _accept_asn(order, task, by)
    elif task.request["step"] == "test":
        _change_network(order, task, tested=True)
    else:
        confirm(connection, task.request, now, provider_ref)
        order.reconcile_later(task.subject)
    order.hand_over()
    return task


def close_as_failed(connection: SyncConnection, number: int, by: str, note: str, now: datetime) -> Task:
    """Takes a person's word that it cannot be done: the order is stuck until somebody retries or refuses it.

    An ASN that is not theirs turns the order down at once. Raises TaskNotOpen.
    """
    task = _close(connection, number, "failed", by, note, now)
    order = _order(connection, by, now)
    if task.kind == "verify_asn":
        record = order.find("network-service-configs", task.document, CHANGE_LOCK)
        asn, account = task.request["asn"], task.request["account"]
        # What was changed since is not turned down for what it was.
        if record is not None and record.consuming_account == account and asn in record.body["asns"]:
            intervention.turn_down_asn(order, record, asn, f"AS{asn} could not be confirmed as yours. {note}".strip())
    elif task.request["step"] == "test":
        _change_network(order, task, findings=note)
    else:
        _change_network(order, task, fault="refused", reference=f"{task.ticket}: {note}")
    order.hand_over()
    return task


def _close(
    connection: SyncConnection, number: int, state: tasks.TaskState, by: str, note: str | None, now: datetime
) -> Task:
    task = tasks.find_task(connection, number, lock=True)
    if task is None:
        raise TaskNotOpen(f"There is no task T{number}. See: peerhall task list")
    if task.state != "open":
        raise TaskNotOpen(f"Task {task.ticket} was closed as {task.state} already.")
    tasks.close_task(connection, number, state, by, note, now)
    return task


def _accept_asn(order: Order, task: Task, by: str) -> None:
    """Accepts the ASN for the account, and closes all other questions about the same."""
    account, asn = task.request["account"], task.request["asn"]
    tasks.verify_asn(order.connection, account, asn, by, order.now)
    waiting = [task.document]
    for other in tasks.list_tasks(order.connection):
        if other.kind == "verify_asn" and other.request == task.request:
            tasks.close_task(order.connection, other.number, "done", by, f"See {task.ticket}.", order.now)
            waiting.append(other.document)
    order.settle_later(*documents.find_many(order.connection, waiting).values())


def _change_network(order: Order, task: Task, **news: object) -> None:
    record = documents.find_many(order.connection, [task.document], CHANGE_LOCK).get(task.document)
    if record is None:
        return
    # What is at a cloud provider has its service for a device.
    side = OURS if order.find("network-services", task.subject) is None else PROVIDERS
    learnt = replace(Network.of(record, side), **{"ticket": None, **news})  # type: ignore[arg-type]
    settling.settle(order, record, learnt, side)


def _order(connection: SyncConnection, by: str, now: datetime) -> Order:
    return Order(connection, Caller(by, None, frozenset()), now)
