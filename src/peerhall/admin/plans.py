"""`peerhall plan`: mass changes that wait for a person's word."""

from pathlib import Path

import click

from peerhall.admin.options import database_options, json_option, open_database, operator, print_json, print_table
from peerhall.contract.vocabulary import write_instant
from peerhall.daemon.clock import wall_clock
from peerhall.orderdesk.order import device_subject
from peerhall.store import documents, plans, work
from peerhall.store.journal import mask


@click.group("plan")
def plan_command() -> None:
    """Plans that would remove or change much at once; nothing of that is done before you approve."""


@plan_command.command("list")
@json_option
@database_options
def list_plans(as_json: bool, database: str | None, data: Path | None) -> None:
    """Lists the plans that wait."""
    with open_database(database, data) as connection:
        found = plans.list_plans(connection)
        devices = documents.find_many(connection, {each.device for each in found}).values()
        names = {each.id: each.body["name"] for each in devices if "name" in each.body}
    if as_json:
        print_json(
            [
                {
                    "plan": plan.number,
                    "device": plan.device,
                    "name": names.get(plan.device),
                    "steps": len(plan.steps),
                    "created_at": write_instant(plan.created_at),
                    "approved_by": plan.approved_by,
                }
                for plan in found
            ]
        )
        return
    rows = [
        (
            plan.number,
            names.get(plan.device, plan.device),
            sum(step["action"] == "remove" for step in plan.steps),
            sum(step["action"] == "change" for step in plan.steps),
            f"{plan.created_at:%Y-%m-%d %H:%M}",
            f"approved by {plan.approved_by}" if plan.approved_by else "waits",
        )
        for plan in found
    ]
    columns = ("plan", "device", "removes", "changes", "since", "")
    print_table(columns, rows, nothing="No plan waits for approval.")


@plan_command.command("show")
@click.argument("plan", type=int)
@json_option
@database_options
def show(plan: int, as_json: bool, database: str | None, data: Path | None) -> None:
    """Shows every step of PLAN."""
    with open_database(database, data) as connection:
        found = next((each for each in plans.list_plans(connection) if each.number == plan), None)
    if found is None:
        raise click.ClickException(f"There is no plan {plan} waiting. See: peerhall plan list")
    steps = mask(found.steps)
    if as_json:
        print_json({"plan": found.number, "device": found.device, "steps": steps})
        return
    for step in steps:
        click.echo(f"{step['action']} {step['key']}")
        before, after = step["before"] or {}, step["after"] or {}
        for name in before:
            if step["action"] == "remove":
                click.echo(f"    {name}: {before[name]}")
            elif before[name] != after.get(name):
                click.echo(f"    {name}: {before[name]} -> {after.get(name)}")


@plan_command.command("approve")
@click.argument("plan", type=int)
@database_options
def approve(plan: int, database: str | None, data: Path | None) -> None:
    """Lets exactly PLAN go ahead, however long its steps take; with any step more, it waits again."""
    now = wall_clock()
    with open_database(database, data) as connection:
        with connection.transaction():
            device = plans.approve(connection, plan, operator(), now)
            if device is not None:
                work.queue(connection, [device_subject(device)], now)
        if device is None:
            raise click.ClickException(f"There is no plan {plan} waiting. See: peerhall plan list")
        work.notify(connection)
    click.echo(f"Plan {plan} is approved.")
