"""The counter itself: one order, one transaction, one line in the journal, whatever the answer."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

import psycopg
from pydantic_core import to_json

from peerhall.contract import schemas
from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.contract.validation import Body
from peerhall.exchange.contract_terms import Policy
from peerhall.exchange.ordering.cloud_keys import Finding
from peerhall.exchange.ordering.contacts import PERSONAL
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Reason, Refusal, Refused, refuse_denied
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import (
    accounts,
    change_requests,
    cloud_inquiries,
    connections,
    contacts,
    ips,
    leaving,
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
    webhooks,
)
from peerhall.orderdesk.changes import read_body
from peerhall.orderdesk.cloud_inquiries import AskProvider, ask_nobody
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.store import bounds, idempotency, journal
from peerhall.store.database import OrderPool, SyncConnection, run_text
from peerhall.store.idempotency import Remembered
from peerhall.store.reading import Login, LoginEnded
from peerhall.store.scoping import MASK
from peerhall.store.sealing import CannotOpen
from peerhall.store.settings import NoExchangeError

Clock = Callable[[], datetime]
T = TypeVar("T")


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

_OVERTAKEN: Final = Refusal(
    Reason.UNFULFILLABLE,
    "Something this request names was removed, or put to use, by another request at the same moment. Read it again.",
)


class OrderDesk:
    """Takes orders."""

    def __init__(
        self,
        pool: OrderPool,
        clock: Clock,
        wake: Callable[[], None],
        ask_provider: AskProvider = ask_nobody,
        webhooks: Webhooks | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._wake = wake
        self._ask_provider = ask_provider
        self._webhooks = webhooks
        self._beside = {**BESIDE, **(webhooks.operations if webhooks else {})}

    def place(self, login: Login, command: Command) -> Answer:
        """Carries out an order whole or not at all, and journals it either way; a trial leaves nothing behind.

        Raises Refused, LoginEnded, or DatabaseUnavailable when it is worth trying again.
        """
        try:
            finding = self._inquire(login, command)
            answer, queued = self._pool.run(
                lambda connection: self._carry_out(connection, login, command, finding), begin=b""
            )
        except Refused as refused:
            self._journal_refusal(login, command, refused.refusal)
            raise
        except NoExchangeError as error:
            refusal = Refusal(Reason.UNFULFILLABLE, str(error))
            self._journal_refusal(login, command, refusal)
            raise Refused(refusal) from error
        except psycopg.errors.ForeignKeyViolation as error:
            # The last line behind the rules: somebody else used, or removed, what this order names.
            self._journal_refusal(login, command, _OVERTAKEN)
            raise Refused(_OVERTAKEN) from error
        if queued:
            self._wake()
        return answer

    def read_policy(self, login: Login, kind: str, document: str, wished: str | None) -> Policy:
        """What a DELETE would come to; nothing is changed. Raises Refused, LoginEnded or DatabaseUnavailable."""
        return self.look(login, lambda order: leaving.read_policy(order, kind, document, wished))

    def read_change_request(self, login: Login, document: str) -> Body:
        """The change request that is pending for a circuit. Raises Refused, LoginEnded or DatabaseUnavailable."""
        return self.look(login, lambda order: change_requests.read(order, document))

    def _inquire(self, login: Login, command: Command) -> Finding | None:
        """What a cloud provider says about the order, where that matters; no transaction is open while it thinks."""
        if not cloud_inquiries.may_ask(command.operation, command.body):
            return None
        question = self.look(
            login,
            lambda order: cloud_inquiries.find_question(order, command.operation, command.document, command.body),
        )
        return None if question is None else self._ask_provider(*question)

    def _carry_out(
        self, connection: SyncConnection, login: Login, command: Command, finding: Finding | None
    ) -> tuple[Answer, bool]:
        now = self._clock()
        caller = bounds.begin_for(connection, login.session_digest, now)
        if caller is None:
            raise LoginEnded
        order = Order(connection, caller, now, finding)
        if order.caller.read_only:
            refuse_denied("This key is read-only.")
        remembered = self._recall(order, command)
        if remembered is not None:
            return remembered, False
        if command.operation.id in self._beside:
            record, beside = self._beside[command.operation.id](
                order, command.operation, command.document, command.body
            )
            text = to_json(beside).decode()
        else:
            record = _dispatch(order, command)
            text = _text_for(order, record) if command.operation.answer else "{}"
        answer = Answer(command.operation.status, record.id, text)
        order.hand_over()
        if command.trial:
            run_text(connection, b"rollback")
            return answer, False
        if command.idempotency_key is not None:
            concealed = self._webhooks.conceal(command.operation.id, answer.text) if self._webhooks else answer.text
            kept = Remembered(_digest(command), answer.status, answer.document, concealed)
            idempotency.remember(
                connection, _whose(order.caller), command.operation.id, command.idempotency_key, kept, now
            )
        bounds.commit_with(connection, _entry(order.caller, command, now, record))
        return answer, bool(order.queued)

    def look(self, login: Login, look: Callable[[Order], T]) -> T:
        """What somebody finds who looks at more than one object, all of it at the same moment.

        Raises Refused, LoginEnded, or DatabaseUnavailable when it is worth trying again.
        """

        def read(connection: SyncConnection) -> T:
            now = self._clock()
            caller = bounds.begin_for(connection, login.session_digest, now)
            if caller is None:
                raise LoginEnded
            found = look(Order(connection, caller, now))
            connection.execute("commit")
            return found

        return self._pool.run(read, begin=b"")

    def _recall(self, order: Order, command: Command) -> Answer | None:
        """The answer this very order was given before; refuses a key that stands for another order or is at work."""
        key = command.idempotency_key
        if key is None:
            return None
        whose, operation = _whose(order.caller), command.operation.id
        if not idempotency.claim_key(order.connection, whose, operation, key):
            raise Refused(Refusal(Reason.KEY_REUSED, "The first request with this Idempotency-Key is still at work."))
        known = idempotency.find(order.connection, whose, operation, key, order.now)
        if known is None:
            return None
        if known.digest != _digest(command):
            raise Refused(Refusal(Reason.KEY_REUSED, "This Idempotency-Key was used with another body."))
        try:
            text = self._webhooks.reveal(operation, known.answer) if self._webhooks else known.answer
        except CannotOpen:
            raise Refused(Refusal(Reason.KEY_REUSED, "What this was answered with cannot be told again.")) from None
        return Answer(known.status, known.document or "", text)

    def _journal_refusal(self, login: Login, command: Command, refusal: Refusal) -> None:
        if command.trial:
            return
        now = self._clock()

        def write(connection: SyncConnection) -> None:
            caller = bounds.begin_for(connection, login.session_digest, now)
            if caller is not None:
                bounds.commit_with(connection, _refusal_entry(caller, command, now, refusal))

        self._pool.run(write, begin=b"")


def _dispatch(order: Order, command: Command) -> Record:
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


def _text_for(order: Order, record: Record) -> str:
    """The object as the caller sees it; one that was removed is told a last time."""
    latest = order.latest(record)
    if record.kind == "accounts" and record.id == order.caller.account:
        latest = latest.with_body(managing_account=None)
    return to_json(latest.body).decode()


def _digest(command: Command) -> bytes:
    """Of what is asked for: blanks and the order of members make no other order of it."""
    return hashlib.sha256(json.dumps([command.document, command.body], sort_keys=True).encode()).digest()


def _whose(caller: Caller) -> str:
    return caller.account or f"operator:{caller.key}"


def _known_members(command: Command) -> Body:
    """Of a body, what the standard knows: the journal is no place for whatever else a client sends."""
    if command.operation.id in webhooks.OPERATIONS:
        return webhooks.journalled(command.body)
    if command.operation.body is None or not isinstance(command.body, dict):
        return {}
    if command.operation.body == "binary":
        return command.body
    known = _member_names(command.operation.body)
    return {name: value for name, value in command.body.items() if name in known}


def _without_person(command: Command) -> Body:
    """What is kept of a refused body: of a contact no personal data, which nobody could find again to erase it."""
    body = _known_members(command)
    if command.operation.group != "contacts":
        return body
    return {name: MASK if name in PERSONAL and value else value for name, value in body.items()}


@cache
def _member_names(schema: str) -> frozenset[str]:
    return frozenset(name for variant in schemas.get_variants(schema).values() for name in variant.model_fields)


def _entry(caller: Caller, command: Command, now: datetime, record: Record) -> journal.Entry:
    return journal.Entry(
        at=now,
        actor=caller.actor,
        account=caller.account,
        operation=command.operation.id,
        outcome="accepted",
        kind=record.kind,
        document=record.id,
        detail={"body": _known_members(command), "state": record.body.get("state")},
        request=command.request,
    )


def _refusal_entry(caller: Caller, command: Command, now: datetime, refusal: Refusal) -> journal.Entry:
    return journal.Entry(
        at=now,
        actor=caller.actor,
        account=caller.account,
        operation=command.operation.id,
        outcome="refused",
        kind=webhooks.KIND if command.operation.id in webhooks.OPERATIONS else command.operation.group,
        document=command.document or None,
        detail=journal.abridge({"body": _without_person(command), **refusal.describe()}),
        request=command.request,
    )
