"""The words and scalar types every schema is written in: states, VLAN tags, ASNs, instants, ids."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal, get_args

from annotated_types import Ge, Le, MaxLen
from pydantic import AfterValidator

from peerhall.contract.marks import Format, Maybe, ReadOnly, Reference

State = Literal[
    "requested",
    "allocated",
    "testing",
    "production",
    "production_change_pending",
    "decommission_requested",
    "decommissioned",
    "archived",
    "error",
    "operator",
    "scheduled",
    "cancelled",
]
STATES: Final = frozenset(get_args(State))

NetworkServiceType = Literal["exchange_lan", "p2p_vc", "p2mp_vc", "mp2mp_vc", "cloud_vc"]
OfferingType = Literal["connection", "exchange_lan", "p2p_vc", "mp2mp_vc", "p2mp_vc", "cloud_vc", "routing_function"]
ResourceType = Literal[
    "connection", "port_reservation", "network_service", "network_service_config", "routing_function"
]
ConnectionMode = Literal["lag_lacp", "lag_static", "flex_ethernet", "standalone"]
LacpTimeout = Literal["slow", "fast"]
VlanType = Literal["port", "dot1q", "qinq"]
Ethertype = Literal["0x8100", "0x88a8", "0x9100"]
AddressFamily = Literal["af_inet", "af_inet6"]
SessionMode = Literal["public", "collector"]
BgpSessionType = Literal["active", "passive"]
DeliveryMethod = Literal["dedicated", "shared"]
IpVersion = Literal[4, 6]

_INT64_MAX: Final = 2**63 - 1


def within_int64(value: int) -> int:
    """Refuses numbers no database column or client integer could hold."""
    if not -_INT64_MAX - 1 <= value <= _INT64_MAX:
        raise ValueError("is beyond the range of a 64-bit integer")
    return value


def without_nul(value: str) -> str:
    """Refuses what PostgreSQL cannot keep in text: U+0000 and lone surrogates."""
    if "\x00" in value:
        raise ValueError("must not contain the character U+0000")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not contain half of a surrogate pair")
    return value


def without_controls(value: str) -> str:
    """Refuses what would speak to an operator's terminal or a device's parser; tabs and line breaks are text."""
    without_nul(value)
    if not value.isprintable() and _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


def sane_text(value: str) -> str:
    """Refuses what no person could have meant as a name or a reference, also where the standard sets no limit."""
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must have at most {LONGEST_TEXT} characters")
    return without_controls(value)


LONGEST_TEXT: Final = 4096
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def instant(value: str) -> str:
    """An RFC 3339 date-time in UTC at whole seconds, `2026-01-31T12:00:00Z`: of one width, so text sorts as time."""
    if not _INSTANT.fullmatch(value):
        raise ValueError("must be an RFC 3339 date-time with an offset, such as 2026-01-31T12:00:00Z")
    try:
        return write_instant(datetime.fromisoformat(value.replace("z", "Z").replace("t", "T")))
    except (ValueError, OverflowError):
        raise ValueError("is not a date-time of the calendar") from None


def write_instant(moment: datetime) -> str:
    """The text of an aware datetime as it is stored and sent."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def calendar_date(value: str) -> str:
    """A plain date, `2026-01-31`."""
    try:
        if not _DATE.fullmatch(value):
            raise ValueError
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a date of the calendar, such as 2026-01-31") from None
    return value


_Bounded = Annotated[str, AfterValidator(without_controls)]
Text = Annotated[str, AfterValidator(sane_text)]
Text2 = Annotated[_Bounded, MaxLen(2)]
Text16 = Annotated[_Bounded, MaxLen(16)]
Text20 = Annotated[_Bounded, MaxLen(20)]
Text40 = Annotated[_Bounded, MaxLen(40)]
Text80 = Annotated[_Bounded, MaxLen(80)]
Text100 = Annotated[_Bounded, MaxLen(100)]
Text128 = Annotated[_Bounded, MaxLen(128)]
Text160 = Annotated[_Bounded, MaxLen(160)]
Text256 = Annotated[_Bounded, MaxLen(256)]

Integer = Annotated[int, AfterValidator(within_int64), Format("int64")]
Natural = Annotated[Integer, Ge(0)]
Positive = Annotated[Integer, Ge(1)]
LARGEST_ASN: Final = 4294967295
Asn = Annotated[int, Ge(0), Le(LARGEST_ASN)]
VlanTag = Annotated[int, Ge(1), Le(4094)]
Instant = Annotated[Text, AfterValidator(instant), Format("date-time")]
Date = Annotated[Text, AfterValidator(calendar_date), Format("date")]

Id = ReadOnly[Text]
EchoedId = ReadOnly[Maybe[Text]]
"""The id in a body: clients send whole objects back, and it is ignored."""
AccountId = Annotated[Text, Reference("accounts")]
AvailabilityZoneId = Annotated[Text, Reference("availability-zones")]
ConnectionId = Annotated[Text, Reference("connections")]
ContactId = Annotated[Text, Reference("contacts")]
DeviceId = Annotated[Text, Reference("devices")]
FacilityId = Annotated[Text, Reference("facilities")]
IpId = Annotated[Text, Reference("ips")]
MacId = Annotated[Text, Reference("macs")]
MemberJoiningRuleId = Annotated[Text, Reference("member-joining-rules")]
MetroAreaId = Annotated[Text, Reference("metro-areas")]
MetroAreaNetworkId = Annotated[Text, Reference("metro-area-networks")]
NetworkFeatureConfigId = Annotated[Text, Reference("network-feature-configs")]
NetworkFeatureId = Annotated[Text, Reference("network-features")]
NetworkServiceConfigId = Annotated[Text, Reference("network-service-configs")]
NetworkServiceId = Annotated[Text, Reference("network-services")]
PopId = Annotated[Text, Reference("pops")]
PortId = Annotated[Text, Reference("ports")]
PortReservationId = Annotated[Text, Reference("port-reservations")]
ProductOfferingId = Annotated[Text, Reference("product-offerings")]
RoleAssignmentId = Annotated[Text, Reference("role-assignments")]
RoleId = Annotated[Text, Reference("roles")]
RoutingFunctionId = Annotated[Text, Reference("routing-functions")]
