"""Network service configs of any type: what they need before they can be built, and what there is to tell of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, USABLE_STATES, Phase, list_pending
from peerhall.exchange.ordering.attachments import tag_member
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import (
    Note,
    asn_unverified,
    capacity_cut,
    connection_leaving,
    connection_not_in_production,
    contact_role_required,
    decommission_scheduled,
    mac_expired,
    mac_expires,
    mac_not_valid,
    required_feature_missing,
    vlan_selected,
)

NETWORK_MEMBERS: Final = (
    "connection",
    "routing_function",
    "vlan_config",
    "l3_config",
    "handover",
    "cloud_config",
    "macs",
    "product_offering",
    "capacity",
    "role",
    "ips",
)
"""Members whose change has to reach the network."""

_MOST_ASNS: Final = 100
RESERVED_ASNS: Final = frozenset({0, 23456, 65535, 4294967295})
"""By RFC 7607, RFC 6793 and RFC 7300."""


def check_asns(faults: Faults, asns: Sequence[int]) -> None:
    """Whether each can be a member's, and there are not more of them than anybody could look up."""
    for index, asn in enumerate(asns[:_MOST_ASNS]):
        if asn in RESERVED_ASNS:
            faults.add(f"asns.{index}", f"AS{asn} is reserved; no network has it")
    if len(asns) > _MOST_ASNS:
        faults.add("asns", f"must be at most {_MOST_ASNS}")


def usable_capacity(body: Body, offering: Mapping[str, Any] | None, connection: Body) -> int:
    """What a config counts for in its connection's capacity_allocated (Mbit/s).

    Without a capacity of its own, that is the offering's greatest; where that is unlimited as well, all of a connection
    of which only so much may be allocated, and nothing of another.
    """
    unlimited = 0 if connection.get("capacity_allocation_limit") is None else connection.get("speed")
    return int(body.get("capacity") or (offering or {}).get("bandwidth_max") or unlimited or 0)


def list_missing(
    config: Record,
    service: Record,
    connection: Record | None,
    *,
    roles: Collection[str],
    features: Sequence[Record],
    configured_features: Collection[str],
    valid_macs: Collection[str],
    unverified_asns: Sequence[int],
) -> list[Note]:
    """All that keeps a config of whatever type from being built, what the member can do first."""
    wanted = service.body.get("nsc_required_contact_roles") or []
    notes = [contact_role_required(role) for role in wanted if role not in roles]
    notes += [
        required_feature_missing(feature.id, feature.body["name"])
        for feature in features
        if feature.body["required"] and feature.id not in configured_features
    ]
    notes += [mac_not_valid(mac) for mac in config.body.get("macs") or [] if mac not in valid_macs]
    if connection is not None and connection.state not in USABLE_STATES:
        notes.append(connection_not_in_production(connection.id, connection.state))
    return notes + [asn_unverified(asn) for asn in unverified_asns]


def list_remarks(config: Record, connection: Record | None, macs: Iterable[Record], phase: Phase) -> list[Note]:
    """What else there is to tell about a config of whatever type."""
    notes = list_pending(config, phase)
    if phase not in ENDING:
        if "cut" in config.meta:
            notes.append(capacity_cut(config.body["capacity"]))
        notes += [mac_expired(**each) for each in config.meta.get("expired_macs", ())]
        notes += [
            mac_expires(mac.id, mac.body["address"], ends)
            for mac in macs
            if (ends := mac.body.get("valid_not_after")) is not None
        ]
    vlan_config = config.body.get("vlan_config")
    if vlan_config and config.meta.get("vlan_selected") and phase not in ENDING:
        member = str(tag_member(vlan_config))
        notes.append(vlan_selected(vlan_config[member], vlan_config[f"{member}_ethertype"]))
    if phase in (Phase.LEAVING, Phase.REMOVING):
        notes.append(decommission_scheduled(config.body["decommission_at"], config.body["charged_until"]))
    elif connection is not None and connection.state not in LIVE_STATES and config.state in LIVE_STATES:
        notes.append(connection_leaving(connection.id, connection.body.get("decommission_at")))
    return notes
