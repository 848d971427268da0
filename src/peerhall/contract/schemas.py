"""Finds a schema by its name in the standard, loading its module only then.

All 129 at once cost a fifth of a second at every start; a request needs two or three.
"""

from functools import cache
from importlib import import_module
from typing import Any, Final, get_args

from peerhall.contract.marks import Schema

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("Account", "AccountRequest", "AccountUpdate", "Address", "BillingInformation"),
    "authentication": ("AuthToken", "AuthTokenRequest", "RefreshTokenRequest"),
    "availability_zones": ("AvailabilityZone",),
    "cancellation": ("CancellationPolicy", "CancellationRequest"),
    "connections": ("Connection", "ConnectionRequest", "ConnectionUpdate"),
    "contacts": ("Contact", "ContactRequest", "ContactUpdate"),
    "devices": ("Device", "DeviceCapability"),
    "discovery": ("APIFeatures", "ApiExtension", "HealthResponse", "ImplementationResponse"),
    "facilities": ("Facility",),
    "ips": ("IpAddress", "IpAddressRequest", "IpAddressUpdate"),
    "layer3": ("CloudConfig", "L3Config"),
    "macs": ("MacAddress", "MacAddressRequest"),
    "member_joining_rules": (
        "AllowMemberJoiningRule",
        "AllowMemberJoiningRuleRequest",
        "AllowMemberJoiningRuleUpdate",
        "DenyMemberJoiningRule",
        "DenyMemberJoiningRuleRequest",
        "DenyMemberJoiningRuleUpdate",
        "MemberJoiningRule",
        "MemberJoiningRuleRequest",
        "MemberJoiningRuleUpdate",
    ),
    "members": ("Status",),
    "metro_area_networks": ("MetroAreaNetwork",),
    "metro_areas": ("MetroArea",),
    "network_feature_configs": (
        "IXPSpecificFeatureFlagConfig",
        "NetworkFeatureConfig",
        "NetworkFeatureConfigRequest",
        "NetworkFeatureConfigUpdate",
        "RouteServerNetworkFeatureConfig",
        "RouteServerNetworkFeatureConfigRequest",
        "RouteServerNetworkFeatureConfigUpdate",
    ),
    "network_features": ("IXPSpecificFeatureFlag", "NetworkFeature", "RouteServerNetworkFeature"),
    "network_service_configs": (
        "CloudNetworkServiceConfig",
        "CloudNetworkServiceConfigRequest",
        "CloudNetworkServiceConfigUpdate",
        "ExchangeLanNetworkServiceConfig",
        "ExchangeLanNetworkServiceConfigRequest",
        "ExchangeLanNetworkServiceConfigUpdate",
        "MP2MPNetworkServiceConfig",
        "MP2MPNetworkServiceConfigRequest",
        "MP2MPNetworkServiceConfigUpdate",
        "NetworkServiceConfig",
        "NetworkServiceConfigRequest",
        "NetworkServiceConfigUpdate",
        "P2MPNetworkServiceConfig",
        "P2MPNetworkServiceConfigRequest",
        "P2MPNetworkServiceConfigUpdate",
        "P2PNetworkServiceConfig",
        "P2PNetworkServiceConfigRequest",
        "P2PNetworkServiceConfigUpdate",
        "SharedStatisticsConfig",
        "SharedStatisticsConfigAllow",
        "SharedStatisticsConfigDeny",
    ),
    "network_services": (
        "CloudNetworkService",
        "CloudNetworkServiceRequest",
        "CloudNetworkServiceUpdate",
        "ExchangeLanNetworkService",
        "MP2MPNetworkService",
        "MP2MPNetworkServiceRequest",
        "MP2MPNetworkServiceUpdate",
        "NetworkService",
        "NetworkServiceChangeRequest",
        "NetworkServiceRequest",
        "NetworkServiceUpdate",
        "P2MPNetworkService",
        "P2MPNetworkServiceRequest",
        "P2MPNetworkServiceUpdate",
        "P2PNetworkService",
        "P2PNetworkServiceRequest",
        "P2PNetworkServiceUpdate",
    ),
    "pops": ("PointOfPresence",),
    "port_reservations": ("PortReservation", "PortReservationRequest", "PortReservationUpdate"),
    "ports": ("Port",),
    "problems": ("Conflict", "ProblemResponse", "ValidationErrorProperty", "ValidationErrorResponse"),
    "product_offerings": (
        "CloudNetworkProductOffering",
        "ConnectionProductOffering",
        "ExchangeLanNetworkProductOffering",
        "MP2MPNetworkProductOffering",
        "P2MPNetworkProductOffering",
        "P2PNetworkProductOffering",
        "ProductOffering",
        "RoutingFunctionProductOffering",
        "ServiceExchangePop",
    ),
    "roles": ("Role",),
    "role_assignments": ("RoleAssignment", "RoleAssignmentRequest"),
    "routing_functions": ("RoutingFunction", "RoutingFunctionRequest"),
    "statistics": (
        "Aggregate",
        "AggregateStatistics",
        "AggregateTimeseries",
        "IPAddressShort",
        "NetworkServiceConfigAggregate",
        "NetworkServiceConfigAggregateStatistics",
        "Peer",
        "PeerAggregate",
        "PeerAggregateTimeseries",
        "PeerRTT",
        "PortStatistics",
    ),
    "vlan_configs": ("VLanConfigDot1Q", "VLanConfigPort", "VLanConfigQinQ", "VlanConfig"),
}

NAMES: Final = frozenset(name for names in MODULES.values() for name in names)

_MODULE_OF: Final = {name: module for module, names in MODULES.items() for name in names}


@cache
def get_schema(name: str) -> Any:
    """The model, or for a polymorphic schema the discriminated union, of this name; KeyError for any other."""
    return getattr(import_module(f"peerhall.contract.{_MODULE_OF[name]}"), name)


@cache
def get_variants(name: str) -> dict[str, type[Schema]]:
    """The models a polymorphic schema chooses from, by their `type`; a plain schema is its own only one, under ""."""
    schema = get_schema(name)
    if isinstance(schema, type):
        model: type[Schema] = schema
        discriminated = model.model_fields.get("type")
        literals = get_args(discriminated.annotation) if discriminated else ()
        return {str(literals[0]) if literals else "": model}
    union = get_args(schema)[0]
    members: tuple[type[Schema], ...] = get_args(union) or (union,)
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in members}
