"""The line in the journal for an order, accepted or refused."""

from datetime import datetime
from functools import cache

from peerhall.contract import schemas
from peerhall.contract.validation import Body
from peerhall.exchange.ordering.contacts import PERSONAL
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Refusal
from peerhall.exchange.visibility import Caller
from peerhall.orderdesk import webhooks
from peerhall.orderdesk.commands import Command
from peerhall.store import journal
from peerhall.store.scoping import MASK


def accepted(caller: Caller, command: Command, now: datetime, record: Record) -> journal.Entry:
    """The line of an order that was carried out."""
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


def refused(caller: Caller, command: Command, now: datetime, refusal: Refusal) -> journal.Entry:
    """The line of an order that was turned down, whatever it was that was sent."""
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
