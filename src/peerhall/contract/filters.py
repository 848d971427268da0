"""What lists can be searched by: the query parameters of every collection, with their types."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from peerhall.contract.vocabulary import DeliveryMethod, NetworkServiceType, OfferingType, ResourceType, State

FilterType = Literal["text", "integer", "list", "date-time", "choice", "boolean", "period"]

BOOLEANS: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
"""How clients spell true and false."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter; a list is written with commas or repeated, a period as an ISO 8601 duration."""

    name: str
    type: FilterType
    choices: tuple[str, ...] = ()
    least: int | None = None
    """The smallest number that makes sense."""


def text(name: str) -> Filter:
    return Filter(name, "text")


def integer(name: str, least: int | None = None) -> Filter:
    return Filter(name, "integer", least=least)


def listed(name: str) -> Filter:
    return Filter(name, "list")


def moment(name: str) -> Filter:
    return Filter(name, "date-time")


def choice(name: str, *choices: str) -> Filter:
    return Filter(name, "choice", choices)


def boolean(name: str) -> Filter:
    return Filter(name, "boolean")


def period(name: str) -> Filter:
    return Filter(name, "period")


PAGING: Final = (integer("page_limit", least=1), integer("page_offset", least=0), text("page_token"))

_ID: Final = listed("id")
_STATE: Final = (choice("state", *get_args(State)), choice("state__is_not", *get_args(State)))
_OWNERS: Final = (text("managing_account"), text("consuming_account"), text("external_ref"))
_STAFF: Final = (listed("role_assignments"), listed("contacts"))
_SPEED: Final = tuple(integer(f"capability_speed{suffix}") for suffix in ("", "_lt", "_lte", "_gt", "_gte"))
_VALIDITY: Final = (moment("valid_not_before"), moment("valid_not_after"))
_SERVICE_TYPE: Final = choice("type", *get_args(NetworkServiceType))

FILTERS: Final[dict[str, tuple[Filter, ...]]] = {
    "accounts": (
        _ID,
        *_STATE,
        text("managing_account"),
        boolean("billable"),
        text("external_ref"),
        text("name"),
        integer("asn"),
    ),
    "availability-zones": (_ID, text("name")),
    "connections": (
        _ID,
        *_STATE,
        *_OWNERS,
        text("mode"),
        text("mode__is_not"),
        text("name"),
        text("metro_area"),
        text("metro_area_network"),
        text("pop"),
        text("facility"),
        *_STAFF,
        text("supported_network_service"),
    ),
    "contacts": (_ID, *_OWNERS),
    "devices": (
        _ID,
        *_SPEED,
        text("name"),
        text("capability_media_type"),
        text("facility"),
        text("pop"),
        text("metro_area_network"),
    ),
    "facilities": (
        _ID,
        *_SPEED,
        text("capability_media_type"),
        text("organisation_name"),
        text("metro_area"),
        text("metro_area_network"),
        text("address_country"),
        text("address_locality"),
        text("postal_code"),
    ),
    "ips": (
        _ID,
        *_OWNERS,
        text("network_service"),
        text("network_service_config"),
        text("network_feature"),
        text("network_feature_config"),
        integer("version"),
        text("fqdn"),
        integer("prefix_length"),
        *_VALIDITY,
    ),
    "macs": (_ID, *_OWNERS, text("network_service_config"), text("address"), *_VALIDITY),
    "member-joining-rules": (_ID, *_OWNERS, text("network_service")),
    "metro-area-networks": (_ID, text("name"), text("metro_area"), text("service_provider")),
    "metro-areas": (_ID,),
    "network-feature-configs": (
        _ID,
        *_STATE,
        *_OWNERS,
        text("type"),
        text("service_config"),
        text("network_service_config"),
        text("network_feature"),
        *_STAFF,
    ),
    "network-features": (_ID, text("type"), boolean("required"), text("network_service"), text("name")),
    "network-service-configs": (
        _ID,
        *_STATE,
        *_OWNERS,
        _SERVICE_TYPE,
        integer("inner_vlan"),
        integer("outer_vlan"),
        integer("capacity"),
        text("network_service"),
        text("connection"),
        text("product_offering"),
        *_STAFF,
    ),
    "network-services": (_ID, *_STATE, *_OWNERS, _SERVICE_TYPE, text("pop"), text("product_offering")),
    "pops": (_ID, text("facility"), text("metro_area_network"), text("capability_media_type"), *_SPEED),
    "port-reservations": (_ID, *_STATE, text("connection"), text("port"), text("external_ref")),
    "ports": (
        _ID,
        *_STATE,
        *_OWNERS,
        text("media_type"),
        text("pop"),
        text("name"),
        text("device"),
        text("speed"),
        text("connection"),
    ),
    "product-offerings": (
        _ID,
        choice("type", *get_args(OfferingType)),
        choice("resource_type", *get_args(ResourceType)),
        text("name"),
        text("handover_metro_area"),
        text("handover_metro_area_network"),
        text("handover_pop"),
        text("service_metro_area"),
        text("service_metro_area_network"),
        text("service_provider"),
        boolean("downgrade_allowed"),
        boolean("upgrade_allowed"),
        integer("bandwidth"),
        integer("physical_port_speed"),
        text("service_provider_region"),
        text("service_provider_pop"),
        choice("delivery_method", *get_args(DeliveryMethod)),
        text("cloud_key"),
        period("contract_initial_period"),
        period("contract_initial_notice_period"),
        period("contract_renewal_period"),
        period("contract_renewal_notice_period"),
        listed("fields"),
    ),
    "role-assignments": (_ID, text("contact"), text("role")),
    "roles": (_ID, text("name"), text("contact")),
    "routing-functions": (_ID, *_STATE, *_OWNERS, text("asn")),
}
