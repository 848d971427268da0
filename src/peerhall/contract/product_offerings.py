"""Product offerings: what can be ordered where, in seven kinds.

`handover_*` is where the customer plugs in, `service_*` where the service is delivered. Bandwidths and port speeds are
in Mbit/s, contract periods are ISO 8601 durations.
"""

from typing import Annotated, Literal

from annotated_types import MaxLen
from pydantic import Field

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import (
    DeliveryMethod,
    Id,
    Instant,
    Integer,
    MetroAreaId,
    MetroAreaNetworkId,
    Natural,
    NetworkServiceId,
    PopId,
    Positive,
    ResourceType,
    Text,
    Text160,
    Text256,
)


class Offer(Schema):
    """What every offering may say."""

    id: Id
    exchange_logo: Text | None = None
    service_provider_logo: Text | None = None
    product_logo: Text | None = None
    orderable_not_before: Instant | None = None
    orderable_not_after: Instant | None = None
    contract_terms: Text | None = None
    notice_period: Text | None = None
    contract_initial_period: Text | None = None
    contract_initial_notice_period: Text | None = None
    contract_renewal_period: Text | None = None
    contract_renewal_notice_period: Text | None = None


class LooseOffer(Offer):
    """The members that the schemas newer than 2.1.0 name without demanding them."""

    name: Maybe[Text] = None
    display_name: Maybe[Text] = None
    resource_type: Maybe[ResourceType] = None
    handover_metro_area_network: Maybe[MetroAreaNetworkId] = None
    handover_metro_area: Maybe[MetroAreaId] = None
    physical_port_speed: Maybe[Integer] = None
    service_provider: Maybe[Text] = None
    downgrade_allowed: Maybe[bool] = None
    upgrade_allowed: Maybe[bool] = None


class NetworkOffer(Offer):
    """An offering of a network service, or of a config on one."""

    name: Text160
    display_name: Text256
    resource_type: ResourceType
    handover_metro_area_network: MetroAreaNetworkId
    handover_metro_area: MetroAreaId
    physical_port_speed: Natural | None
    service_provider: Text
    downgrade_allowed: bool
    upgrade_allowed: bool
    provider_vlans: Literal["single", "multi"]
    service_metro_area_network: MetroAreaNetworkId
    service_metro_area: MetroAreaId
    bandwidth_min: Natural | None
    bandwidth_max: Natural | None
    nsc_required_l3_config_fields: Maybe[list[Text]] = None
    nsc_supported_l3_config_fields: Maybe[list[Text]] = None


class ConnectionProductOffering(LooseOffer):
    """Ports of one speed in a metro area network, or in one of its PoPs."""

    type: Literal["connection"]
    cross_connect_initiator: Maybe[Text] = None
    handover_pop: PopId | None = None
    maximum_port_quantity: Integer | None = None
    required_contact_roles: Maybe[list[Text]] = None


class ExchangeLanNetworkProductOffering(NetworkOffer):
    """Access to a peering LAN."""

    type: Literal["exchange_lan"]
    exchange_lan_network_service: NetworkServiceId


class P2PNetworkProductOffering(NetworkOffer):
    """A circuit between two members."""

    type: Literal["p2p_vc"]


class P2MPNetworkProductOffering(NetworkOffer):
    """A rooted multipoint circuit."""

    type: Literal["p2mp_vc"]


class MP2MPNetworkProductOffering(NetworkOffer):
    """A closed user group."""

    type: Literal["mp2mp_vc"]


class ServiceExchangePop(Schema):
    """Where a cloud is handed over, and how it gets there."""

    pop: Maybe[PopId] = None
    path_info: Text | None = None


class CloudNetworkProductOffering(NetworkOffer):
    """A circuit into a cloud; diversity counts the handovers between exchange and provider."""

    type: Literal["cloud_vc"]
    service_provider_region: Text | None
    service_provider_pop: Annotated[Text, MaxLen(16)] | None
    service_provider_pop_name: Text | None = None
    service_provider_workflow: Literal["exchange_first", "provider_first"]
    delivery_method: DeliveryMethod
    diversity: Positive
    service_exchange_pops: Maybe[list[ServiceExchangePop]] = None
    nsc_supported_cloud_config_peering_types: Maybe[list[Text]] = None
    nsc_required_cloud_config_fields: Maybe[list[Text]] = None
    nsc_supported_cloud_config_fields: Maybe[list[Text]] = None


class RoutingFunctionProductOffering(LooseOffer):
    """A router instance run by the exchange."""

    type: Literal["routing_function"]
    bandwidth_min: Maybe[Integer] = None
    bandwidth_max: Maybe[Integer] = None


ProductOffering = Annotated[
    ConnectionProductOffering
    | ExchangeLanNetworkProductOffering
    | P2PNetworkProductOffering
    | P2MPNetworkProductOffering
    | MP2MPNetworkProductOffering
    | CloudNetworkProductOffering
    | RoutingFunctionProductOffering,
    Field(discriminator="type"),
]
