"""Port reservations: a claim on one port, and both ends of its cross-connect."""

from peerhall.contract.marks import Maybe, Schema, Sensitive
from peerhall.contract.members import Status
from peerhall.contract.vocabulary import ConnectionId, Date, EchoedId, Id, PortId, State, Text


class CrossConnect(Schema):
    """What the subscriber tells about the cable and its invoice."""

    purchase_order: Sensitive[Text | None] = None
    contract_ref: Sensitive[Text | None] = None
    external_ref: Sensitive[Text | None] = None
    subscriber_side_demarc: Text | None = None
    connecting_party: Text | None = None
    cross_connect_id: Text | None = None


class PortReservation(CrossConnect):
    """A reserved port; `port` and `exchange_side_demarc` stay null until it is allocated."""

    id: Id
    state: Sensitive[Maybe[State]] = None
    status: Sensitive[Maybe[list[Status]]] = None
    decommission_at: Sensitive[Date | None] = None
    charged_until: Sensitive[Date | None] = None
    current_billing_start_date: Sensitive[Date | None] = None
    connection: Maybe[ConnectionId] = None
    exchange_side_demarc: Text | None = None
    port: PortId | None = None


class PortReservationRequest(CrossConnect):
    """One more port for a connection."""

    connection: ConnectionId
    id: EchoedId = None


class PortReservationUpdate(CrossConnect):
    """All of a reservation that can change."""

    id: EchoedId = None
