"""The counter itself: one order, one transaction, one line in the journal, whatever the answer."""

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
from peerhall.orderdesk import change_requests, cloud_inquiries, journal_lines, leaving, repetitions
from peerhall.orderdesk.cloud_inquiries import AskProvider, ask_nobody
from peerhall.orderdesk.commands import BESIDE, Answer, Command, carry_out
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.repetitions import RefusedBefore
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.store import bounds
from peerhall.store.database import OrderPool, SyncConnection, run_text
from peerhall.store.reading import Login, LoginEnded
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
        except RefusedBefore:
            raise
        except Refused as refused:
            return self._turn_down(login, command, refused.refusal)
        except NoExchangeError as error:
            return self._turn_down(login, command, Refusal(Reason.UNFULFILLABLE, str(error)))
        except psycopg.errors.ForeignKeyViolation:
            # The last line behind the rules: somebody else used, or removed, what this order names.
            return self._turn_down(login, command, _OVERTAKEN)
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
        remembered = repetitions.recall(order, command, self._webhooks)
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
        repetitions.remember(order, command, answer, self._webhooks)
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

    def _turn_down(self, login: Login, command: Command, refusal: Refusal) -> Answer:
        """Journals and remembers a refusal, then raises it.

        Another copy of the order may have come in while this one was given up: what that was answered counts for both.
        """
        if command.trial:
            raise Refused(refusal)
        now = self._clock()

        def write(connection: SyncConnection) -> Answer | None:
            caller = bounds.begin_for(connection, login.session_digest, now)
            if caller is None:
                return None
            if refusal.reason is not Reason.KEY_REUSED and not caller.read_only:
                order = Order(connection, caller, now)
                answer = repetitions.recall(order, command, self._webhooks)
                if answer is not None:
                    return answer
                repetitions.remember(order, command, refusal, self._webhooks)
            bounds.commit_with(connection, journal_lines.refused(caller, command, now, refusal))
            return None

        answer = self._pool.run(write, begin=b"")
        if answer is None:
            raise Refused(refusal)
        return answer


def _text_for(order: Order, record: Record) -> str:
    """The object as the caller sees it; one that was removed is told a last time."""
    latest = order.latest(record)
    if record.kind == "accounts" and record.id == order.caller.account:
        latest = latest.with_body(managing_account=None)
    return to_json(latest.body).decode()
