"""Layer 3 members of network service configs: BGP and addresses on either side."""

from peerhall.contract.marks import Schema, Sensitive
from peerhall.contract.vocabulary import Integer, Text


class BgpEndpoint(Schema):
    """Both ends of a BGP session; local addresses are written with their prefix length."""

    bgp_neighbor_address: Text | None = None
    bgp_neighbor_address_primary: Text | None = None
    bgp_neighbor_address_secondary: Text | None = None
    bgp_neighbor_asn: Integer | None = None
    bgp_address_family: Text | None = None
    bfd: bool | None = None
    local_asn: Integer | None = None
    local_address: Text | None = None
    local_address_primary: Text | None = None
    local_address_secondary: Text | None = None


class L3Config(BgpEndpoint):
    """The customer's side; the offering says which members it needs and which it knows."""

    bgp_password: Text | None = None


class CloudConfig(BgpEndpoint):
    """The cloud provider's side."""

    bgp_password: Sensitive[Text | None] = None
    vlan: Integer | None = None
    peering_type: Text | None = None
