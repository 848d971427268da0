"""Configs on a group (p2mp_vc, mp2mp_vc): where they may attach, what may change, which addresses they choose."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from peerhall.exchange.allocation import Subnet
from peerhall.exchange.joining import Admission, Standing
from peerhall.exchange.ordering.attachments import has_port_speed
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note, bandwidth_limited_by_rule, joining_denied, joining_rule_missing

_LARGEST_ASN: Final = 2**32 - 1
_FROZEN_WITHOUT_RULE: Final = ("capacity", "role")


def check_group_offering(faults: Faults, named: str | None, service: Record) -> None:
    """Whether the service has configs under this offering; none, or the service's own, is always right."""
    known = service.body.get("nsc_product_offerings") or []
    if named is not None and named != service.body["product_offering"] and named not in known:
        faults.add("product_offering", "is not among those of the network service")


def check_place(faults: Faults, body: Body, offering: Body, connection: Record) -> None:
    """Whether the connection is where the offering is delivered, and of its port speed."""
    places = [offering.get("handover_metro_area_network"), offering.get("service_metro_area_network")]
    member = "product_offering" if body.get("product_offering") else "connection"
    if connection.body.get("metro_area_network") not in places:
        faults.add(member, "the offering is delivered in another metro area network than the connection's")
    if not has_port_speed(connection, offering):
        faults.add(member, f"the offering is for ports of {offering['physical_port_speed']} Mbit/s")


def check_without_rule(faults: Faults, before: Record, after: Body, admission: Admission) -> None:
    """Whether a config that could not join any more stays as it is, in what its owner gave it."""
    if admission.granted:
        return
    why = "denies joining it" if admission.standing is Standing.DENIED else "no longer lets the account in"
    for member in _FROZEN_WITHOUT_RULE:
        if after.get(member) != before.body.get(member):
            faults.add(member, f"cannot be changed, as the owner of the service {why}")


def check_numbers(faults: Faults, asns: Sequence[int]) -> None:
    """Whether each can be an AS number at all; the standard's schema takes any integer here."""
    for index, asn in enumerate(asns):
        if not 0 <= asn <= _LARGEST_ASN:
            faults.add(f"asns.{index}", f"must be between 1 and {_LARGEST_ASN - 1}")


def check_chosen(faults: Faults, member: str, address: Record, subnets: Mapping[int, Subnet]) -> None:
    """Whether a member may choose this address on a service with these subnets, by their version."""
    text, version = address.body["address"], address.body["version"]
    chosen = ip_address(text)
    if address.body["prefix_length"] != chosen.max_prefixlen:
        faults.add(member, f"must be a single address, with a prefix_length of {chosen.max_prefixlen}")
    elif (subnet := subnets.get(version)) is not None:
        network = subnet.network
        within = chosen in network
        usable = network.num_addresses <= 2 or int(chosen) not in _ends(subnet)
        if not within:
            faults.add(member, f"{text} is not within {network}, the subnet of the service")
        elif not usable or subnet.is_reserved(int(chosen)):
            faults.add(member, f"{text} is reserved on this service")


def list_joining_remarks(config: Record, admission: Admission) -> list[Note]:
    """What the rules of its service mean for a config."""
    service = config.body["network_service"]
    notes = []
    if admission.standing is Standing.DENIED:
        notes.append(joining_denied(service))
    elif admission.standing is Standing.UNINVITED:
        notes.append(joining_rule_missing(service))
    if limited := config.meta.get("limited"):
        notes.append(bandwidth_limited_by_rule(limited["capacity_max"]))
    return notes


def _ends(subnet: Subnet) -> set[int]:
    """The addresses that stand for a subnet as such."""
    network = ip_network(subnet.network)
    return {int(network.network_address), *({int(network.broadcast_address)} if network.version == 4 else ())}
