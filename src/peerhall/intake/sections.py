"""What an exchange file may say: its sections, and in each the members an entry may have.

Where the standard has a schema for the thing, its members go by the standard's names and are checked by that schema;
what we add to them is declared here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Le, MaxLen, MinLen

from peerhall.contract import schemas
from peerhall.contract.accounts import Address
from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import Positive, Text, Text20, Text80, VlanTag


class ExchangeEntry(Schema):
    """The exchange itself, with the rules of the house; see `exchange.house_rules`."""

    key: Annotated[Text, MinLen(1), MaxLen(40)]
    name: Text80
    timezone: Text = "UTC"
    accept_all_asns: bool = False
    account_required_roles: list[Text] = ["legal"]
    cooldown_days: Annotated[int, Ge(0), Le(3650)] = 7
    capacity_limit_percent: Annotated[int, Ge(1), Le(10000)] | None = None
    open_orders_limit: Annotated[int, Ge(1), Le(1000000)] | None = 500
    disconnection_days: Annotated[int, Ge(0), Le(365)] = 0
    loa_valid_days: Annotated[int, Ge(1), Le(3650)] = 90
    legal_name: Text80 | None = None
    address: Address | None = None
    external_ref: Text80 | None = None


class PortGroupEntry(Schema):
    """Ports of one speed (Mbit/s) and medium on a device; names such as `Ethernet{1..48}`."""

    names: Text | list[Text]
    media_type: Text20
    speed: Positive
    max_lag: Maybe[Annotated[int, Ge(0), Le(32767)]] = None


class DeviceEntry(Schema):
    """What a device has beside the standard's members."""

    ports: list[PortGroupEntry] = []


class LanEntry(Schema):
    """What a peering LAN has beside the standard's members."""

    reserved: list[Text] = []
    ipv6_scheme: Literal["sequential", "asn-hex", "asn-decimal"] = "sequential"
    mac_required: bool = True
    demands_ready: bool = False
    vlan: VlanTag | None = None


class OfferingEntry(Schema):
    """What a product offering has beside the standard's members."""

    loa_required: bool | None = None
    mac_acl_protection: bool = False
    cloud_provider: Annotated[Text, MinLen(1), MaxLen(40)] | None = None


class Nothing(Schema):
    """Nothing beside the standard's members."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its entries are documents of one kind, and what they name stands in other sections."""

    name: str
    kind: str
    """The collection its entries end up in."""
    schema: str
    computed: frozenset[str]
    """Members of the schema that an entry does not give, because they follow from others."""
    names: dict[str, str]
    """Members that hold the key of an entry in another section."""
    extra: type[Schema] = Nothing
    type: str = ""
    """The variant of a polymorphic schema, when all entries are of the same."""

    def list_members(self, type_: str = "") -> frozenset[str]:
        """The members an entry may have; `type_` is the offering's."""
        return _list_members(self.schema, type_ or self.type) - self.computed | self.extra.model_fields.keys()


@cache
def _list_members(schema: str, type_: str) -> frozenset[str]:
    variants = schemas.get_variants(schema)
    chosen: Any = variants.get(type_)
    members = {name for model in ([chosen] if chosen else variants.values()) for name in model.model_fields}
    return frozenset(members - {"id"})


EXCHANGE: Final = "exchange"

SECTIONS: Final = (
    Section(
        "metro_areas",
        "metro-areas",
        "MetroArea",
        frozenset({"facilities", "metro_area_networks"}),
        {},
    ),
    Section(
        "metro_area_networks",
        "metro-area-networks",
        "MetroAreaNetwork",
        frozenset({"pops"}),
        {"metro_area": "metro_areas"},
    ),
    Section("facilities", "facilities", "Facility", frozenset({"pops"}), {"metro_area": "metro_areas"}),
    Section("availability_zones", "availability-zones", "AvailabilityZone", frozenset(), {}),
    Section(
        "pops",
        "pops",
        "PointOfPresence",
        frozenset({"devices"}),
        {
            "facility": "facilities",
            "metro_area_network": "metro_area_networks",
            "availability_zone": "availability_zones",
        },
    ),
    Section(
        "devices", "devices", "Device", frozenset({"capabilities", "facility"}), {"pop": "pops"}, extra=DeviceEntry
    ),
    Section("roles", "roles", "Role", frozenset(), {}),
    Section(
        "exchange_lans",
        "network-services",
        "NetworkService",
        frozenset(
            {
                "type",
                "state",
                "status",
                "managing_account",
                "consuming_account",
                "network_features",
                "product_offering",
                "ips",
            }
        ),
        {"metro_area_network": "metro_area_networks"},
        extra=LanEntry,
        type="exchange_lan",
    ),
    Section(
        "route_servers",
        "network-features",
        "NetworkFeature",
        frozenset({"type"}),
        {"network_service": "exchange_lans"},
        type="route_server",
    ),
    Section(
        "product_offerings",
        "product-offerings",
        "ProductOffering",
        frozenset({"handover_metro_area", "service_metro_area", "notice_period", "resource_type"}),
        {
            "handover_metro_area_network": "metro_area_networks",
            "service_metro_area_network": "metro_area_networks",
            "handover_pop": "pops",
            "exchange_lan_network_service": "exchange_lans",
        },
        extra=OfferingEntry,
    ),
)
"""In the order in which they are brought in: nothing names what comes after it."""

WELL_KNOWN_ROLES: Final[dict[str, list[str]]] = {
    "implementation": ["name", "email", "telephone"],
    "noc": ["email", "telephone"],
    "peering": ["email"],
    "legal": ["name", "email"],
    "billing": ["name", "email"],
}
"""The roles an exchange has when its file names none, each with the members a contact in it must have."""


def get_section(name: str) -> Section:
    return next(section for section in SECTIONS if section.name == name)
