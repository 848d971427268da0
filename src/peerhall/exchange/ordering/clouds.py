"""Clouds (cloud_vc): the circuit at the provider, and the configs that hand it over."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from peerhall.contract.validation import blank
from peerhall.exchange.catalogue import check_capacity
from peerhall.exchange.claims import CLOUD_KEY, HANDOVER, Claim
from peerhall.exchange.lifecycle import USABLE_STATES
from peerhall.exchange.ordering.attachments import has_port_speed
from peerhall.exchange.ordering.cloud_keys import CustomersCircuit, Finding, NoCircuit, provider_of, write_key
from peerhall.exchange.ordering.layer3 import check_bgp_values
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults, refuse_member, refuse_unable
from peerhall.exchange.statuses import Note, redundancy_incomplete

_LARGEST_TAG: Final = 4094
_BESIDE_BGP: Final = frozenset({"vlan", "peering_type"})
UNMATCHED: Final = "unmatched"
"""Stands for all provider VLANs that no config names."""


def is_provider_first(offering: Body) -> bool:
    """Whether the customer orders the circuit at the provider and brings its key."""
    return offering.get("service_provider_workflow") == "provider_first"


def check_circuit(faults: Faults, body: Body, offering: Body, found: Finding | None) -> None:
    """Whether the circuit that the customer has at the provider is what is ordered here; provider-first only.

    `found` is what the provider said about the key. Refuses when it did not answer.
    """
    if found is NoCircuit.UNANSWERED:
        refuse_unable("The cloud provider did not answer when asked about cloud_key; please try again later.")
    if found is NoCircuit.UNKNOWN:
        faults.add("cloud_key", "the provider knows no circuit with this key; order it there first")
    if not isinstance(found, CustomersCircuit):
        return
    places = ((found.region, "service_provider_region", "region"), (found.pop, "service_provider_pop", "PoP"))
    for there, member, what in places:
        if there is not None and there != offering.get(member):
            reason = f"is for {offering.get(member)}; the circuit of this cloud_key is in the provider's {what} {there}"
            faults.add("product_offering", reason)
    if found.bandwidth is None:
        return
    unfit = Faults()
    check_capacity(unfit, found.bandwidth, offering)
    if unfit.found:
        reason = f"has no {found.bandwidth} Mbit/s, the bandwidth of the circuit of this cloud_key"
        faults.add("product_offering", reason)
    if body.get("capacity") not in (None, found.bandwidth):
        reason = f"must be {found.bandwidth} Mbit/s, the bandwidth of the circuit at the provider, or be left out"
        faults.add("capacity", reason)


def fill_in_capacity(capacity: int | None, found: Finding | None) -> int | None:
    """A capacity in Mbit/s left out is that of the customer's circuit, where it has one."""
    return found.bandwidth if capacity is None and isinstance(found, CustomersCircuit) else capacity


def key_claim(body: Body, offering: Record) -> Claim | None:
    """What keeps two services from having the same circuit of a customer; an account may have many circuits."""
    if not is_provider_first(offering.body):
        return None
    provider = provider_of(offering)
    return Claim(CLOUD_KEY, provider, write_key(provider, body["cloud_key"]))


def handover_claim(config: Body, service: str) -> Claim:
    """The provider VLAN of a handover that a config takes; without a number, all those that no other one names."""
    vlan = (config.get("cloud_config") or {}).get("vlan")
    return Claim(HANDOVER, service, f"{config['handover']}/{UNMATCHED if vlan is None else vlan}")


def keep_in_step(members: Body, before: Body | None = None, *, replaced: bool = False) -> Body:
    """`cloud_vlan` and `cloud_config.vlan` are one thing: the members as sent, with what is given of one in the other.

    `before` is the config as it was; it stays in what is not sent unless it is `replaced`. Of two different values the
    one that has changed counts; where both have, the order is refused. The old name's 0 stands for null.
    """
    config = members.get("cloud_config")
    if not members.keys() & {"cloud_vlan", "cloud_config"} or not isinstance(config, dict | None):
        return members
    old, new = members.get("cloud_vlan"), (config or {}).get("vlan")
    if type(old) is int and old == 0:
        old = None
    if "cloud_vlan" not in members:
        vlan = new
    elif "cloud_config" not in members:
        vlan = old
    else:
        vlan = _choose(old, new, before)
    if "cloud_config" not in members and before is not None and not replaced:
        config = before.get("cloud_config")
    if config is not None or vlan is not None:
        config = {**(config or blank("CloudConfig")), "vlan": vlan}
    return {**members, "cloud_config": config, "cloud_vlan": vlan if old is not None or _is_tag(vlan) else None}


def _choose(old: Any, new: Any, before: Body | None) -> Any:
    """What both names stand for, of what was sent under the old and the new one."""
    if before is not None and before.get("cloud_vlan") in (old, new):
        return new if old == before["cloud_vlan"] else old
    if old is not None and new not in (None, old):
        refuse_member("cloud_vlan", f"is {old}, but cloud_config.vlan, its new name, is {new}; give one of them")
    return old if new is None else new


def check_cloud_config(faults: Faults, body: Body, offering: Body) -> None:
    """Whether a config says of the provider's side what the offering demands, and nothing that it does not know.

    On a routing function, what is demanded may stand in `l3_config` as well.
    """
    given = {name: value for name, value in (body.get("cloud_config") or {}).items() if value is not None}
    multi = offering.get("provider_vlans") == "multi"
    types = offering.get("nsc_supported_cloud_config_peering_types")
    required = set(offering.get("nsc_required_cloud_config_fields") or ())
    supported = offering.get("nsc_supported_cloud_config_fields")
    if "vlan" in given and not multi:
        # Whichever of its names the client knows.
        for name in ("cloud_vlan", "cloud_config.vlan"):
            faults.add(name, "must be null or left out, as the provider has a single VLAN with this offering")
    elif "vlan" in given and not _is_tag(given["vlan"]):
        faults.add("cloud_config.vlan", f"must be from 1 to {_LARGEST_TAG}, or null for all VLANs that have no config")
    if "peering_type" in given and given["peering_type"] not in (types or ()):
        known = f"must be one of {', '.join(types)}" if types else "is not supported by the offering"
        faults.add("cloud_config.peering_type", known)
    if supported is not None:
        for name in sorted(given.keys() - set(supported) - required - _BESIDE_BGP):
            faults.add(f"cloud_config.{name}", "is not supported by the offering")
    for name in sorted(required - complete(body, {}).keys() - _known(body)):
        if name != "vlan" or multi:
            faults.add(f"cloud_config.{name}", "is required by the offering")
    check_bgp_values(faults, given, "cloud_config")


def complete(body: Body, function: Body) -> Body:
    """What is known of the provider's side: what was given, else what follows from layer 3 of a routing function."""
    whole: Body = {"local_asn": function["asn"]} if "asn" in function else {}
    for config in (body.get("l3_config") if body.get("routing_function") else None, body.get("cloud_config")):
        whole |= {name: value for name, value in (config or {}).items() if value is not None}
    return whole


def check_handover(faults: Faults, handover: int, diversity: int) -> None:
    """Whether the circuit has so many handovers between exchange and provider."""
    if handover > diversity:
        most = "must be 1, as the circuit has one handover" if diversity == 1 else f"must be from 1 to {diversity}"
        faults.add("handover", most)


def check_end(faults: Faults, service: Body, offering: Body, connection: Record) -> None:
    """Whether the connection is where the cloud is handed over, and wide enough for it."""
    if connection.body.get("metro_area_network") != offering.get("handover_metro_area_network"):
        faults.add("connection", "is in another metro area network than the one the cloud is handed over in")
    if not has_port_speed(connection, offering):
        faults.add(
            "connection", f"does not have ports of {offering['physical_port_speed']} Mbit/s, for which the offering is"
        )
    check_width(faults, "connection", service.get("capacity"), connection)


def check_width(faults: Faults, member: str, capacity: int | None, connection: Record) -> None:
    """Whether a connection is as fast as the capacity of the service in Mbit/s; null is as much as there may be."""
    if (capacity or 0) > (connection.body.get("speed") or 0) > 0:
        reason = (
            f"{connection.body['speed']} Mbit/s of the connection are less than the {capacity} Mbit/s of the service"
        )
        faults.add(member, reason)


def list_handovers(configs: Iterable[Record]) -> set[int]:
    """The handovers that are in use."""
    return {config.body["handover"] for config in configs if config.state in USABLE_STATES}


def list_incomplete(service: Record, handovers: Collection[int]) -> list[Note]:
    """That fewer handovers are in use than there are."""
    expected, present = service.body["diversity"], len(handovers)
    return [redundancy_incomplete(expected, present)] if present < expected else []


def _is_tag(vlan: Any) -> bool:
    return vlan is None or (type(vlan) is int and 0 < vlan <= _LARGEST_TAG)


def _known(body: Body) -> set[str]:
    """What the exchange has a value for where none is given."""
    return {"local_asn"} if body.get("routing_function") else set()
