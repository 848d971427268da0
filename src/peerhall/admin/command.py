"""The command line: a module for each group of commands, loaded when it is used."""

import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from peerhall import __version__

_MODULES: Final = {
    "account": "accounts",
    "apply": "intake",
    "backup": "backups",
    "demo": "demo",
    "import": "intake",
    "ip": "ips",
    "journal": "journal",
    "key": "keys",
    "migrate": "database",
    "order": "orders",
    "plan": "plans",
    "provision": "serving",
    "restore": "backups",
    "serve": "serving",
    "signing-key": "keys",
    "task": "tasks",
    "webhook-key": "webhook_keys",
}
"""Which module of this package has which command."""

EXPECTED: Final = frozenset(
    {
        "psycopg.OperationalError",
        "psycopg.errors.InsufficientPrivilege",
        "peerhall.daemon.listening.ListenError",
        "peerhall.daemon.settings.SettingsError",
        "peerhall.demo.seed.NotADemoError",
        "peerhall.provisioning.closing.TaskNotOpen",
        "peerhall.provisioning.driver.DriverOptionError",
        "peerhall.provisioning.driver.UnknownDriverError",
        "peerhall.store.accounts.AccountNotFound",
        "peerhall.store.backup.BackupError",
        "peerhall.store.database.DatabaseUnavailable",
        "peerhall.store.embedded.EmbeddedError",
        "peerhall.store.schema.SchemaError",
        "peerhall.store.sealing.SealingError",
        "peerhall.store.settings.NoExchangeError",
    }
)
"""What can go wrong without a mistake in the code; the message says what to do. By name, as few commands load all."""


class Commands(click.Group):
    """Finds commands in their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"peerhall.admin.{_MODULES[cmd_name]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="peerhall")
def peerhall() -> None:
    """Runs an Internet exchange's IX-API: the sandbox, the server, and the operator's daily work."""


def main(arguments: list[str] | None = None) -> Any:
    """Entry point. Failures are one sentence on standard error that says what to do, and an exit code of 1."""
    try:
        return peerhall.main(args=arguments, prog_name="peerhall", standalone_mode=True)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if EXPECTED.isdisjoint(f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__):
            raise
        click.echo(f"peerhall: {error}", err=True)
        sys.exit(1)
