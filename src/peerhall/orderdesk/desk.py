"""The counter itself: one order, one transaction, one line in the journal, whatever the answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import psycopg
from pydantic_core import to_json

from peerhall.contract.validation import Body
from peerhall.exchange.contract_terms import Policy
from peerhall.exchange.ordering.cloud_keys import Finding
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Reason, Refusal, Refused, refuse_denied
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import change_requests, cloud_inquiries, journal_lines, leaving
from peerhall.orderdesk.cloud_inquiries import AskProvider, ask_nobody
from peerhall.orderdesk.commands import BESIDE, Answer, Command, carry_out
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.store import bounds, idempotency
from peerhall.store.database import OrderPool, SyncConnection, run_text
from peerhall.store.idempotency import Remembered
from peerhall.store.reading import Login, LoginEnded
from peerhall.store.sealing import CannotOpen
from peerhall.store.settings import NoExchangeError

Clock = Callable[[], datetime]
T = TypeVar("T")


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
            record = carry_out(order, command)
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
        bounds.commit_with(connection, journal_lines.accepted(order.caller, command, now, record))
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
                bounds.commit_with(connection, journal_lines.refused(caller, command, now, refusal))

        self._pool.run(write, begin=b"")


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
