"""Network services: peering LANs, private circuits, closed user groups, clouds."""

from typing import Annotated, ClassVar, Literal

from annotated_types import MaxLen
from pydantic import Field

from peerhall.contract.marks import Maybe, ReadOnly, Schema, Sensitive
from peerhall.contract.members import Cancellable, Invoiceable, Invoiced, Observed, Owned
from peerhall.contract.vocabulary import (
    AccountId,
    AvailabilityZoneId,
    EchoedId,
    Id,
    Integer,
    IpId,
    MemberJoiningRuleId,
    MetroAreaNetworkId,
    NetworkFeatureId,
    Positive,
    ProductOfferingId,
    Text,
)


class Joinable(Schema):
    """What a config on the service has to bring along."""

    id: Id
    nsc_required_contact_roles: ReadOnly[Maybe[list[Text]]] = None


class Addressless(Schema):
    """Ours: what Peering Manager reads from every service, null where only a peering LAN has it."""

    subnet_v4: Text | None = None
    subnet_v6: Text | None = None
    peeringdb_ixid: Integer | None = None


class PrivateService(Joinable, Cancellable, Invoiced, Addressless):
    """A service that a member ordered and may let others join."""

    not_for_all: ClassVar = frozenset({"state", "billing_account", "member_joining_rules", "network_features"})
    """What strangers, or those who take part, do not see of it."""

    product_offering: ProductOfferingId


class Redefinition(Schema):
    """The members any private service can change."""

    product_offering: Maybe[ProductOfferingId] = None
    managing_account: Sensitive[Maybe[AccountId]] = None
    consuming_account: Sensitive[Maybe[AccountId]] = None
    external_ref: Sensitive[Text | None] = None
    purchase_order: Sensitive[Text | None] = None
    contract_ref: Sensitive[Text | None] = None
    billing_account: Sensitive[Maybe[AccountId]] = None
    id: EchoedId = None


class PrivateServiceRequest(Invoiceable):
    """A private service to be created."""

    product_offering: ProductOfferingId
    id: EchoedId = None


class ExchangeLanNetworkService(Joinable, Observed, Owned):
    """A peering LAN; the exchange owns it and everybody sees it."""

    type: Literal["exchange_lan"]
    name: Annotated[Text, MaxLen(40)]
    metro_area_network: MetroAreaNetworkId
    peeringdb_ixid: Integer | None = None
    ixfdb_ixid: Integer | None = None
    network_features: list[NetworkFeatureId]
    subnet_v4: Text
    subnet_v6: Text
    product_offering: ProductOfferingId | None = None
    ips: Maybe[list[IpId]] = None
    """Ours: one address object per subnet, by which Peering Manager recognises the LAN."""


class P2PMembers(Schema):
    """What the two sides of a circuit are called and where it runs."""

    display_name: Text | None = None
    availability_zones: Maybe[list[AvailabilityZoneId]] = None


class P2PNetworkService(PrivateService, P2PMembers):
    """A circuit between its owner (A-side) and the joining member (B-side); capacity in Mbit/s."""

    type: Literal["p2p_vc"]
    nsc_product_offerings: Maybe[list[ProductOfferingId]] = None
    joining_member_account: AccountId
    capacity: Positive | None = None


class P2PNetworkServiceRequest(PrivateServiceRequest, P2PMembers):
    """A circuit to be created."""

    type: Literal["p2p_vc"]
    joining_member_account: AccountId


class P2PNetworkServiceUpdate(Redefinition, P2PMembers):
    """All of a circuit that can change."""

    type: Literal["p2p_vc"]
    joining_member_account: Maybe[AccountId] = None


class Group(Schema):
    """Whether strangers may join, and what they see the group called."""

    display_name: Text | None = None
    public: bool | None = False


class Regroup(Schema):
    """`Group`, where absent means unchanged."""

    display_name: Text | None = None
    public: bool | None = None


class P2MPNetworkService(PrivateService, Group):
    """A rooted multipoint circuit: leaves reach roots only."""

    type: Literal["p2mp_vc"]
    nsc_product_offerings: Maybe[list[ProductOfferingId]] = None
    network_features: list[NetworkFeatureId]
    member_joining_rules: list[MemberJoiningRuleId]


class P2MPNetworkServiceRequest(PrivateServiceRequest, Group):
    """A rooted multipoint circuit to be created."""

    type: Literal["p2mp_vc"]


class P2MPNetworkServiceUpdate(Redefinition, Regroup):
    """All of a rooted multipoint circuit that can change."""

    type: Literal["p2mp_vc"]


class Subnets(Schema):
    """Prefixes used inside a closed user group."""

    subnet_v4: Text | None = None
    subnet_v6: Text | None = None


class MP2MPNetworkService(PrivateService, Group):
    """A closed user group: everybody on it reaches everybody."""

    type: Literal["mp2mp_vc"]
    nsc_product_offerings: Maybe[list[ProductOfferingId]] = None
    network_features: list[NetworkFeatureId]
    member_joining_rules: list[MemberJoiningRuleId]
    mac_acl_protection: bool | None = None


class MP2MPNetworkServiceRequest(PrivateServiceRequest, Group, Subnets):
    """A closed user group to be created."""

    type: Literal["mp2mp_vc"]


class MP2MPNetworkServiceUpdate(Redefinition, Regroup, Subnets):
    """All of a closed user group that can change."""

    type: Literal["mp2mp_vc"]


class CloudNetworkService(PrivateService):
    """A circuit into a cloud; capacity in Mbit/s."""

    type: Literal["cloud_vc"]
    nsc_product_offerings: Maybe[list[ProductOfferingId]] = None
    capacity: Positive | None = None
    diversity: Positive
    provider_ref: Text | None
    cloud_key: Text
    availability_zones: Maybe[list[AvailabilityZoneId]] = None
    network_features: Maybe[list[NetworkFeatureId]] = None


class CloudNetworkServiceRequest(PrivateServiceRequest):
    """A cloud circuit to be created; cloud_key names the tenant or its circuit at the provider."""

    type: Literal["cloud_vc"]
    capacity: Positive | None = None
    cloud_key: Text


class CloudNetworkServiceUpdate(Redefinition):
    """All of a cloud circuit that can change."""

    type: Literal["cloud_vc"]
    capacity: Integer | None = None
    cloud_key: Maybe[Text] = None


class NetworkServiceChangeRequest(Schema):
    """The B-side's wish for another bandwidth of a circuit; capacity in Mbit/s."""

    product_offering: ProductOfferingId
    capacity: Positive | None = None


NetworkService = Annotated[
    ExchangeLanNetworkService | P2PNetworkService | P2MPNetworkService | MP2MPNetworkService | CloudNetworkService,
    Field(discriminator="type"),
]
NetworkServiceRequest = Annotated[
    P2PNetworkServiceRequest | P2MPNetworkServiceRequest | MP2MPNetworkServiceRequest | CloudNetworkServiceRequest,
    Field(discriminator="type"),
]
NetworkServiceUpdate = Annotated[
    P2PNetworkServiceUpdate | P2MPNetworkServiceUpdate | MP2MPNetworkServiceUpdate | CloudNetworkServiceUpdate,
    Field(discriminator="type"),
]
