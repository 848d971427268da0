"""The network in people's hands: each step becomes a task with a ticket, or goes to a hook script first.

What is on a device is what people said they put there; it is kept in the database. A task that is done changes it, and
the reconciler goes on from there. A hook that succeeds (exit 0) does a step at once, one that says it is too busy (exit
75) is asked again later, and whatever it cannot do becomes a task, with what the hook said.
"""

import json
import shlex
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from peerhall.provisioning.driver import (
    PROVIDER_REF,
    Config,
    Device,
    Done,
    Driver,
    DriverContext,
    DriverOptionError,
    Progress,
    StaleGeneration,
    Step,
    TransientFault,
    Waiting,
)
from peerhall.provisioning.plan import describe, step_name
from peerhall.provisioning.tickets import write_instructions, write_title
from peerhall.store import network_objects, tasks
from peerhall.store.database import OrderPool, SyncConnection

HOOK_SECONDS: Final = 120
_TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h."""


class Manual:
    """See the module."""

    def __init__(self, context: DriverContext) -> None:
        self._pool: OrderPool = context.pool
        self._clock = context.clock
        self._hook = _read_hook(context.options.get("hook", ""))

    def observe(self, device: Device) -> Mapping[str, Config]:
        return self._pool.run(lambda connection: network_objects.list_objects(connection, device.id))

    def apply(self, step: Step, generation: int) -> Progress:
        self._pool.run(lambda connection: _refuse_stale(connection, step.device, generation))
        said = self._call_hook(step) if self._hook else None
        if said == "":
            self._pool.run(lambda connection: confirm(connection, request_of(step), self._clock()))
            return Done()
        task = self._pool.run(lambda connection: self._open(connection, step, said))
        return Waiting(ticket=task.ticket)

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        def void(connection: SyncConnection) -> None:
            _refuse_stale(connection, device, generation)
            tasks.void_tasks(connection, device.id, steps, self._clock())

        self._pool.run(void)

    def _open(self, connection: SyncConnection, step: Step, said: str | None) -> tasks.Task:
        instructions = write_instructions(step) + (f"\n\nThe hook script said:\n{said}" if said else "")
        return tasks.open_task(
            connection,
            "step",
            step.device.id,
            step_name(step),
            step.document,
            write_title(step),
            instructions,
            request_of(step),
            self._clock(),
        )

    def _call_hook(self, step: Step) -> str | None:
        """An empty string when the hook did the step, otherwise what it said; None when a task is open already."""
        key = step_name(step)
        if self._pool.run(lambda connection: tasks.find_open(connection, step.device.id, key)) is not None:
            return None
        try:
            done = subprocess.run(
                self._hook,
                input=json.dumps(
                    {**request_of(step), "device_name": step.device.name, "cloud_provider": step.device.provider}
                ),
                capture_output=True,
                text=True,
                timeout=HOOK_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{self._hook[0]} could not be run: {error}"
        if done.returncode == _TRY_AGAIN:
            raise TransientFault("the hook script asks to be called again later", (done.stderr or "").strip()[:500])
        if done.returncode == 0:
            return ""
        return (done.stderr or done.stdout or f"exit code {done.returncode}").strip()[:2000]


def request_of(step: Step) -> dict[str, Any]:
    """A step as a task keeps it and a hook gets it."""
    return {"device": step.device.id, **describe(step), "step": step.action}


def confirm(
    connection: SyncConnection, request: Mapping[str, Any], now: datetime, provider_ref: str | None = None
) -> None:
    """Writes down that a step was done. A test leaves no trace on the device."""
    match request["step"]:
        case "put":
            named = {} if provider_ref is None else {PROVIDER_REF: provider_ref}
            network_objects.put(connection, request["device"], request["key"], {**request["after"], **named}, now)
        case "remove":
            network_objects.remove(connection, request["device"], request["key"])


def _read_hook(hook: object) -> list[str]:
    """The words of the hook's command line, none without a hook."""
    try:
        words = shlex.split(hook) if isinstance(hook, str) else None
    except ValueError:
        words = None
    if words is None:
        raise DriverOptionError(f"driver_options: hook must be a command line, not {hook!r}.")
    return words


def _refuse_stale(connection: SyncConnection, device: Device, generation: int) -> None:
    """Only who holds the device may change it; whoever took it over may have finished meanwhile, and let go of it."""
    row = connection.execute("select generation from lease where subject = %s", (f"device:{device.id}",)).fetchone()
    if row is None or row[0] != generation:
        raise StaleGeneration


def create(context: DriverContext) -> Driver:
    """Makes the manual driver; its option `hook` is the command line of a script."""
    context.check_options("hook")
    return Manual(context)
