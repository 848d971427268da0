"""What a look at a device, and the steps taken there, mean for the orders that are part of it; pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from peerhall.exchange.lifecycle import WANTED_IN_NETWORK, Network, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.provisioning.desired import key_of
from peerhall.provisioning.driver import DriverFault, Step, Waiting


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step: it was done, unless one of these says otherwise."""

    waiting: Waiting | None = None
    fault: DriverFault | None = None
    findings: str | None = None

    @property
    def done(self) -> bool:
        return self.waiting is None and self.fault is None and self.findings is None

    def applied_to(self, network: Network) -> Network:
        """What is known after a step that is not done."""
        return replace(
            network,
            ticket=self.waiting.ticket if self.waiting else None,
            fault=self.fault.kind if self.fault else None,
            reference=self.fault.reference if self.fault else None,
            findings=self.findings,
        )


def report(
    order: Record,
    known: Network,
    in_place: Collection[str],
    observed: Collection[str],
    steps: Iterable[tuple[Step, Outcome]],
) -> Network:
    """What is now known of an order's part in the network."""
    key = key_of(order)
    steps = list(steps)
    wanted = phase_of(order) in WANTED_IN_NETWORK
    put = next((outcome for step, outcome in steps if step.action == "put"), None)
    removed = any(step.action == "remove" and outcome.done for step, outcome in steps)
    tested = known.tested or any(step.action == "test" and outcome.done for step, outcome in steps)
    configured = wanted and (key in in_place or (put is not None and put.done))
    in_order = configured and phase_of(order) is not Phase.TESTING if wanted else key not in observed
    failed_for_good = known.fault in ("refused", "broken") and not steps and not in_order
    network = Network(
        present=(key in observed and not removed) or configured or (put is not None) or (wanted and known.present),
        configured=configured,
        tested=tested and configured,
        fault=known.fault if failed_for_good else None,
        reference=known.reference if failed_for_good else None,
    )
    for _, outcome in steps:
        if not outcome.done:
            network = outcome.applied_to(network)
    return network
