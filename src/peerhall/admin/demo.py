"""`peerhall demo`: the sandbox."""

import ipaddress
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from peerhall.admin.options import WEBHOOK_KEYS
from peerhall.api.application import OAUTH2_PATH
from peerhall.api.runtime import BASE_PATH
from peerhall.daemon.listening import listen
from peerhall.daemon.logs import set_up_logging
from peerhall.daemon.running import serve_application
from peerhall.daemon.settings import LOG_LEVELS, Settings
from peerhall.demo.logins import LOGINS, MEMBER, tell_logins
from peerhall.sandbox.sandbox import CONNECTIONS, Sandbox
from peerhall.sandbox.seeded import Seeded
from peerhall.store.embedded import EmbeddedPostgres
from peerhall.store.sealing import ensure_keys

_SLOWEST = 0.001


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    metavar="INTEGER",
    help="Port to listen on; 0 takes any that is free.",
)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep everything here; else it is thrown away."
)
@click.option("--speed", default=1.0, show_default=True, help="How many times faster than real provisioning runs.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write URL and logins here once it answers; gone when it ends.",
)
@click.option(
    "--log-level", type=click.Choice(LOG_LEVELS), default="warning", show_default=True, help="The least that is logged."
)
def demo_command(
    host: str, port: int, data: Path | None, speed: float, ready_file: Path | None, log_level: str
) -> None:
    """Runs a fictional exchange with 60 members on this machine, to try things out on."""
    _refuse_others(host)
    # Until the server takes the signals over: what was prepared so far is cleared away. A shell that starts us in the
    # background has SIGINT ignored, which Python would leave at that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not speed >= _SLOWEST:  # so that NaN is refused as well
        raise click.BadParameter(f"must be {_SLOWEST} or more", param_hint="--speed")
    if ready_file is not None and not os.access(ready_file.parent, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{ready_file.parent} cannot be written to", param_hint="--ready-file")
    # A port that is taken is better told now than when all is prepared.
    listen(host, port).close()
    set_up_logging(log_level)
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    with _directory(data) as directory:
        server = EmbeddedPostgres(directory, durable=data is not None, connections=CONNECTIONS)
        click.echo("Starting PostgreSQL ...", err=True)
        dsn = server.start(exclusive=True)
        try:
            click.echo("Preparing the exchange ...", err=True)
            seeded = Seeded(dsn, directory)
            accounts = seeded.prepare()
            keys = str(ensure_keys(directory / WEBHOOK_KEYS))
            settings = Settings(database=dsn, host=host, port=port, log_level=log_level, webhook_keys=keys)
            serve_application(
                settings,
                Sandbox(settings, seeded, speed),
                lambda url: _announce(url, accounts, directory, data, ready_file),
            )
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)
            server.stop()


def _refuse_others(host: str) -> None:
    """Raises a usage error for an address that others could reach: everybody knows the demo's keys."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        raise click.BadParameter(f"{host!r} is not an address", param_hint="--host") from None
    if not all(ipaddress.ip_address(str(address)).is_loopback for address in found):
        raise click.BadParameter(
            f"{host} can be reached by others, and the demo's keys are published. Use 127.0.0.1, or peerhall serve for "
            "an exchange of your own.",
            param_hint="--host",
        )


@contextmanager
def _directory(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data
        return
    directory = Path(tempfile.mkdtemp(prefix="peerhall-demo-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _announce(url: str, accounts: dict[str, str], directory: Path, data: Path | None, ready_file: Path | None) -> None:
    origin = url.removesuffix(BASE_PATH)
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".partial")
        ready = {"url": url, "oauth2_token_url": origin + OAUTH2_PATH, "logins": tell_logins(accounts)}
        partial.write_text(json.dumps(ready, indent=2))
        os.replace(partial, ready_file)
    click.echo(f"\nA fictional exchange answers at {url}")
    click.echo(f"  documentation  {origin}/docs\n  OAuth2 tokens  {origin}{OAUTH2_PATH}")
    click.echo(f"  data           {directory}{'' if data else ' (thrown away at the end)'}\n")
    for each in LOGINS:
        click.echo(f"{each.name}: {each.what}\n  account     {accounts[each.name]}")
        click.echo(f"  api_key     {each.api_key}\n  api_secret  {each.api_secret}\n")
    click.echo(f"Try it (as the member):\n{_first_curl(url)}\n\nCtrl+C ends it.")


def _first_curl(url: str) -> str:
    body = json.dumps({"api_key": MEMBER.api_key, "api_secret": MEMBER.api_secret})
    take = "import json,sys; print(json.load(sys.stdin)['access_token'])"
    return (
        f"  token=$(curl -s {url}/auth/token -H 'Content-Type: application/json' \\\n    -d '{body}' \\\n"
        f'    | python3 -c "{take}")\n'
        f'  curl -s -H "Authorization: Bearer $token" {url}/network-service-configs'
    )
