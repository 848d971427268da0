"""Network features: what a network service has beside its wires; today route servers."""

from typing import Annotated, Literal

from pydantic import Field

from peerhall.contract.marks import Maybe, ReadOnly, Schema
from peerhall.contract.vocabulary import (
    AddressFamily,
    BgpSessionType,
    Id,
    Natural,
    NetworkServiceId,
    SessionMode,
    Text,
    Text20,
    Text80,
)


class IXPSpecificFeatureFlag(Schema):
    """A switch of this exchange's making; a mandatory one is always on."""

    name: Text20
    description: Text80
    mandatory: Maybe[bool] = None


class RouteServerNetworkFeature(Schema):
    """A route server; addresses are given for the families it speaks."""

    type: Literal["route_server"]
    id: Id
    name: Text80
    required: bool
    nfc_required_contact_roles: ReadOnly[Maybe[list[Text]]] = None
    flags: list[IXPSpecificFeatureFlag]
    network_service: NetworkServiceId
    asn: Natural
    fqdn: Text80
    looking_glass_url: Text | None = None
    address_families: list[AddressFamily]
    session_mode: SessionMode
    available_bgp_session_types: list[BgpSessionType]
    ip_v4: Text | None
    ip_v6: Text | None


NetworkFeature = Annotated[RouteServerNetworkFeature, Field(discriminator="type")]
