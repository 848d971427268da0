"""`peerhall task`: what people at the exchange are asked to do."""

from pathlib import Path
from typing import Any

import click

from peerhall.admin.options import database_options, json_option, open_database, operator, print_json, print_table
from peerhall.contract.vocabulary import write_instant
from peerhall.daemon.clock import wall_clock
from peerhall.orderdesk import intervention
from peerhall.provisioning.closing import close_as_done, close_as_failed
from peerhall.store import tasks, work
from peerhall.store.database import SyncConnection
from peerhall.store.journal import mask


class TaskNumber(click.ParamType[int]):
    """`T12` or `12`."""

    name = "task"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).upper().removeprefix("T")
        if not text.isdecimal():
            self.fail(f"{value!r} is not a task; they are called T1, T2 and so on", param, ctx)
        return int(text)


@click.group("task")
def task_command() -> None:
    """Tasks for people: steps of the manual driver, and questions only the exchange can answer."""


@task_command.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@json_option
@database_options
def list_tasks(everything: bool, as_json: bool, database: str | None, data: Path | None) -> None:
    """Lists open tasks, the oldest first."""
    states: tuple[tasks.TaskState, ...] = ("open", "done", "failed", "void") if everything else ("open",)
    with open_database(database, data) as connection:
        found = tasks.list_tasks(connection, states)
        orders = {task.document: _find_order(connection, task) for task in found} if as_json else {}
    if as_json:
        print_json([_describe(task, orders[task.document]) for task in found])
        return
    rows = [(task.ticket, f"{task.opened_at:%Y-%m-%d %H:%M}", task.state, task.title) for task in found]
    print_table(("task", "since", "state", "what"), rows, nothing="There is nothing to do.")


@task_command.command("show")
@click.argument("task", type=TaskNumber())
@json_option
@database_options
def show(task: int, as_json: bool, database: str | None, data: Path | None) -> None:
    """Shows what TASK asks for."""
    with open_database(database, data) as connection:
        found = tasks.find_task(connection, task)
        order = None if found is None else _find_order(connection, found)
    if found is None:
        raise click.ClickException(f"There is no task T{task}. See: peerhall task list")
    if as_json:
        print_json(_describe(found, order))
        return
    click.echo(f"{found.ticket}  {found.title}   [{found.state}]\n")
    click.echo(found.instructions)
    click.echo(f"\nFor the order {order or found.document}, opened {found.opened_at:%Y-%m-%d %H:%M} UTC.")
    if found.closed_at:
        click.echo(f"Closed by {found.closed_by} on {found.closed_at:%Y-%m-%d %H:%M} UTC. {found.note or ''}".rstrip())


@task_command.command("done")
@click.argument("task", type=TaskNumber())
@click.option("--note", help="Anything worth remembering.")
@click.option("--provider-ref", help="What the cloud provider calls the circuit that was built there.")
@database_options
def done(task: int, note: str | None, provider_ref: str | None, database: str | None, data: Path | None) -> None:
    """Closes TASK: it was done, or the answer is yes."""
    with open_database(database, data) as connection:
        with connection.transaction():
            closed = close_as_done(connection, task, operator(), note, wall_clock(), provider_ref)
        work.notify(connection)
    click.echo(f"{closed.ticket} is done: {closed.title}.")


@task_command.command("fail")
@click.argument("task", type=TaskNumber())
@click.option("--note", prompt="Why", help="Why; the member may read it.")
@database_options
def fail(task: int, note: str, database: str | None, data: Path | None) -> None:
    """Closes TASK: it cannot be done, or the answer is no."""
    with open_database(database, data) as connection:
        with connection.transaction():
            closed = close_as_failed(connection, task, operator(), note, wall_clock())
        order = _find_order(connection, closed)
        work.notify(connection)
    click.echo(f"{closed.ticket} has failed: {closed.title}.")
    if closed.kind == "step" and order is not None:
        click.echo(f"The order waits. Try again with: peerhall order retry {order}")


def _find_order(connection: SyncConnection, task: tasks.Task) -> str | None:
    """The order that a task is about; its document may be a port of it. None once a port is free again."""
    record = intervention.find_order(connection, task.document)
    return record.id if record is not None else None


def _describe(task: tasks.Task, order: str | None) -> dict[str, Any]:
    return {
        "task": task.ticket,
        "kind": task.kind,
        "state": task.state,
        "title": task.title,
        "instructions": task.instructions,
        "order": order,
        "document": task.document,
        "request": mask(task.request),
        "opened_at": write_instant(task.opened_at),
        "closed_at": task.closed_at and write_instant(task.closed_at),
        "closed_by": task.closed_by,
        "note": task.note,
    }
