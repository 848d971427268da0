"""`peerhall apply` and `peerhall import`: an exchange's own data comes in."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from peerhall.admin import import_texts, plan_texts
from peerhall.admin.options import database_options, json_option, open_dsn, operator, print_json
from peerhall.daemon.clock import wall_clock
from peerhall.intake.applying import apply_catalogue, read_exchange_file
from peerhall.intake.catalogue import Catalogue
from peerhall.intake.checks import advise
from peerhall.intake.ixf.export import Export
from peerhall.intake.ixf.importing import Imported, import_export
from peerhall.intake.ixf.reading import ExportUnreadable, read_export
from peerhall.intake.ixf.remarks import Remark, Remarks
from peerhall.intake.plan import Plan
from peerhall.intake.positions import MistakesFound
from peerhall.provisioning.adoption import adopt
from peerhall.store.database import OrderPool, SyncConnection

T = TypeVar("T")

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_YES = click.option("--yes", "-y", is_flag=True, help="Do it without asking.")


@click.command("apply")
@click.argument("file", type=_FILE)
@_YES
@json_option
@database_options
def apply_command(file: Path, yes: bool, as_json: bool, database: str | None, data: Path | None) -> None:
    """Makes the exchange what FILE, an exchange file in YAML, says it is.

    Shows what would change and asks before anything does. Applying the same file again changes nothing. What members
    ordered is never touched; what they use cannot be taken away.
    """
    try:
        catalogue = read_exchange_file(file)
        with open_dsn(database, data) as dsn:
            pool = OrderPool(dsn, 1)
            try:
                _apply(pool, catalogue, yes, as_json)
            finally:
                pool.close()
    except MistakesFound as found:
        _tell_mistakes(found, as_json)


def _apply(pool: OrderPool, catalogue: Catalogue, yes: bool, as_json: bool) -> None:
    def transaction(connection: SyncConnection) -> Plan:
        return apply_catalogue(connection, catalogue, operator(), wall_clock())

    plan = pool.run(lambda connection: _rehearse(connection, transaction))
    advice = list(advise(catalogue))
    if not as_json:
        plan_texts.write_plan(plan, catalogue)
        plan_texts.write_advice(advice)
    applied = not plan.is_empty and _agreed(yes, as_json)
    if applied:
        pool.run(lambda connection: _as_shown(transaction(connection), plan))
    if as_json:
        print_json({**plan_texts.describe_plan(plan, catalogue), "advice": advice, "applied": applied})
    elif applied:
        click.echo(f"Done: {catalogue.rules['name']} is as {catalogue.file} says.")
    if not applied and not plan.is_empty:
        _give_up(as_json)


@click.group("import")
def import_command() -> None:
    """Members and their connections from what other systems export."""


@import_command.command("ixf")
@click.argument("file", type=_FILE)
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would change.")
@click.option("--retire-missing", is_flag=True, help="Take out of use what the export no longer has.")
@_YES
@json_option
@database_options
def import_ixf(
    file: Path,
    only_plan: bool,
    retire_missing: bool,
    yes: bool,
    as_json: bool,
    database: str | None,
    data: Path | None,
) -> None:
    """Brings in the members in FILE, an IX-F member export (JSON, version 0.6, 0.7 or 1.0).

    They become accounts with connections, addresses and route-server sessions, all in production; nobody is asked to
    configure anything. Shows first what would change, and everything that was missing or odd. Importing the same export
    again changes nothing; what was ordered or changed here is never overwritten.
    """
    remarks = Remarks()
    try:
        export = read_export(file, remarks)
    except ExportUnreadable as error:
        raise click.ClickException(str(error)) from None
    _progress(f"Read {file.name}: IX-F {export.version} with {len(export.members)} members.")
    with open_dsn(database, data) as dsn:
        pool = OrderPool(dsn, 1)
        try:
            job = _Job(export, remarks.found, retire_missing, only_plan, yes, as_json)
            _import(pool, job)
        finally:
            pool.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be imported, and how."""

    export: Export
    remarks: list[Remark]
    retire_missing: bool
    only_plan: bool
    yes: bool
    as_json: bool


def _import(pool: OrderPool, job: _Job) -> None:
    def transaction(connection: SyncConnection) -> Imported:
        now = wall_clock()
        imported = import_export(
            connection, job.export, job.remarks, operator(), now, retire_missing=job.retire_missing
        )
        adopt(connection, imported.adopted, now)
        return imported

    _progress("Working out what changes …")
    imported = pool.run(lambda connection: _rehearse(connection, transaction))
    if not job.as_json:
        import_texts.write_import(imported, job.export, retiring=job.retire_missing)
    applied = not imported.is_empty and not job.only_plan and _agreed(job.yes, job.as_json)
    if applied:
        _progress("Importing …")
        pool.run(lambda connection: _as_shown(transaction(connection), imported))
    if job.as_json:
        print_json({**import_texts.describe_import(imported, job.export), "applied": applied})
    elif applied:
        click.echo("Done. Who may log in now: peerhall key create ACCOUNT")
    if not applied and not imported.is_empty and not job.only_plan:
        _give_up(job.as_json)


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _rehearse(connection: SyncConnection, transaction: Callable[[SyncConnection], T]) -> T:
    """What a transaction would come to; nothing of it is kept."""
    with connection.transaction(force_rollback=True):
        return transaction(connection)


def _as_shown(done: T, shown: T) -> T:
    """What was done, provided that it is what was shown; raised from inside the transaction, it undoes it."""
    if done != shown:
        raise click.ClickException("Something changed in the meantime; nothing was done. Run the command again.")
    return done


def _agreed(yes: bool, as_json: bool) -> bool:
    """Whether to go ahead; nobody there to ask means no."""
    if yes:
        return True
    try:
        return click.confirm("Go ahead?", err=as_json)
    except click.Abort:
        click.echo(err=as_json)
        return False


def _give_up(as_json: bool) -> NoReturn:
    if not as_json:
        click.echo("Nothing was done.")
    sys.exit(1)


def _tell_mistakes(found: MistakesFound, as_json: bool) -> NoReturn:
    if as_json:
        mistakes: list[dict[str, Any]] = [
            {"line": each.line or None, "path": each.path, "reason": each.reason} for each in found.mistakes
        ]
        print_json({"file": found.file, "mistakes": mistakes, "applied": False})
    else:
        for mistake in found.mistakes:
            click.echo(mistake.write(found.file), err=True)
        count = len(found.mistakes)
        click.echo(f"{count} mistake{'s' if count > 1 else ''}; nothing was done.", err=True)
    sys.exit(1)
