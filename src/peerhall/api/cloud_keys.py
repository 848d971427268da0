"""The filter `cloud_key`: providers are asked what the key stands for, and the database finds what fits that."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from peerhall.api.problems import try_again
from peerhall.api.runtime import Runtime
from peerhall.exchange.ordering.cloud_keys import OTHER, VENDORS, CustomersCircuit, Finding, NoCircuit, is_well_formed

FILTER = "cloud_key"


async def look_up(runtime: Runtime, filters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The filters with what is known of the key in its place. Raises Problem when a provider does not answer."""
    if FILTER not in filters:
        return filters
    key = filters[FILTER]
    return {**filters, FILTER: describe(key, await runtime.threads.run(runtime.ask_providers, key))}


def describe(key: str, findings: Mapping[str, Finding]) -> str:
    """What was found, as the database wants it. A provider that was not asked may have any circuit."""
    if NoCircuit.UNANSWERED in findings.values():
        raise try_again("The cloud provider did not answer when asked about cloud_key; please try again.", 5)
    circuits = [
        {"provider": name, "region": found.region, "pop": found.pop, "bandwidth": found.bandwidth}
        for name, found in findings.items()
        if isinstance(found, CustomersCircuit)
    ]
    unasked = [name for name, found in findings.items() if found is NoCircuit.UNASKED]
    circuits += [{"provider": name} for name in unasked]
    known = sorted({*VENDORS, *findings})
    return to_json({"known": known, "others": is_well_formed(OTHER, key), "circuits": circuits}).decode()
