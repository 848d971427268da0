"""Network feature configs: a member's use of a feature; today a session with a route server."""

from typing import Annotated, Literal

from pydantic import Field

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.members import Invoiceable, Invoiced, Observed, Owned, Staffable, Staffed
from peerhall.contract.vocabulary import (
    Asn,
    BgpSessionType,
    EchoedId,
    Id,
    IpId,
    Natural,
    NetworkFeatureId,
    NetworkServiceConfigId,
    SessionMode,
    Text,
    Text100,
    Text128,
)


class IXPSpecificFeatureFlagConfig(Schema):
    """A switch, on or off."""

    name: Maybe[Text] = None
    enabled: Maybe[bool] = None
    id: EchoedId = None
    """Ours, as in status entries: the flag's name."""


class Session(Schema):
    """One BGP session of one address family, from the address `ip` on the LAN."""

    type: Literal["route_server"]
    asn: Asn
    password: Text128 | None = ""
    as_set_v4: Text100 | None = None
    as_set_v6: Text100 | None = None
    max_prefix_v4: Natural | None = None
    max_prefix_v6: Natural | None = None
    insert_ixp_asn: bool | None = True
    session_mode: SessionMode
    bgp_session_type: BgpSessionType
    ip: IpId


class Placed(Schema):
    """Which feature, on which config."""

    network_feature: NetworkFeatureId
    network_service_config: NetworkServiceConfigId
    flags: Maybe[list[IXPSpecificFeatureFlagConfig]] = None


class RouteServerNetworkFeatureConfig(Observed, Invoiced, Staffed, Placed, Session):
    """A session with a route server."""

    id: Id


class RouteServerNetworkFeatureConfigRequest(Invoiceable, Staffable, Placed, Session):
    """A session to be created."""

    id: EchoedId = None


class RouteServerNetworkFeatureConfigUpdate(Owned, Session):
    """All of a session that can change."""


NetworkFeatureConfig = Annotated[RouteServerNetworkFeatureConfig, Field(discriminator="type")]
NetworkFeatureConfigRequest = Annotated[RouteServerNetworkFeatureConfigRequest, Field(discriminator="type")]
NetworkFeatureConfigUpdate = Annotated[RouteServerNetworkFeatureConfigUpdate, Field(discriminator="type")]
