"""Network feature configs: which sessions with a route server can be ordered."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from peerhall.exchange.lifecycle import LIVE_STATES, Phase
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import (
    Note,
    asn_unverified,
    awaiting_network_service_config,
    contact_role_required,
    insert_ixp_asn_on,
)

NETWORK_MEMBERS: Final = (
    "asn",
    "password",
    "as_set_v4",
    "as_set_v6",
    "max_prefix_v4",
    "max_prefix_v6",
    "insert_ixp_asn",
    "session_mode",
    "bgp_session_type",
    "ip",
)
"""Members whose change has to reach the route server."""

_NAME: Final = r"(?:AS[0-9]{1,10}|AS-[A-Za-z0-9_-]+)"
_AS_SET: Final = re.compile(
    rf"{_NAME}(?::{_NAME})*(?:@[A-Za-z0-9-]+|::{_NAME})?|[A-Za-z0-9-]+::{_NAME}(?::{_NAME})*", re.ASCII | re.IGNORECASE
)

_FAMILY_OF_VERSION: Final = {4: "af_inet", 6: "af_inet6"}


def check_session(faults: Faults, body: Body, feature: Body) -> None:
    """Whether the route server speaks like this."""
    if body["session_mode"] != feature["session_mode"]:
        faults.add("session_mode", f"must be {feature['session_mode']}, as this route server is")
    if body["bgp_session_type"] not in feature["available_bgp_session_types"]:
        known = ", ".join(feature["available_bgp_session_types"])
        faults.add("bgp_session_type", f"this route server knows {known}")
    if any(unicodedata.category(character) == "Cc" for character in body.get("password") or ""):
        faults.add("password", "must not contain line breaks or other control characters")
    _check_as_sets(faults, body, feature["address_families"])


def _check_as_sets(faults: Faults, body: Body, families: Sequence[str]) -> None:
    for member in ("as_set_v4", "as_set_v6"):
        if body.get(member) and not _AS_SET.fullmatch(body[member]):
            faults.add(member, "must be an AS-SET such as AS-EXAMPLE@RIPE, AS64496:AS-EXAMPLE or AS64496")
    members = [member for member, family in (("as_set_v4", "af_inet"), ("as_set_v6", "af_inet6")) if family in families]
    if not any(body.get(member) for member in members):
        if len(members) == 1:
            faults.add(members[0], "is required: it is what your announcements are filtered by")
        else:
            for member in members:
                faults.add(member, "give at least one of as_set_v4 and as_set_v6; announcements are filtered by it")


def check_address(faults: Faults, address: Record | None, config: Record, feature: Body) -> None:
    """Whether the session comes from an address of the config, of a family the route server speaks."""
    if address is None or address.id not in (config.body.get("ips") or []):
        faults.add("ip", "must be one of the ips of the network service config")
    elif _FAMILY_OF_VERSION[address.body["version"]] not in feature["address_families"]:
        faults.add("ip", f"is IPv{address.body['version']}, which this route server does not speak")


def check_asn(faults: Faults, asn: int, config: Body) -> None:
    """Whether the session's ASN is one the config is for."""
    if asn not in (config.get("asns") or []):
        faults.add("asn", "must be one of the asns of the network service config")


def check_flags(faults: Faults, flags: Sequence[Body], feature: Body) -> list[dict[str, Any]]:
    """All of the feature's flags as they are to be: mandatory ones on, the others as given, else off."""
    known = {flag["name"]: flag for flag in feature["flags"]}
    wished: dict[str, bool] = {}
    for index, flag in enumerate(flags):
        name, enabled = str(flag.get("name")), bool(flag.get("enabled"))
        if name not in known:
            faults.add(f"flags.{index}.name", f"this route server knows {', '.join(known) or 'no flags'}")
        elif known[name].get("mandatory") and not enabled:
            faults.add(f"flags.{index}.enabled", "is mandatory and cannot be switched off")
        else:
            wished[name] = enabled
    return [
        {"id": name, "name": name, "enabled": wished.get(name, bool(flag.get("mandatory")))}
        for name, flag in known.items()
    ]


def list_missing(
    session: Record, config: Record, feature: Record, *, roles: Sequence[str], unverified_asns: Sequence[int]
) -> list[Note]:
    """What keeps a session from being configured: roles, a config not reserved yet, an ASN not verified yet."""
    wanted = feature.body.get("nfc_required_contact_roles") or []
    notes = [contact_role_required(role) for role in wanted if role not in roles]
    if config.state in ("requested", "error") or (
        config.state == "operator" and config.meta.get("phase") == "reserving"
    ):
        notes.append(awaiting_network_service_config(config.id, config.state))
    elif session.body["asn"] in unverified_asns:
        notes.append(asn_unverified(session.body["asn"]))
    return notes


def list_remarks(session: Record, phase: Phase) -> list[Note]:
    """What else there is to tell about a session."""
    if session.body.get("insert_ixp_asn") and session.state in LIVE_STATES and phase is not Phase.LIVE:
        return [insert_ixp_asn_on()]
    return []
