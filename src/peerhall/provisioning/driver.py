"""What a driver is: it looks at a device, and takes one step at a time towards what is wanted.

An exchange can bring its own: a package with an entry point in the group `peerhall.drivers`, naming a function that
takes a DriverContext and returns a Driver.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any, Final, Literal, Protocol

from peerhall.store.database import OrderPool

ENTRY_POINTS: Final = "peerhall.drivers"

PROVIDER_REF: Final = "provider_ref"

Config = dict[str, Any]
Action = Literal["put", "remove", "test"]


@dataclass(frozen=True, slots=True)
class Device:
    """Something with a configuration: a switch, a route server, or a circuit at a cloud provider."""

    id: str
    name: str
    provider: str | None = None
    """Of the circuit into a cloud, whose other end is at the provider of this name; None for the exchange's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done on a device; repeating it does no harm."""

    action: Action
    device: Device
    key: str
    """What of the device: `port/<id>`, `router/<id>`, `attachment/<id>`, `session/<id>` or `circuit/<id>`."""
    document: str
    """Whose order it is; empty for what nobody ordered."""
    config: Config
    """How it is to be; for a removal, how it was."""
    before: Config | None
    """How it was; None for something new."""


@dataclass(frozen=True, slots=True)
class Done:
    """The step has had its effect."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step is under way: look again at `until`, or when told to; a person may have it as a ticket."""

    until: datetime | None = None
    ticket: str | None = None


Progress = Done | Waiting


class DriverFault(Exception):
    """A step, or a look at a device, that failed. `reference` is where the exchange finds more."""

    kind: str = "broken"

    def __init__(self, message: str, reference: str = "") -> None:
        super().__init__(message)
        self.reference = reference or message


class TransientFault(DriverFault):
    """The device did not answer, or is busy: the same step may succeed later. Nothing is known, nothing is empty."""

    kind = "transient"


class RefusedFault(DriverFault):
    """The device does not take this configuration; the order, or the device, has to change."""

    kind = "refused"


class BrokenFault(DriverFault):
    """The driver itself is at fault."""


class TestFailed(Exception):
    """A test found something that the member has to mend; the step is to be tried again later."""

    __test__ = False


class StaleGeneration(Exception):
    """Somebody else has been at work on the device since; this worker must stop."""


class Driver(Protocol):
    """The network, as the reconciler knows it. Called from one thread per device at a time, never in a transaction."""

    def observe(self, device: Device) -> Mapping[str, Config]:
        """What is on the device now, by key. Raises DriverFault when that cannot be told.

        A circuit at a cloud provider may have a `provider_ref` beside: what it is called there, which nobody asked for.
        """

    def apply(self, step: Step, generation: int) -> Progress:
        """Takes a step. Raises DriverFault, TestFailed or, for a generation below one seen before, StaleGeneration."""

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        """Drops whatever is still under way on the device but is none of these steps (see `plan.step_name`)."""


@dataclass(frozen=True, slots=True)
class DriverContext:
    """What a driver is made with."""

    pool: OrderPool
    clock: Callable[[], datetime]
    options: Mapping[str, Any] = field(default_factory=dict)
    """The driver's own settings."""

    def check_options(self, *known: str) -> None:
        """Raises DriverOptionError for an option that is none of these: a mistyped one must not go unnoticed."""
        for name in self.options.keys() - set(known):
            raise DriverOptionError(f"driver_options: this driver knows no option {name!r}, but {', '.join(known)}.")


DriverFactory = Callable[[DriverContext], Driver]


class UnknownDriverError(Exception):
    """No driver of that name is installed; the message lists those that are."""


class DriverOptionError(Exception):
    """An option that the driver cannot use; the message names it."""


def load_driver(name: str, context: DriverContext) -> Driver:
    """Makes the driver that is installed under this name. Raises UnknownDriverError or DriverOptionError."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise UnknownDriverError(f"There is no driver {name!r}. Installed are: {', '.join(sorted(found))}.")
    factory: DriverFactory = found[name].load()
    return factory(context)
