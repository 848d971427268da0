"""Webhooks at the counter: an account has the events of what it may see sent to it.

A webhook acts with the key that set it up, last activated it, or gave it its URL. When that key ends, nothing more is
sent until the account activates the webhook with another: whoever had a leaked key must not go on listening once it is
revoked. For the same reason accounts above, and the operator, can stop and delete a webhook, but not lead it elsewhere.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from annotated_types import MaxLen, MinLen

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, InvalidBody, validate
from peerhall.contract.vocabulary import Text, Text80, write_instant
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import (
    Faults,
    Refused,
    invalid,
    refuse_denied,
    refuse_member,
    refuse_unable,
    refuse_unknown,
)
from peerhall.exchange.webhook_targets import Reach, parse_target
from peerhall.exchange.webhooks import (
    MOST_OF_AN_ACCOUNT,
    MOST_WAITING,
    PAUSES,
    PREVIOUS_SECRET_FOR,
    SECRET_OCTETS,
    write_secret,
)
from peerhall.orderdesk.order import Order
from peerhall.store import changes, deliveries, webhooks
from peerhall.store.deliveries import Delivery
from peerhall.store.scoping import MASK
from peerhall.store.sealing import Sealer
from peerhall.store.webhooks import Webhook

Beside = Callable[[Order, Operation, str, Any], tuple[Record, Body]]

KIND: Final = "webhooks"
NOW: Final = "now"


class _Body(Schema, extra="forbid"):
    """A mistyped member must not go unnoticed."""


B = TypeVar("B", bound=_Body)
_Types = Annotated[list[Text], MinLen(1), MaxLen(len(changes.STATEFUL))]


class SubscriptionRequest(_Body):
    url: Text
    label: Maybe[Text80] = None
    resource_types: _Types | None = None
    active: Maybe[bool] = None


class SubscriptionUpdate(_Body):
    url: Maybe[Text] = None
    label: Maybe[Text80] = None
    resource_types: _Types | None = None
    active: Maybe[bool] = None


class ReplayRequest(_Body):
    after: Maybe[Text] = None
    event: Maybe[Text] = None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What writes need: what secrets are kept with, and where events may be sent."""

    sealer: Sealer
    reach: Reach

    @property
    def operations(self) -> Mapping[str, Beside]:
        """Who carries out each operation that changes something."""
        return {
            "webhooks_create": self._create,
            "webhooks_partial_update": self._update,
            "webhooks_destroy": self._remove,
            "webhooks_secrets_create": self._change_secret,
            "webhooks_tests_create": self._test,
            "webhooks_replays_create": self._replay,
        }

    def conceal(self, operation: str, answer: str) -> str:
        """An answer as it is remembered for its Idempotency-Key: one with a secret in it is sealed."""
        return self.sealer.seal(answer) if operation in webhooks.SHOW_SECRET else answer

    def reveal(self, operation: str, remembered: str) -> str:
        """The answer again. Raises CannotOpen."""
        return self.sealer.open(remembered) if operation in webhooks.SHOW_SECRET else remembered

    def _create(self, order: Order, _: Operation, __: str, body: Any) -> tuple[Record, Body]:
        wanted = _read(SubscriptionRequest, body)
        self._check(wanted)
        if webhooks.count_of(order.connection, order.caller.account) >= MOST_OF_AN_ACCOUNT:
            refuse_unable(f"An account can have {MOST_OF_AN_ACCOUNT} subscriptions; delete one first.")
        changes.give_places(order.connection)
        secret = _draw_secret()
        webhook = Webhook(
            id=order.new_id(),
            account=order.caller.account,
            api_key=order.caller.key,
            url=wanted.url,
            label=wanted.label or "",
            resource_types=_ordered(wanted.resource_types),
            active=wanted.active is not False,
            created_at=order.now,
            secret=self.sealer.seal(secret),
            place=changes.newest_place(order.connection),
            due_at=order.now,
        )
        webhooks.add(order.connection, webhook)
        return _record(webhook), {**describe(webhook), "secret": secret}

    def _update(self, order: Order, _: Operation, document: str, body: Any) -> tuple[Record, Body]:
        webhook = _get(order, document, lock=True)
        wanted = _read(SubscriptionUpdate, body)
        self._check(wanted)
        given = wanted.model_fields_set
        changed = webhook
        if given - {"active", "label"}:
            _refuse_others(order, webhook)
        if "url" in given:
            changed = replace(changed, url=wanted.url or "", api_key=order.caller.key)
            changed = replace(changed, attempt=0, failing_since=None, due_at=order.now)
        if "label" in given:
            changed = replace(changed, label=wanted.label or "")
        if "resource_types" in given:
            changed = replace(changed, resource_types=_ordered(wanted.resource_types))
        if "active" in given:
            changed = _activate(order, changed) if wanted.active else replace(changed, active=False)
        if changed != webhook:
            webhooks.save(order.connection, changed)
        return _record(changed), describe(changed)

    def _remove(self, order: Order, _: Operation, document: str, __: Any) -> tuple[Record, Body]:
        webhook = _get(order, document, lock=True)
        webhooks.remove(order.connection, webhook.id)
        return _record(webhook), describe(webhook)

    def _change_secret(self, order: Order, _: Operation, document: str, __: Any) -> tuple[Record, Body]:
        webhook = _get(order, document, lock=True)
        _refuse_others(order, webhook)
        secret = _draw_secret()
        changed = replace(
            webhook,
            secret=self.sealer.seal(secret),
            previous_secret=webhook.secret,
            previous_until=order.now + PREVIOUS_SECRET_FOR,
            attempt=0,
            due_at=order.now,
        )
        webhooks.save(order.connection, changed)
        return _record(changed), {**describe(changed), "secret": secret}

    def _test(self, order: Order, _: Operation, document: str, __: Any) -> tuple[Record, Body]:
        webhook = _get(order, document, lock=True)
        return _record(webhook), describe_delivery(_send_beside(order, webhook, "test", None))

    def _replay(self, order: Order, _: Operation, document: str, body: Any) -> tuple[Record, Body]:
        webhook = _get(order, document, lock=True)
        wanted = _read(ReplayRequest, body)
        if (wanted.after is None) == (wanted.event is None):
            refuse_member("after", "or event must be there, and not both")
        if wanted.event is not None:
            _place_of(order, "event", wanted.event)
            return _record(webhook), describe_delivery(_send_beside(order, webhook, "replay", wanted.event))
        assert wanted.after is not None
        changes.give_places(order.connection)
        place = (
            changes.newest_place(order.connection) if wanted.after == NOW else _place_of(order, "after", wanted.after)
        )
        changed = replace(webhook, place=place, attempt=0, due_at=order.now)
        webhooks.save(order.connection, changed)
        deliveries.skip_head(order.connection, webhook.id)
        return _record(changed), describe(changed)

    def _check(self, wanted: SubscriptionRequest | SubscriptionUpdate) -> None:
        faults = Faults()
        if wanted.url is not None:
            try:
                parse_target(wanted.url, self.reach)
            except ValueError as error:
                faults.add("url", str(error))
        unknown = set(wanted.resource_types or ()) - set(changes.STATEFUL)
        if unknown:
            faults.add("resource_types", f"must be some of {', '.join(changes.STATEFUL)}, or null for all")
        faults.refuse_if_any()


OPERATIONS: Final = frozenset(
    {
        "webhooks_create",
        "webhooks_partial_update",
        "webhooks_destroy",
        "webhooks_secrets_create",
        "webhooks_tests_create",
        "webhooks_replays_create",
    }
)
"""Ids of the operations that change something."""


def journalled(body: Any) -> Body:
    """What the journal keeps of a body: a URL only up to its path, behind which many hide a secret."""
    if not isinstance(body, dict):
        return {}
    known = SubscriptionRequest.model_fields.keys() | ReplayRequest.model_fields.keys()
    kept = {name: value for name, value in body.items() if name in known}
    if "url" in kept:
        kept["url"] = _origin(kept["url"])
    return kept


def read_all(order: Order) -> list[Body]:
    """Those of the accounts that the caller acts for."""
    accounts = None if order.caller.operator else order.caller.tree
    return [describe(each) for each in webhooks.list_webhooks(order.connection, accounts)]


def read(order: Order, document: str) -> Body:
    return describe(_get(order, document))


def read_deliveries(order: Order, document: str, state: str | None, limit: int) -> list[Body]:
    webhook = _get(order, document)
    return [describe_delivery(each) for each in deliveries.list_deliveries(order.connection, webhook.id, state, limit)]


def describe(webhook: Webhook) -> Body:
    """A webhook as it is shown, which is without its secret."""
    paused = webhook.paused and {"reason": webhook.paused, "detail": PAUSES[webhook.paused]}
    return {
        "id": webhook.id,
        "account": webhook.account,
        "url": webhook.url,
        "label": webhook.label,
        "resource_types": webhook.resource_types,
        "active": webhook.active,
        "paused": paused,
        "failing_since": _instant(webhook.failing_since),
        "next_attempt_at": _instant(webhook.due_at) if webhook.attempt and webhook.active and not paused else None,
        "last_delivered_at": _instant(webhook.last_delivered_at),
        "previous_secret_until": _instant(webhook.previous_until),
        "created_at": _instant(webhook.created_at),
    }


def describe_delivery(delivery: Delivery) -> Body:
    members = asdict(delivery)
    return {name: _instant(value) if name.endswith("_at") else value for name, value in members.items()}


def _get(order: Order, document: str, *, lock: bool = False) -> Webhook:
    """A webhook of an account that the caller acts for; whoever does may do with it as with its own."""
    webhook = webhooks.find(order.connection, document, lock=lock)
    if webhook is None or not order.caller.acts_for(webhook.account):
        refuse_unknown()
    return webhook


def _refuse_others(order: Order, webhook: Webhook) -> None:
    if order.caller.account != webhook.account:
        refuse_denied("Only the account itself may do this; accounts above it can stop and delete its subscriptions.")


def _activate(order: Order, webhook: Webhook) -> Webhook:
    """Has it go on, with the caller's key if that is one of the account's own: others' keys may see more."""
    if order.caller.account == webhook.account:
        webhook = replace(webhook, api_key=order.caller.key)
    elif webhook.paused == "key_ended":
        refuse_denied("Only the account itself can activate it, as it is sent what the key sees that does.")
    if webhook.active and webhook.paused is None:
        return webhook
    return replace(webhook, active=True, paused=None, attempt=0, failing_since=None, due_at=order.now)


def _send_beside(order: Order, webhook: Webhook, cause: deliveries.Cause, event: str | None) -> Delivery:
    if deliveries.count_waiting(order.connection, webhook.id) >= MOST_WAITING:
        refuse_unable(f"There are {MOST_WAITING} tests and replays waiting to be sent; wait for some to go.")
    return deliveries.add_delivery(order.connection, webhook.id, cause, event, order.now)


def _place_of(order: Order, member: str, event: str) -> int:
    try:
        place = changes.place_of(order.connection, str(UUID(event)))
    except ValueError:
        place = None
    if place is None:
        refuse_member(member, "is not the id of an event")
    return place


def _read(model: type[B], body: Any) -> B:
    try:
        return validate(model, body)
    except InvalidBody as error:
        raise Refused(invalid(*error.faults)) from None


def _draw_secret() -> str:
    return write_secret(secrets.token_bytes(SECRET_OCTETS))


def _ordered(types: list[str] | None) -> list[str] | None:
    return None if types is None else sorted(set(types))


def _record(webhook: Webhook) -> Record:
    """What the journal names; it is not among the documents."""
    return Record(webhook.id, KIND, {})


def _origin(url: Any) -> str:
    """The part of a URL that tells no secret, if it is one."""
    try:
        parts = urlsplit(str(url))
        return f"{parts.scheme}://{parts.netloc}/" if parts.netloc and "@" not in parts.netloc else MASK
    except ValueError:
        return MASK


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else write_instant(moment)
