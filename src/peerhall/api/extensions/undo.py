"""Undo: a cancellation is taken back while its day has not come."""

from typing import Final

from peerhall.api.extensions.extension import Extension
from peerhall.api.resources.orders import answer_order
from peerhall.contract.operations import Operation
from peerhall.orderdesk.desk import UNDO

_SCHEMAS: Final = {"connections": "Connection", "network-service-configs": "NetworkServiceConfig"}

EXTENSION: Final = Extension(
    "undo",
    "Takes back a cancellation while its day has not come.",
    """
`POST` without a body to the connection or network service config that is `decommission_requested`; the answer is the
object, in production again, with `decommission_at` and `charged_until` cleared. What was to leave with it stays with
it: reservations and ports of a connection, feature configs of a network service config. Refused (400 UnableToFulfill)
in every other state, and once the day has come.
""",
    {
        Operation(id_, "POST", f"/{group}/{{id}}", 200, _SCHEMAS[group], permission="write"): answer_order
        for id_, group in UNDO
    },
)
