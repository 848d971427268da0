"""Cloud providers: who is asked about a customer's key, and who has the other end of each circuit into a cloud.

An exchange can bring its own: a package with an entry point in the group `peerhall.cloud_providers`, called like the
provider is in the exchange file (`cloud_provider`), naming a function that takes a DriverContext and returns a
CloudProvider. What there is no such package for is left to people.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import entry_points
from threading import BoundedSemaphore
from typing import Any, Final, Protocol

from peerhall.exchange.ordering.cloud_keys import VENDORS, CustomersCircuit, Finding, NoCircuit, is_well_formed
from peerhall.provisioning.driver import Config, Device, Driver, DriverContext, DriverFault, Progress, Step

ENTRY_POINTS: Final = "peerhall.cloud_providers"

LOOK_UP_SECONDS: Final = 5.0
"""How long somebody who orders waits for a provider."""
_AT_ONCE: Final = 8
"""How many wait for providers at a time; a provider that hangs must not take all threads that orders run in."""


class CloudProvider(Driver, Protocol):
    """A driver whose devices are circuits of one provider, one each.

    On a device there is one `circuit/<id>`, and an `attachment/<id>` for each of its handovers that is in use. To put
    there is to build or change, to remove is to take down, and what is observed is how it stands. An observed circuit
    has the provider's own name for it as `provider_ref`.
    """

    def look_up(self, key: str) -> CustomersCircuit | None:
        """What a customer has ordered under a key of the right form; None when the provider knows no such key.

        Raises DriverFault. Called while somebody waits, from several threads, and never in a transaction.
        """


class Clouds:
    """All cloud providers there is a plug-in for, by name."""

    def __init__(self, providers: Mapping[str, CloudProvider] | None = None) -> None:
        self.providers = dict(providers or {})
        self._threads = ThreadPoolExecutor(_AT_ONCE, "clouds")
        self._free = BoundedSemaphore(_AT_ONCE)

    def find(self, provider: str, key: str) -> Finding:
        """What a provider says about a key, within a few seconds; it is not asked about what cannot be one of its."""
        if not is_well_formed(provider, key):
            return NoCircuit.UNKNOWN
        if provider not in self.providers:
            return NoCircuit.UNASKED
        if not self._free.acquire(blocking=False):
            return NoCircuit.UNANSWERED
        asked: Future[CustomersCircuit | None] = self._threads.submit(self.providers[provider].look_up, key)
        asked.add_done_callback(lambda _: self._free.release())
        try:
            return asked.result(LOOK_UP_SECONDS) or NoCircuit.UNKNOWN
        except (DriverFault, TimeoutError):
            asked.cancel()
            return NoCircuit.UNANSWERED

    def find_everywhere(self, key: str) -> dict[str, Finding]:
        """What each provider says that could have given the key."""
        names = [name for name in {**VENDORS, **self.providers} if is_well_formed(name, key)]
        return {name: self.find(name, key) for name in names}


class BothEnds:
    """The network with what is at cloud providers: a driver that leaves each device to the one who has it."""

    def __init__(self, network: Driver, clouds: Clouds, by_hand: Driver) -> None:
        """`by_hand` has the circuits of providers there is no plug-in for."""
        self._network = network
        self._clouds = clouds
        self._by_hand = by_hand

    def observe(self, device: Device) -> Mapping[str, Config]:
        return self._driver_of(device).observe(device)

    def apply(self, step: Step, generation: int) -> Progress:
        return self._driver_of(step.device).apply(step, generation)

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        self._driver_of(device).retire(device, steps, generation)

    def _driver_of(self, device: Device) -> Driver:
        if device.provider is None:
            return self._network
        return self._clouds.providers.get(device.provider, self._by_hand)


def list_installed() -> list[str]:
    """The providers that packages bring, by name."""
    return sorted(point.name for point in entry_points(group=ENTRY_POINTS))


def load_clouds(context: DriverContext, options: Mapping[str, Any]) -> Clouds:
    """All providers that packages bring; `options` has a table for each that needs one."""
    found: dict[str, CloudProvider] = {}
    for point in entry_points(group=ENTRY_POINTS):
        own = DriverContext(context.pool, context.clock, options.get(point.name, {}))
        found[point.name] = point.load()(own)
    return Clouds(found)
