"""VLAN configs: how a config's traffic is told apart on a connection."""

from typing import Annotated, Literal

from pydantic import Field

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Ethertype, VlanTag


class VLanConfigPort(Schema):
    """The whole connection, untagged."""

    vlan_type: Literal["port"]


class VLanConfigDot1Q(Schema):
    """One tag; null or absent lets the exchange pick a free one."""

    vlan_type: Literal["dot1q"]
    vlan: VlanTag | None = None
    vlan_ethertype: Ethertype | None = "0x8100"


class VLanConfigQinQ(Schema):
    """Two tags; null or absent lets the exchange pick the outer one."""

    vlan_type: Literal["qinq"]
    outer_vlan: VlanTag | None = None
    outer_vlan_ethertype: Ethertype | None = "0x8100"
    inner_vlan: VlanTag


VlanConfig = Annotated[VLanConfigPort | VLanConfigDot1Q | VLanConfigQinQ, Field(discriminator="vlan_type")]
