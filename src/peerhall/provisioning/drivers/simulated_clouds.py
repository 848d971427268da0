"""Cloud providers that are only pretended: each with its rules for keys and bandwidths, in the simulator's time.

What the simulator has on a device is what the provider has built. Customers order circuits with `sell`, and bring the
key they get to the exchange.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from peerhall.exchange.ordering.cloud_keys import VENDORS, CustomersCircuit, is_well_formed, write_key
from peerhall.provisioning.driver import (
    PROVIDER_REF,
    Config,
    Device,
    Progress,
    RefusedFault,
    Step,
    TransientFault,
)
from peerhall.provisioning.drivers.simulator import Mishap, Simulator, Slow


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider takes orders for."""

    bandwidths: tuple[int, ...]
    """In Mbit/s."""
    reference: str
    """How it calls its circuits; `{}` is sixteen hexadecimal digits."""
    key: str
    """How it writes keys; with a `uuid`, a `region`, and sixteen `digits`."""


_SMALL: Final = (50, 100, 200, 300, 400, 500)
TERMS: Final[dict[str, Terms]] = {
    "aws": Terms((*_SMALL, 1000, 2000, 5000, 10000, 25000), "dxcon-{}", "{digits:.12}"),
    "azure": Terms((50, 100, 200, 500, 1000, 2000, 5000, 10000), "expressroute-{}", "{uuid}"),
    "google": Terms((*_SMALL, 1000, 2000, 5000, 10000, 20000, 50000), "interconnect-{}", "{uuid}/{region}/1"),
    "oracle": Terms(tuple(range(1000, 10001, 1000)), "fastconnect-{}", "ocid1.virtualcircuit.oc1.{region}.{uuid.hex}"),
    "alibaba": Terms((*_SMALL, 1000, 2000, 5000, 8000, 10000), "vbr-{}", "{digits}"),
}
"""By the names of `cloud_keys.VENDORS`; much like the real ones, and no more."""


class SimulatedCloud:
    """One pretended provider."""

    def __init__(self, name: str, simulator: Simulator) -> None:
        self.name = name
        self._terms = TERMS[name]
        self._simulator = simulator
        self._sold: dict[str, CustomersCircuit] = {}
        self._mishaps: deque[Mishap] = deque()
        self._silent = False
        self._lock = threading.Lock()

    def sell(self, circuit: CustomersCircuit) -> str:
        """A customer orders a circuit, and gets its key. Raises ValueError, which begins with what is wrong."""
        if circuit.bandwidth is not None:
            self._check_bandwidth(circuit.bandwidth)
        uuid = uuid4()
        key = self._terms.key.format(uuid=uuid, region=circuit.region or "any1", digits=_digits(uuid))
        if not is_well_formed(self.name, key):
            raise ValueError(f"region must go into a key: {VENDORS[self.name].expected}")
        with self._lock:
            self._sold[write_key(self.name, key)] = circuit
        return key

    def remember(self, circuits: Iterable[Config]) -> None:
        """Knows again the customers whose circuits, as they were put there, it has built."""
        for wanted in circuits:
            if wanted.get("workflow") == "provider_first":
                circuit = CustomersCircuit(wanted["region"], wanted["pop"], wanted["capacity_mbps"])
                with self._lock:
                    self._sold[write_key(self.name, wanted["cloud_key"])] = circuit

    def list_sold(self) -> dict[str, CustomersCircuit]:
        """What customers have ordered, by key."""
        with self._lock:
            return dict(self._sold)

    def look_up(self, key: str) -> CustomersCircuit | None:
        with self._lock:
            if self._silent:
                raise TransientFault(f"{self.name} does not answer")
            return self._sold.get(write_key(self.name, key))

    def observe(self, device: Device) -> Mapping[str, Config]:
        called = self._terms.reference.format(device.id.replace("-", "")[:16])
        return {
            key: {**config, PROVIDER_REF: called} if key.startswith("circuit/") else config
            for key, config in self._simulator.observe(device).items()
        }

    def apply(self, step: Step, generation: int) -> Progress:
        if step.action == "put" and not self._simulator.is_under_way(step):
            with self._lock:
                mishap = self._mishaps.popleft() if self._mishaps else None
            if isinstance(mishap, Slow):
                return self._simulator.apply(step, generation, delay=mishap.seconds)
            if mishap is not None:
                raise mishap
            if step.key.startswith("circuit/"):
                self._accept(step.config)
        return self._simulator.apply(step, generation)

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        self._simulator.retire(device, steps, generation)

    def fail_next(self, *mishaps: Mishap) -> None:
        """Has the next circuits, or handovers of them, fail like this, one after the other."""
        with self._lock:
            self._mishaps.extend(mishaps)

    def list_mishaps(self) -> list[Mishap]:
        """What the next will meet with, in their order."""
        with self._lock:
            return list(self._mishaps)

    def clear_mishaps(self) -> None:
        """Takes everything again."""
        with self._lock:
            self._mishaps.clear()

    def fall_silent(self, *, silent: bool = True) -> None:
        """Answers no more questions about keys, or does again."""
        self._silent = silent

    def _accept(self, wanted: Config) -> None:
        """Raises RefusedFault for a circuit that the provider would not build."""
        key = wanted["cloud_key"]
        if not is_well_formed(self.name, key):
            raise RefusedFault(f"{self.name}: {key!r} is no key of ours")
        if wanted["workflow"] == "provider_first":
            sold = self.list_sold().get(write_key(self.name, key))
            if sold is None:
                raise RefusedFault(f"{self.name}: no customer has ordered a circuit with the key {key}")
            if sold.bandwidth not in (None, wanted["capacity_mbps"]):
                raise RefusedFault(f"{self.name}: the customer has ordered {sold.bandwidth} Mbit/s")
            return
        try:
            self._check_bandwidth(wanted["capacity_mbps"])
        except ValueError as error:
            raise RefusedFault(f"{self.name}: {error}") from None

    def _check_bandwidth(self, bandwidth: int | None) -> None:
        if bandwidth not in self._terms.bandwidths:
            raise ValueError(f"bandwidth must be one of {', '.join(map(str, self._terms.bandwidths))} Mbit/s")


def simulate_clouds(simulator: Simulator) -> dict[str, SimulatedCloud]:
    """All providers we know of, pretended, in one simulator's time."""
    return {name: SimulatedCloud(name, simulator) for name in TERMS}


def _digits(uuid: UUID) -> str:
    return str(uuid.int)[:16].rjust(16, "1")
