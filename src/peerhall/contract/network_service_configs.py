"""Network service configs: a member's use of a network service, over a connection or a routing function."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from peerhall.contract.layer3 import CloudConfig, L3Config
from peerhall.contract.marks import Maybe, ReadOnly, Schema, Sensitive
from peerhall.contract.members import Cancellable, Invoiceable, Invoiced, Staffable, Staffed
from peerhall.contract.vlan_configs import VlanConfig
from peerhall.contract.vocabulary import (
    Asn,
    AvailabilityZoneId,
    ConnectionId,
    EchoedId,
    Id,
    Integer,
    IpId,
    MacId,
    NetworkFeatureConfigId,
    NetworkServiceId,
    Positive,
    ProductOfferingId,
    RoutingFunctionId,
    Text,
    VlanTag,
)


class SharedStatisticsConfigAllow(Schema):
    """Everybody may see the left-over capacity, but for some."""

    policy: Literal["allow"]
    nsc_available_capacity: Maybe[list[Text]] = None
    accounts_denied: Maybe[list[Text]] = None


class SharedStatisticsConfigDeny(Schema):
    """Nobody may see the left-over capacity, but for some."""

    policy: Literal["deny"]
    nsc_available_capacity: Maybe[list[Text]] = None
    accounts_allowed: Maybe[list[Text]] = None


SharedStatisticsConfig = Annotated[
    SharedStatisticsConfigAllow | SharedStatisticsConfigDeny, Field(discriminator="policy")
]


class Attachment(Schema):
    """Where the config attaches: exactly one of connection (then with a VLAN config) and routing function."""

    connection: Sensitive[ConnectionId | None] = None
    routing_function: Sensitive[RoutingFunctionId | None] = None
    vlan_config: Sensitive[Maybe[VlanConfig]] = None
    l3_config: Sensitive[L3Config | None] = None
    network_feature_configs: Sensitive[ReadOnly[Maybe[list[NetworkFeatureConfigId]]]] = None


class Config(Cancellable, Invoiced, Staffed, Attachment):
    """What every config says of itself."""

    id: Id
    network_service: NetworkServiceId


class ConfigRequest(Invoiceable, Staffable, Attachment):
    """What every order of a config says."""

    network_service: NetworkServiceId
    id: EchoedId = None


class ConfigUpdate(Invoiced, Staffed, Attachment):
    """What can change of every config."""

    id: EchoedId = None


class Presence(Schema):
    """Presence on a peering LAN; capacity in Mbit/s, null is as much as offering and connection allow."""

    capacity: Sensitive[Positive | None] = None
    asns: list[Asn]
    macs: Sensitive[Maybe[list[MacId]]] = None
    ips: Sensitive[ReadOnly[Maybe[list[IpId]]]] = None
    consumer_side_ready: Sensitive[bool | None] = None
    availability_zone: Sensitive[AvailabilityZoneId | None] = None
    shared_statistics: Sensitive[SharedStatisticsConfig | None] = None


class ExchangeLanNetworkServiceConfig(Config, Presence):
    """A member's presence on a peering LAN."""

    type: Literal["exchange_lan"]
    listed: bool
    product_offering: ProductOfferingId


class ExchangeLanNetworkServiceConfigRequest(ConfigRequest, Presence):
    """A presence to be created; clients leave out a `listed` that is false."""

    type: Literal["exchange_lan"]
    listed: Maybe[bool] = False
    product_offering: ProductOfferingId


class ExchangeLanNetworkServiceConfigUpdate(ConfigUpdate, Presence):
    """All of a presence that can change; the product cannot."""

    type: Literal["exchange_lan"]
    listed: bool


class Priced(Schema):
    """An offering among those the service allows, and a capacity in Mbit/s."""

    product_offering: ProductOfferingId | None = None
    capacity: Sensitive[Positive | None] = None
    macs: Sensitive[Maybe[list[MacId]]] = None


class Listless(Schema):
    """Ours: the lists Peering Manager reads from every config, empty where the standard has none."""

    ips: Sensitive[ReadOnly[Maybe[list[IpId]]]] = None


class P2PNetworkServiceConfig(Config, Priced, Listless):
    """One side of a circuit."""

    type: Literal["p2p_vc"]


class P2PNetworkServiceConfigRequest(ConfigRequest, Priced):
    """One side of a circuit to be created."""

    type: Literal["p2p_vc"]


class P2PNetworkServiceConfigUpdate(ConfigUpdate, Priced):
    """All of a circuit's side that can change."""

    type: Literal["p2p_vc"]


class Rooted(Schema):
    """Roots reach everybody, leaves reach roots only."""

    role: Literal["root", "leaf"] | None = "leaf"


class P2MPNetworkServiceConfig(Config, Priced, Listless, Rooted):
    """A root or leaf of a rooted multipoint circuit."""

    type: Literal["p2mp_vc"]


class P2MPNetworkServiceConfigRequest(ConfigRequest, Priced, Rooted):
    """A root or leaf to be created."""

    type: Literal["p2mp_vc"]


class P2MPNetworkServiceConfigUpdate(ConfigUpdate, Priced, Rooted):
    """All of a root or leaf that can change."""

    type: Literal["p2mp_vc"]


class Numbering(Schema):
    """Addresses and ASNs inside a closed user group."""

    ips: Sensitive[Maybe[list[IpId]]] = None
    asns: Maybe[list[Integer]] = None


class MP2MPNetworkServiceConfig(Config, Priced, Numbering):
    """A member of a closed user group."""

    type: Literal["mp2mp_vc"]


class MP2MPNetworkServiceConfigRequest(ConfigRequest, Priced, Numbering):
    """A membership to be created."""

    type: Literal["mp2mp_vc"]


class MP2MPNetworkServiceConfigUpdate(ConfigUpdate, Priced, Numbering):
    """All of a membership that can change."""

    type: Literal["mp2mp_vc"]


def _zero_is_none(value: Any) -> Any:
    """The official Terraform provider's way of saying null."""
    return None if value == 0 and type(value) is int else value


class Handover(Schema):
    """Which of the provider's handovers is used; `cloud_vlan` is the old name of `cloud_config.vlan`."""

    handover: Positive
    cloud_vlan: Annotated[VlanTag | None, BeforeValidator(_zero_is_none)] = None
    product_offering: Sensitive[ProductOfferingId | None] = None
    cloud_config: CloudConfig | None = None
    availability_zone: Sensitive[AvailabilityZoneId | None] = None


class CloudNetworkServiceConfig(Config, Handover, Listless):
    """One handover of a cloud circuit."""

    type: Literal["cloud_vc"]
    macs: Sensitive[Maybe[list[MacId]]] = None
    """Ours: empty, for Peering Manager."""


class CloudNetworkServiceConfigRequest(ConfigRequest, Handover):
    """A handover to be created."""

    type: Literal["cloud_vc"]


class CloudNetworkServiceConfigUpdate(ConfigUpdate, Handover):
    """All of a handover that can change."""

    type: Literal["cloud_vc"]


NetworkServiceConfig = Annotated[
    ExchangeLanNetworkServiceConfig
    | P2PNetworkServiceConfig
    | P2MPNetworkServiceConfig
    | MP2MPNetworkServiceConfig
    | CloudNetworkServiceConfig,
    Field(discriminator="type"),
]
NetworkServiceConfigRequest = Annotated[
    ExchangeLanNetworkServiceConfigRequest
    | P2PNetworkServiceConfigRequest
    | P2MPNetworkServiceConfigRequest
    | MP2MPNetworkServiceConfigRequest
    | CloudNetworkServiceConfigRequest,
    Field(discriminator="type"),
]
NetworkServiceConfigUpdate = Annotated[
    ExchangeLanNetworkServiceConfigUpdate
    | P2PNetworkServiceConfigUpdate
    | P2MPNetworkServiceConfigUpdate
    | MP2MPNetworkServiceConfigUpdate
    | CloudNetworkServiceConfigUpdate,
    Field(discriminator="type"),
]
