"""The page on all commands in docs/reference, written from their help."""

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Final

import click

from peerhall.admin.command import peerhall

PATH: Final = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"

_INTRODUCTION: Final = """\
# Commands

What `peerhall` can do; the same as `peerhall COMMAND --help`. Written by `make format`: change the help, not this page.

Where everything is kept is said by `--database DSN` (`PEERHALL_DATABASE`), for a PostgreSQL that `peerhall migrate` has
prepared, or by `--data DIR` (`PEERHALL_DATA`), for an embedded one that is made when needed. A command that fails says
what to do next on standard error and ends with 1; one that was called wrongly ends with 2.
"""
_SHARED: Final = frozenset({"database", "data", "settings_file", "as_json"})
"""Options that are the same wherever there are databases to choose from, and told once."""


def render() -> str:
    """The page as it has to be."""
    context = click.Context(peerhall, info_name="peerhall")
    sections = [_describe(command, each) for command, each in _list_commands(peerhall, context)]
    return "\n".join([_INTRODUCTION, *sections])


def _list_commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _list_commands(command, below)
        else:
            yield command, below


def _describe(command: click.Command, context: click.Context) -> str:
    arguments = [each.make_metavar(context) for each in command.params if isinstance(each, click.Argument)]
    lines = [f"## `{' '.join([context.command_path.split('[')[0].strip(), *arguments])}`", ""]
    lines += [cleandoc(command.help or ""), ""]
    options = [each for each in command.params if isinstance(each, click.Option)]
    shared = _SHARED if any(each.name == "database" for each in options) else frozenset()
    rows = [_row(each, context) for each in options if each.name not in shared]
    if rows:
        lines += ["| option | |", "| --- | --- |", *rows, ""]
    also = [f"`{max(each.opts, key=len)}`" for each in options if each.name in shared]
    if also:
        lines += [f"Also: {', '.join(also)}.", ""]
    return "\n".join(lines)


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None
    names, text = (column.replace("|", "\\|") for column in record)
    return f"| `{names}` | {text} |"
