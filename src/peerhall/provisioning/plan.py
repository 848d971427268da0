"""From what is wanted and what is there to the steps between: pure, repeatable, nothing left to decide."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_json

from peerhall.provisioning.driver import PROVIDER_REF, Config, Device, Step

_ORDER: Final = {"remove": 0, "put": 1, "test": 2}
_CIRCUIT: Final = "circuit/"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is to be on a device, and for whose order."""

    key: str
    document: str
    config: Config
    test: bool = False
    """Whether it is to be tested once it is there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for one device, in order: make room, then build, then test."""

    device: Device
    steps: tuple[Step, ...]
    in_place: frozenset[str]
    """Keys of what is as it should be."""

    @property
    def disruptive(self) -> tuple[Step, ...]:
        """The steps that remove or change what is there."""
        return tuple(step for step in self.steps if step.action != "test" and step.before is not None)

    @property
    def digest(self) -> str:
        """Tells this plan's disruptive steps apart from any others."""
        return digest([describe(step) for step in self.disruptive])


def plan_steps(
    device: Device, wanted: Sequence[Wanted], observed: Mapping[str, Config], held: Collection[str] = ()
) -> Plan:
    """What has to be done on a device. `held` are documents whose steps failed for good and wait for somebody."""
    by_key = {each.key: each for each in wanted}
    in_place = frozenset(each.key for each in wanted if observed.get(each.key) == each.config)
    steps = [
        Step("remove", device, key, _document(key), config, config)
        for key, config in observed.items()
        if key not in by_key
    ]
    steps += [
        Step("put", device, each.key, each.document, each.config, observed.get(each.key))
        for each in wanted
        if each.key not in in_place
    ]
    steps += [
        Step("test", device, each.key, each.document, each.config, each.config)
        for each in wanted
        if each.test and each.key in in_place
    ]
    ready = (step for step in steps if step.document not in held)
    return Plan(device, tuple(sorted(ready, key=_place)), in_place)


def take_names(seen: Mapping[str, Config]) -> tuple[dict[str, Config], dict[str, str]]:
    """What is on a device without, and beside it, what the other side calls it; both by key."""
    called = {key: str(ref) for key, config in seen.items() if (ref := config.get(PROVIDER_REF)) is not None}
    return {key: {n: v for n, v in config.items() if n != PROVIDER_REF} for key, config in seen.items()}, called


def is_mass_change(plan: Plan, observed: int, most: int, percent: int) -> bool:
    """Whether a plan removes or changes more than `most` objects, and more than `percent` of those on the device."""
    return len(plan.disruptive) > max(most, observed * percent // 100)


def describe(step: Step) -> dict[str, Any]:
    """A step as it is kept and shown."""
    return {
        "action": "remove" if step.action == "remove" else "change" if step.before is not None else "add",
        "key": step.key,
        "document": step.document,
        "before": step.before,
        "after": None if step.action == "remove" else step.config,
    }


def step_name(step: Step) -> str:
    """What tells a step apart from others on its device, and from the same one with another configuration."""
    return f"{step.action}:{step.key}:{digest(step.config)[:12]}"


def digest(value: Any) -> str:
    """The same for the same JSON, whatever the order of its members."""
    return hashlib.sha256(to_json(_sorted(value))).hexdigest()


def _place(step: Step) -> tuple[int, bool, str]:
    """Where a step comes: a circuit is there before what is handed over of it, and goes after it."""
    last = step.key.startswith(_CIRCUIT) if step.action == "remove" else not step.key.startswith(_CIRCUIT)
    return _ORDER[step.action], last, step.key


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    return value


def _document(key: str) -> str:
    return key.partition("/")[2]
