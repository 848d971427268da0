"""An order that is sent again under its Idempotency-Key gets the answer of the first, accepted or refused.

Refusals are remembered as well, for a while: of an order whose line was cut a first copy may still be on its way. If
its repetition is refused and tells the client so, that copy must come to nothing too, even if what was missing is there
by then.
"""

import hashlib
import json
from dataclasses import replace

from pydantic import TypeAdapter

from peerhall.exchange.refusals import Reason, Refusal, Refused
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk.commands import Answer, Command
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.webhooks import Webhooks
from peerhall.store import idempotency
from peerhall.store.idempotency import Remembered
from peerhall.store.sealing import CannotOpen

_REFUSAL = TypeAdapter(Refusal)
_ANEW = "(So this was answered before under the same Idempotency-Key; to order anew take another key.)"


class RefusedBefore(Refused):
    """An order that was turned down, and journalled, when it came first."""


def recall(order: Order, command: Command, webhooks: Webhooks | None) -> Answer | None:
    """The answer this very order was given before, in a transaction in which nobody else works under its key.

    Raises RefusedBefore where it was refused, and refuses a key that stands for another order or is at work.
    """
    key = command.idempotency_key
    if key is None:
        return None
    whose, operation = _whose(order.caller), command.operation.id
    if not idempotency.claim_key(order.connection, whose, operation, key):
        raise Refused(Refusal(Reason.KEY_REUSED, "The first request with this Idempotency-Key is still at work."))
    known = idempotency.find(order.connection, whose, operation, key, order.now)
    if known is None:
        return None
    same = known.digest == _digest(command)
    if known.status is None:
        if same:
            raise RefusedBefore(_told_again(known.answer))
        return None  # a mistake can be corrected under the same key
    if not same:
        raise Refused(Refusal(Reason.KEY_REUSED, "This Idempotency-Key was used with another body."))
    try:
        text = webhooks.reveal(operation, known.answer) if webhooks else known.answer
    except CannotOpen:
        raise Refused(Refusal(Reason.KEY_REUSED, "What this was answered with cannot be told again.")) from None
    return Answer(known.status, known.document or "", text)


def remember(order: Order, command: Command, answer: Answer | Refusal, webhooks: Webhooks | None) -> None:
    """Keeps what an order was answered, in the order's own transaction."""
    key = command.idempotency_key
    if key is None:
        return
    operation, digest = command.operation.id, _digest(command)
    if isinstance(answer, Refusal):
        kept = Remembered(digest, None, None, _REFUSAL.dump_json(answer).decode())
    else:
        text = webhooks.conceal(operation, answer.text) if webhooks else answer.text
        kept = Remembered(digest, answer.status, answer.document, text)
    idempotency.remember(order.connection, _whose(order.caller), operation, key, kept, order.now)


def _told_again(kept: str) -> Refusal:
    refusal = _REFUSAL.validate_json(kept)
    return replace(refusal, detail=f"{refusal.detail} {_ANEW}")


def _digest(command: Command) -> bytes:
    """Of what is asked for: blanks and the order of members make no other order of it."""
    return hashlib.sha256(json.dumps([command.document, command.body], sort_keys=True).encode()).digest()


def _whose(caller: Caller) -> str:
    return caller.account or f"operator:{caller.key}"
