"""Network service configs: how they attach, which tags they take, what they need before they can be built."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from peerhall.exchange.allocation import choose_tag
from peerhall.exchange.lifecycle import ENDING, LIVE_STATES, USABLE_STATES, Phase, list_pending
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import (
    Note,
    asn_unverified,
    connection_leaving,
    connection_not_in_production,
    consumer_side_not_ready,
    contact_role_required,
    decommission_scheduled,
    ip_allocated,
    mac_missing,
    mac_not_valid,
    required_feature_missing,
    vlan_selected,
)

NETWORK_MEMBERS = ("connection", "vlan_config", "macs", "capacity")
"""Members whose change has to reach the network."""


_MOST_ASNS: Final = 100
_RESERVED_ASNS: Final = frozenset({0, 23456, 65535, 4294967295})
"""By RFC 7607, RFC 6793 and RFC 7300."""


def check_attachment(faults: Faults, body: Body) -> None:
    """Whether it attaches to exactly one thing, and says how."""
    connection, function = body.get("connection"), body.get("routing_function")
    if (connection is None) == (function is None):
        reason = "name exactly one of connection and routing_function"
        faults.add("connection", reason)
        faults.add("routing_function", reason)
    elif connection is not None and body.get("vlan_config") is None:
        faults.add("vlan_config", "is required with a connection")


def check_connection(faults: Faults, connection: Record | None) -> None:
    """Whether the connection is there for the caller, and not on its way out."""
    if connection is None:
        faults.add("connection", "there is no such connection")
    elif connection.state not in LIVE_STATES:
        faults.add("connection", f"is {connection.state} and takes no new configs")


def check_vlan_config(faults: Faults, vlan_config: Body, connection: Body) -> None:
    """Whether the connection can tell traffic apart like this."""
    kind = vlan_config["vlan_type"]
    if kind not in connection["vlan_types"]:
        faults.add("vlan_config.vlan_type", f"the connection knows {', '.join(connection['vlan_types'])}")
    for member in ("vlan_ethertype", "outer_vlan_ethertype"):
        ethertype = vlan_config.get(member)
        if ethertype is not None and ethertype not in connection["outer_vlan_ethertypes"]:
            known = ", ".join(connection["outer_vlan_ethertypes"])
            faults.add(f"vlan_config.{member}", f"the connection knows {known}")


def tag_member(vlan_config: Body) -> str | None:
    """The member that holds the tag the exchange can pick; None where there is none."""
    return {"dot1q": "vlan", "qinq": "outer_vlan"}.get(vlan_config["vlan_type"])


def fill_in_tag(
    vlan_config: Body, held: Sequence[tuple[range, range]], cooling: Collection[int]
) -> tuple[Body | None, bool]:
    """The config with a tag, picked where none was given, and whether it was; None when no tag is free."""
    member = tag_member(vlan_config)
    if member is None:
        return vlan_config, False
    ethertype = f"{member}_ethertype"
    complete = {**vlan_config, ethertype: vlan_config.get(ethertype) or "0x8100"}
    if complete.get(member) is not None:
        return complete, False
    inner = vlan_config.get("inner_vlan")
    tag = choose_tag(held, cooling, range(inner, inner + 1) if inner is not None else range(4096))
    return ({**complete, member: tag} if tag is not None else None), True


def keep_tag(vlan_config: Body, current: Body | None) -> Body:
    """A picked tag stays when a later change says null again."""
    member = tag_member(vlan_config)
    if member is None or current is None or vlan_config.get(member) is not None:
        return vlan_config
    return {**vlan_config, member: current[member]} if current["vlan_type"] == vlan_config["vlan_type"] else vlan_config


def check_asns(faults: Faults, asns: Sequence[int]) -> None:
    """Whether each can be a member's, and there are not more of them than anybody could look up."""
    for index, asn in enumerate(asns[:_MOST_ASNS]):
        if asn in _RESERVED_ASNS:
            faults.add(f"asns.{index}", f"AS{asn} is reserved; no network has it")
    if len(asns) > _MOST_ASNS:
        faults.add("asns", f"must be at most {_MOST_ASNS}")


def check_lan_offering(faults: Faults, offering: Body, service: Record, connection: Record | None) -> None:
    """Whether the offering is of this LAN, and for this connection's place and port speed."""
    if offering["exchange_lan_network_service"] != service.id:
        faults.add("product_offering", "is of another network service")
        return
    if connection is None:
        return
    place = connection.body.get("metro_area_network")
    if place not in (offering["handover_metro_area_network"], offering["service_metro_area_network"]):
        faults.add("product_offering", "is handed over in another metro area network than the connection's")
    speed, ports = offering.get("physical_port_speed"), connection.body.get("port_quantity") or 1
    if speed is not None and speed * ports != connection.body.get("speed"):
        faults.add("product_offering", f"is for ports of {speed} Mbit/s")


def check_layer3(faults: Faults, body: Body, offering: Body) -> None:
    """Whether layer 3 members are given where the offering knows them, and only there."""
    given = {name for name, value in (body.get("l3_config") or {}).items() if value is not None}
    required = set(offering.get("nsc_required_l3_config_fields") or ())
    for name in sorted(given - set(offering.get("nsc_supported_l3_config_fields") or ()) - required):
        faults.add(f"l3_config.{name}", "is not supported by the offering")
    for name in sorted(required - given):
        faults.add(f"l3_config.{name}", "is required by the offering")


def usable_capacity(body: Body, offering: Mapping[str, Any] | None) -> int:
    """What a config counts for in its connection's capacity_allocated (Mbit/s): without a limit, the offering's."""
    return int(body.get("capacity") or (offering or {}).get("bandwidth_max") or 0)


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
    """All that keeps a LAN config from being built, what the member can do first."""
    wanted = service.body.get("nsc_required_contact_roles") or []
    notes = [contact_role_required(role) for role in wanted if role not in roles]
    notes += [
        required_feature_missing(feature.id, feature.body["name"])
        for feature in features
        if feature.body["required"] and feature.id not in configured_features
    ]
    macs = config.body.get("macs") or []
    if not macs and service.meta.get("mac_required", True):
        notes.append(mac_missing())
    notes += [mac_not_valid(mac) for mac in macs if mac not in valid_macs]
    if connection is not None and connection.state not in USABLE_STATES:
        notes.append(connection_not_in_production(connection.id, connection.state))
    return notes + [asn_unverified(asn) for asn in unverified_asns]


def list_holding(config: Record, service: Record, unverified_asns: Sequence[int], phase: Phase) -> list[Note]:
    """What keeps a configured LAN config from being tested, or a change of it from being done."""
    if phase is Phase.CHANGING:
        return [asn_unverified(asn) for asn in unverified_asns]
    ready = config.body.get("consumer_side_ready")
    if ready is False or (ready is None and service.meta.get("demands_ready", False)):
        return [consumer_side_not_ready()]
    return []


def list_remarks(config: Record, connection: Record | None, addresses: Sequence[str], phase: Phase) -> list[Note]:
    """What else there is to tell about a config."""
    notes = list_pending(config, phase)
    if phase in (Phase.RESERVING, Phase.BUILDING, Phase.TESTING) and addresses:
        notes.append(ip_allocated(config.body["ips"], addresses))
    vlan_config = config.body.get("vlan_config")
    if vlan_config and config.meta.get("vlan_selected") and phase not in ENDING:
        member = str(tag_member(vlan_config))
        notes.append(vlan_selected(vlan_config[member], vlan_config[f"{member}_ethertype"]))
    if phase in (Phase.LEAVING, Phase.REMOVING):
        notes.append(decommission_scheduled(config.body["decommission_at"], config.body["charged_until"]))
    elif connection is not None and connection.state not in LIVE_STATES and config.state in LIVE_STATES:
        notes.append(connection_leaving(connection.id, connection.body.get("decommission_at")))
    return notes
