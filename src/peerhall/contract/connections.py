"""Connections: a subscriber's port or bundle of ports, what network service configs attach to."""

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.members import Cancellable, Invoiceable, Invoiced, Staffable, Staffed
from peerhall.contract.vocabulary import (
    ConnectionMode,
    EchoedId,
    Ethertype,
    Id,
    Integer,
    LacpTimeout,
    MetroAreaId,
    MetroAreaNetworkId,
    Natural,
    PopId,
    PortId,
    PortReservationId,
    ProductOfferingId,
    Text,
    Text80,
    VlanType,
)


class Bundle(Schema):
    """How the ports act together; lacp_timeout only with `lag_lacp`."""

    mode: ConnectionMode
    lacp_timeout: LacpTimeout | None = None


class Connection(Cancellable, Invoiced, Staffed, Bundle):
    """Ports in use together; speed and capacities in Mbit/s."""

    id: Id
    name: Text80
    product_offering: Maybe[ProductOfferingId] = None
    ports: Maybe[list[PortId]] = None
    port_reservations: Maybe[list[PortReservationId]] = None
    port_quantity: Maybe[Integer] = None
    pop: Maybe[PopId] = None
    metro_area: MetroAreaId | None = None
    metro_area_network: MetroAreaNetworkId | None = None
    speed: Natural | None = None
    capacity_allocated: Maybe[Integer] = None
    capacity_allocation_limit: Integer | None = None
    vlan_types: list[VlanType]
    outer_vlan_ethertypes: list[Ethertype]
    subscriber_side_demarcs: Maybe[list[Text]] = None


class ConnectionRequest(Invoiceable, Staffable, Bundle):
    """An order for a connection; it creates `port_quantity` port reservations with it."""

    product_offering: ProductOfferingId
    port_quantity: Integer
    subscriber_side_demarcs: Maybe[list[Text]] = None
    connecting_party: Text | None = None
    id: EchoedId = None


class ConnectionUpdate(Invoiced, Staffed, Bundle):
    """All of a connection that can change."""

    product_offering: ProductOfferingId
    id: EchoedId = None
