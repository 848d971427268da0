"""`peerhall serve` and `peerhall provision`: production."""

import threading
from dataclasses import replace
from pathlib import Path

import click

from peerhall.admin.options import WEBHOOK_KEYS, database_options, load_settings, open_dsn, settings_option
from peerhall.daemon.logs import set_up_logging
from peerhall.daemon.running import provision, run_until_signalled, serve
from peerhall.daemon.settings import Settings
from peerhall.store.sealing import ensure_keys


@click.command("serve")
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8000).")
@click.option("--workers", type=int, help="Processes that answer requests (default 1).")
@settings_option
@database_options
def serve_command(
    host: str | None,
    port: int | None,
    workers: int | None,
    settings_file: Path | None,
    database: str | None,
    data: Path | None,
) -> None:
    """Serves the API. With --data it provisions as well; with --database that is `peerhall provision`'s work."""
    with open_dsn(database or _read_dsn(settings_file, data), data, exclusive=True) as dsn:
        settings = _with_keys(load_settings(settings_file, dsn, host=host, port=port, workers=workers), data)
        set_up_logging(settings.log_level)
        serve(settings, provisioning=data is not None)


@click.command("provision")
@settings_option
@database_options
def provision_command(settings_file: Path | None, database: str | None, data: Path | None) -> None:
    """Brings the network into line with what was ordered, for ever. Several may run at once."""
    with open_dsn(database or _read_dsn(settings_file, data), data, exclusive=True) as dsn:
        settings = _with_keys(load_settings(settings_file, dsn), data)
        set_up_logging(settings.log_level)
        stop = threading.Event()
        run_until_signalled(stop, lambda: provision(settings, stop))


def _with_keys(settings: Settings, data: Path | None) -> Settings:
    """With keys of its own beside an embedded database, unless the settings name others."""
    if data is None or settings.webhook_keys:
        return settings
    return replace(settings, webhook_keys=str(ensure_keys(data / WEBHOOK_KEYS)))


def _read_dsn(settings_file: Path | None, data: Path | None) -> str | None:
    """The database that the settings file names, for a command line that names none."""
    return None if settings_file is None or data else Settings.load(settings_file).database or None
