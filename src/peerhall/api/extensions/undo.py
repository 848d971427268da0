"""Undo: a cancellation is taken back while its day has not come."""

from typing import Final

from peerhall.api.extensions.extension import Extension
from peerhall.api.resources.orders import answer_order
from peerhall.contract.operations import Operation
from peerhall.orderdesk.commands import UNDO

_SCHEMAS: Final = {
    "connections": "Connection",
    "network-feature-configs": "NetworkFeatureConfig",
    "network-service-configs": "NetworkServiceConfig",
    "network-services": "NetworkService",
    "port-reservations": "PortReservation",
    "routing-functions": "RoutingFunction",
}

EXTENSION: Final = Extension(
    "undo",
    "Takes back a cancellation while its day has not come.",
    """
`POST` without a body to what is `decommission_requested`: a connection, port reservation, network service, network
service config, network feature config or routing function. The answer is the object, in production again, with
`decommission_at` and `charged_until` cleared. What was to leave with it stays with it: reservations and ports of a
connection, configs of a network service, feature configs of a network service config. Refused (400 UnableToFulfill) in
every other state, once the day has come, and for a part of what leaves itself. A feature config that was cancelled by
itself has no day: it is refused once it is being taken out of the network.
""",
    {
        Operation(id_, "POST", f"/{group}/{{id}}", 200, _SCHEMAS[group], permission="write"): answer_order
        for id_, group in UNDO
    },
)
