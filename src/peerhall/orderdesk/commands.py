"""What can be asked for at the counter, and which module carries it out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.contract.validation import Body
from peerhall.exchange.records import Record
from peerhall.orderdesk import (
    accounts,
    change_requests,
    connections,
    contacts,
    ips,
    loa_uploads,
    macs,
    member_joining_rules,
    network_feature_configs,
    network_service_configs,
    network_services,
    open_orders,
    port_reservations,
    role_assignments,
    routing_functions,
    undo,
)
from peerhall.orderdesk.changes import read_body
from peerhall.orderdesk.order import Order


@dataclass(frozen=True, slots=True)
class Command:
    """What a client wants, as it came in: nothing of it has been checked."""

    operation: Operation
    body: Any = None
    """The parsed JSON, or what there is to tell of an uploaded document; None where there was none."""
    document: str = ""
    """The id in the path."""
    idempotency_key: str | None = None
    request: str | None = None
    """The request's id, for the journal."""
    content: bytes = b""
    """An uploaded document; it is kept out of the journal."""
    trial: bool = False
    """Whether only the answer is wanted: the order is rolled back, and journalled nowhere."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted order is answered with."""

    status: int
    document: str
    text: str
    """The object, as JSON."""


CREATE: Final[dict[str, Callable[[Order, Body], Record]]] = {
    "accounts": accounts.create,
    "connections": connections.create,
    "contacts": contacts.create,
    "ips": ips.create,
    "macs": macs.create,
    "member-joining-rules": member_joining_rules.create,
    "network-feature-configs": network_feature_configs.create,
    "network-service-configs": network_service_configs.create,
    "network-services": network_services.create,
    "port-reservations": port_reservations.create,
    "role-assignments": role_assignments.create,
    "routing-functions": routing_functions.create,
}

UPDATE: Final[dict[str, Callable[[Order, Operation, str, Any], Record]]] = {
    "accounts": accounts.update,
    "connections": connections.update,
    "contacts": contacts.update,
    "ips": ips.update,
    "member-joining-rules": member_joining_rules.update,
    "network-feature-configs": network_feature_configs.update,
    "network-service-configs": network_service_configs.update,
    "network-services": network_services.update,
    "port-reservations": port_reservations.update,
    "routing-functions": routing_functions.update,
}

REMOVE: Final[dict[str, Callable[[Order, str], Record]]] = {
    "accounts": accounts.remove,
    "contacts": contacts.remove,
    "macs": macs.remove,
    "member-joining-rules": member_joining_rules.remove,
    "network-feature-configs": network_feature_configs.cancel,
    "role-assignments": role_assignments.remove,
}

CANCEL: Final[dict[str, Callable[[Order, str, str | None], Record]]] = {
    "connections": connections.cancel,
    "network-service-configs": network_service_configs.cancel,
    "network-services": network_services.cancel,
    "port-reservations": port_reservations.cancel,
    "routing-functions": routing_functions.cancel,
}

UPLOAD: Final[dict[str, Callable[[Order, str, bytes, str | None], Record]]] = {
    "connections": loa_uploads.upload_for_connection,
    "port-reservations": loa_uploads.upload_for_reservation,
}

BESIDE: Final[dict[str, Callable[[Order, Operation, str, Any], tuple[Record, Body]]]] = {
    "network_service_change_request_create": change_requests.create,
    "network_service_change_request_destroy": change_requests.remove,
}
"""Operations on what an object has beside it: they answer with that, not with the object."""

UNDO: Final[dict[tuple[str, str], Callable[[Order, str], Record]]] = {
    ("connections_cancellation_undo", "connections"): undo.undo_connection,
    ("network_feature_configs_cancellation_undo", "network-feature-configs"): undo.undo_session,
    ("network_service_configs_cancellation_undo", "network-service-configs"): undo.undo_config,
    ("network_services_cancellation_undo", "network-services"): undo.undo_service,
    ("port_reservations_cancellation_undo", "port-reservations"): undo.undo_reservation,
    ("routing_functions_cancellation_undo", "routing-functions"): undo.undo_function,
}
"""What takes a cancellation back, by the ids and groups of operations beside the standard's."""

_TABLES: Final[dict[str, dict[str, Any]]] = {
    "POST": CREATE,
    "PUT": UPDATE,
    "PATCH": UPDATE,
    "DELETE": {**REMOVE, **CANCEL},
}

TAKEN: Final = frozenset(
    operation.id
    for operation in OPERATIONS
    if operation.id in BESIDE
    or (
        operation.permission == "write"
        and (
            (operation.body == "binary" and operation.group in UPLOAD)
            or (
                operation.group in _TABLES[operation.method]
                and operation.path in (f"/{operation.group}", f"/{operation.group}/{{id}}")
            )
        )
    )
)
"""Ids of the operations that the counter carries out."""


def carry_out(order: Order, command: Command) -> Record:
    """Does what a command asks for and answers with the object it is about. Refuses what the rules refuse."""
    operation = command.operation
    if (operation.id, operation.group) in UNDO:
        return UNDO[operation.id, operation.group](order, command.document)
    match operation.method:
        case "POST" if operation.body == "binary":
            return UPLOAD[operation.group](order, command.document, command.content, command.body["file_name"])
        case "POST":
            record = CREATE[operation.group](order, read_body(operation, command.body))
            open_orders.refuse_too_many(order, record)
            return record
        case "PUT" | "PATCH":
            return UPDATE[operation.group](order, operation, command.document, command.body)
        case _ if operation.group in CANCEL:
            wished = None if command.body is None else read_body(operation, command.body).get("decommission_at")
            return CANCEL[operation.group](order, command.document, wished)
        case _:
            return REMOVE[operation.group](order, command.document)
