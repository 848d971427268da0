"""The entries of `status[]`: what is missing, what is under way, what is wrong, at present.

Tags are stable and `attrs` complete, so that a program can act on them or word them anew. Severity follows syslog: at 5
and below somebody has to act, 6 is progress.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peerhall.contract.vocabulary import write_instant

ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Note:
    """A status entry before it has a time; entries of one tag are told apart by `about`."""

    severity: int
    tag: str
    message: str
    attrs: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    for_operator: bool = False
    """Whether the exchange, not the member, has to act."""

    @property
    def id(self) -> str:
        return f"{self.tag}:{self.about}" if self.about else self.tag


def write_status(notes: Iterable[Note], earlier: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The notes as entries, in their order; one that stood there before keeps its time."""
    known = {entry["id"]: entry for entry in earlier}
    entries = []
    for note in notes:
        entry = {
            "id": note.id,
            "severity": note.severity,
            "tag": note.tag,
            "message": note.message,
            "attrs": note.attrs,
            "timestamp": write_instant(now),
        }
        before = known.get(note.id)
        if before and {**before, "timestamp": None} == {**entry, "timestamp": None}:
            entry = before
        entries.append(entry)
    return entries


def contact_role_required(role: str, member: str = "role_assignments") -> Note:
    message = f"A contact in the role {role} is needed. Assign the role to a contact"
    message += f" and name the assignment in {member}." if member else "."
    return Note(NOTICE, "contact_role_required", message, {"role": role}, about=role)


def account_role_required(role: str) -> Note:
    return Note(
        WARNING,
        "contact_role_required",
        f"The account needs a contact in the role {role}. Create one and assign it the role.",
        {"role": role},
        about=role,
    )


def required_feature_missing(feature: str, name: str) -> Note:
    return Note(
        NOTICE,
        "required_feature_missing",
        f"The feature {name} is required here. Create a network feature config for it.",
        {"network_feature": feature},
        about=feature,
    )


def mac_missing() -> Note:
    return Note(NOTICE, "mac_missing", "No MAC address is named. Register one and name it in macs.")


def mac_not_valid(mac: str) -> Note:
    return Note(NOTICE, "mac_not_valid", "A MAC address in macs is not valid now.", {"mac": mac}, about=mac)


def mac_expires(mac: str, address: str, valid_not_after: str) -> Note:
    return Note(
        NOTICE,
        "mac_expires",
        f"{address} is valid until {valid_not_after} and leaves this config then. Register it anew in time to keep it.",
        {"mac": mac, "address": address, "valid_not_after": valid_not_after},
        about=mac,
    )


def mac_expired(mac: str, address: str, valid_not_after: str) -> Note:
    return Note(
        WARNING,
        "mac_expired",
        f"{address} was valid until {valid_not_after} and is no longer let through. Name another MAC address in macs.",
        {"mac": mac, "address": address, "valid_not_after": valid_not_after},
        about=mac,
    )


def connection_not_in_production(connection: str, state: str) -> Note:
    return Note(
        NOTICE,
        "connection_not_in_production",
        f"The connection is {state}; the config follows once it is in production.",
        {"connection": connection, "state": state},
    )


def consumer_side_not_ready() -> Note:
    return Note(
        NOTICE,
        "consumer_side_not_ready",
        "The exchange's side is configured. Set consumer_side_ready to true when yours is.",
    )


def asn_unverified(asn: int) -> Note:
    return Note(
        WARNING,
        "asn_unverified",
        f"AS{asn} is new to this account. The exchange checks that it is yours; you need not do anything.",
        {"asn": asn},
        about=str(asn),
        for_operator=True,
    )


def ip_allocated(ips: Sequence[str], addresses: Sequence[str]) -> Note:
    return Note(
        INFO,
        "ip_allocated",
        f"Allocated for this config: {', '.join(addresses)}.",
        {"ips": list(ips), "addresses": list(addresses)},
    )


def vlan_selected(vlan: int, ethertype: str) -> Note:
    return Note(
        INFO,
        "vlan_selected",
        f"The exchange picked VLAN {vlan}.",
        {"vlan": vlan, "ethertype": ethertype},
    )


def change_in_progress(property_: str, before: Any, after: Any) -> Note:
    return Note(
        INFO,
        "change_in_progress",
        f"The change of {property_} is being applied.",
        {"property": property_, "from": before, "to": after},
        about=property_,
    )


def decommission_scheduled(decommission_at: str, charged_until: str | None) -> Note:
    return Note(
        INFO,
        "decommission_scheduled",
        f"To be disconnected on {decommission_at}.",
        {"decommission_at": decommission_at, "charged_until": charged_until},
    )


def circuit_decommission_scheduled(decommission_at: str) -> Note:
    """Read by both sides of a circuit, of which only one is concerned with what is paid."""
    return Note(
        INFO,
        "decommission_scheduled",
        f"To be disconnected on {decommission_at}.",
        {"decommission_at": decommission_at},
    )


def awaiting_peer_side(side: str, account: str) -> Note:
    return Note(
        NOTICE,
        "awaiting_peer_side",
        f"The {side.upper()}-side of the circuit has no config yet. Its account creates one on its own connection.",
        {"side": side, "account": account},
        about=side,
    )


def peer_side_not_ready(side: str) -> Note:
    return Note(
        INFO,
        "peer_side_not_ready",
        f"This side of the circuit is configured; the {side.upper()}-side is not yet.",
        {"side": side},
    )


def circuit_side(side: str) -> Note:
    return Note(INFO, "circuit_side", f"This config is the {side.upper()}-side of the circuit.", {"side": side})


def awaiting_configs() -> Note:
    return Note(INFO, "awaiting_configs", "The service is in production once its configs are.")


def awaiting_first_config() -> Note:
    return Note(
        NOTICE,
        "awaiting_first_config",
        "The service can be joined. It is in production with the first network service config on it that is.",
    )


def awaiting_first_handover() -> Note:
    return Note(
        NOTICE,
        "awaiting_first_handover",
        "The service is in production with its first handover that is. Create a network service config on it.",
    )


def awaiting_cloud_circuit(service: str, state: str) -> Note:
    return Note(
        INFO,
        "awaiting_cloud_circuit",
        "The circuit at the cloud provider is not there yet; the config follows once it is.",
        {"network_service": service, "state": state},
    )


def redundancy_incomplete(expected: int, present: int) -> Note:
    return Note(
        NOTICE,
        "redundancy_incomplete",
        f"Of {expected} handovers {present} {'is' if present == 1 else 'are'} in use. "
        "Create a network service config for each of the others.",
        {"handovers_expected": expected, "handovers_present": present},
    )


def configs_changing() -> Note:
    return Note(INFO, "configs_changing", "Network service configs on the service are being changed.")


def change_requested(product_offering: str, capacity: int | None) -> Note:
    return Note(
        NOTICE,
        "change_requested",
        "The B-side asks for another bandwidth. The A-side accepts by changing the service and its own config to it, "
        "or rejects by deleting the change request.",
        {"product_offering": product_offering, "capacity": capacity},
    )


def change_rejected(product_offering: str, capacity: int | None) -> Note:
    return Note(
        NOTICE,
        "change_request_rejected",
        "The A-side has rejected the bandwidth that the B-side asked for.",
        {"product_offering": product_offering, "capacity": capacity},
    )


def connection_leaving(connection: str, decommission_at: str | None) -> Note:
    return Note(
        WARNING,
        "connection_leaving",
        "The connection this config uses is being decommissioned. Move the config or cancel it.",
        {"connection": connection, "decommission_at": decommission_at},
    )


def routing_function_not_in_production(function: str, state: str) -> Note:
    return Note(
        NOTICE,
        "routing_function_not_in_production",
        f"The routing function is {state}; the config follows once it is in production.",
        {"routing_function": function, "state": state},
    )


def routing_function_leaving(function: str, decommission_at: str | None) -> Note:
    return Note(
        WARNING,
        "routing_function_leaving",
        "The routing function this config uses is being decommissioned. Move the config or cancel it.",
        {"routing_function": function, "decommission_at": decommission_at},
    )


def routing_function_in_use(configs: Sequence[str]) -> Note:
    return Note(
        WARNING,
        "routing_function_in_use",
        "Its day of disconnection has come, but network service configs still use it. Move or cancel them.",
        {"network_service_configs": list(configs)},
    )


def awaiting_network_service_config(config: str, state: str) -> Note:
    return Note(
        NOTICE,
        "awaiting_network_service_config",
        f"The network service config is {state}; the session follows once it is allocated.",
        {"network_service_config": config, "state": state},
    )


def loa_required(collection: str, document: str) -> Note:
    """The URL is told from below the base of the API, which a client knows better than we do."""
    return Note(
        NOTICE,
        "loa_required",
        "The exchange needs your letter of authorisation for the cross-connect. Upload it.",
        {"upload_url": f"/{collection}/{document}/loa"},
    )


def awaiting_cross_connect(demarc: str | None, expires: str | None = None) -> Note:
    """`expires` is the last day of the exchange's letter of authorisation, where it has issued one."""
    message = "The port is reserved; it goes into production when the cross-connect carries light."
    attrs = {"exchange_side_demarc": demarc}
    if expires is not None:
        message += f" The letter of authorisation is good until {expires}; then another one can be downloaded."
        attrs["expires"] = expires
    return Note(INFO, "awaiting_cross_connect", message, attrs)


def manual_step(ticket: str) -> Note:
    return Note(
        WARNING,
        "manual_step",
        "Somebody at the exchange is at work on this; you need not do anything.",
        {"ticket": ticket},
        for_operator=True,
    )


def test_failed(check: str) -> Note:
    return Note(WARNING, "test_failed", f"The test found: {check}.", {"check": check})


def provisioning_delayed(reference: str) -> Note:
    return Note(
        INFO, "provisioning_delayed", "The network did not answer; it is being tried again.", {"reference": reference}
    )


def provisioning_failed(reference: str) -> Note:
    return Note(
        ERROR,
        "provisioning_failed",
        "The network did not take the configuration. The exchange has been told.",
        {"reference": reference},
        for_operator=True,
    )


def link_down() -> Note:
    return Note(WARNING, "link_down", "The port has no link. Check your side of the cross-connect.")


def order_refused(reason: str) -> Note:
    return Note(NOTICE, "order_refused", f"The exchange turned the order down: {reason}", {"reason": reason})


def change_refused(reason: str) -> Note:
    return Note(NOTICE, "change_refused", f"The exchange turned the change down: {reason}", {"reason": reason})


def bandwidth_limited_by_rule(capacity_max: int) -> Note:
    return Note(
        WARNING,
        "bandwidth_limited_by_rule",
        f"The joining rule for the account limits the capacity to {capacity_max} Mbit/s.",
        {"capacity_max": capacity_max},
    )


def capacity_cut(capacity: int) -> Note:
    return Note(
        NOTICE,
        "capacity_cut",
        f"The connection has no more than {capacity} Mbit/s left for this config. Order the capacity that is wanted "
        "once there is room, or move the config to another connection.",
        {"capacity": capacity},
    )


def joining_denied(service: str) -> Note:
    return Note(
        WARNING,
        "joining_denied",
        "The owner of the service now denies joining it. The config stays; its capacity and role cannot be changed.",
        {"network_service": service},
    )


def joining_rule_missing(service: str) -> Note:
    return Note(
        WARNING,
        "joining_rule_missing",
        "No joining rule lets the account in any more. The config stays; its capacity and role cannot be changed.",
        {"network_service": service},
    )


def root_missing(service: str) -> Note:
    return Note(
        NOTICE,
        "root_missing",
        "The service has no root yet, and leaves reach only roots. It takes a config with the role root.",
        {"network_service": service},
    )


def insert_ixp_asn_on() -> Note:
    return Note(
        INFO,
        "insert_ixp_asn_on",
        "The route server will put its own ASN in the path, the standard's default. Most members set insert_ixp_asn to "
        "false.",
    )
