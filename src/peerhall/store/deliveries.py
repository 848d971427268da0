"""Deliveries of webhooks: what each has to be sent next, and what came of every attempt.

While a webhook waits for an event to be taken, that is the open `event` among its deliveries; tests and single events
once more are put beside it and are sent once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import uuid4

from psycopg.rows import class_row

from peerhall.exchange.webhooks import Outcome, Pause, back_off, decide_pause
from peerhall.store import changes, webhooks
from peerhall.store.database import SyncConnection, sql
from peerhall.store.webhooks import Webhook

Cause = Literal["event", "replay", "test"]
DeliveryState = Literal["pending", "delivered", "failed", "skipped"]

KEPT: Final = 500
"""Deliveries of a webhook that are remembered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to one webhook, as its owner sees it."""

    id: str
    event: str
    cause: Cause
    state: DeliveryState
    attempts: int
    status: int | None
    error: str | None
    created_at: datetime
    attempted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be sent next. An event of the run has the place that is reached with it, the others their delivery."""

    event: str
    text: bytes | None
    """The event as JSON; None for a test, or for an event that the key does not see (any more)."""
    cause: Cause
    place: int = 0
    delivery: int = 0


_DELIVERY: Final = "id::text, event::text, cause, state, attempts, status, error, created_at, attempted_at"


def list_deliveries(connection: SyncConnection, webhook: str, state: str | None, limit: int) -> list[Delivery]:
    """What was sent, newest first."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(
            sql(
                f"""select {_DELIVERY} from webhook_delivery
                    where webhook = %(webhook)s and (%(state)s::text is null or state = %(state)s)
                    order by serial desc limit %(limit)s"""
            ),
            {"webhook": webhook, "state": state, "limit": limit},
        ).fetchall()


def add_delivery(connection: SyncConnection, webhook: str, cause: Cause, event: str | None, now: datetime) -> Delivery:
    """Has something sent beside the run: an event once more, or a test, which is an event of its own."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        added = cursor.execute(
            sql(
                f"""insert into webhook_delivery (webhook, event, cause, state, created_at)
                    values (%s, %s::uuid, %s, 'pending', %s) returning {_DELIVERY}"""
            ),
            (webhook, event or str(uuid4()), cause, now),
        ).fetchone()
    assert added is not None
    return added


def count_waiting(connection: SyncConnection, webhook: str) -> int:
    """How much there is beside the run that has not been sent yet."""
    row = connection.execute(
        "select count(*) from webhook_delivery where webhook = %s and state = 'pending' and cause <> 'event'",
        (webhook,),
    ).fetchone()
    return row[0] if row else 0


def skip_head(connection: SyncConnection, webhook: str, but: str | None = None) -> None:
    """Closes the delivery that the run waits for, unless it is of the event `but`."""
    connection.execute(
        """update webhook_delivery set state = 'skipped'
           where webhook = %s and state = 'pending' and cause = 'event' and event is distinct from %s::uuid""",
        (webhook, but),
    )


def find_job(connection: SyncConnection, webhook: Webhook, now: datetime) -> Job | None:
    """What a leased webhook has to send next. Raises LoginEnded when its key has ended."""
    beside = connection.execute(
        """select serial, event::text, cause from webhook_delivery
           where webhook = %s and state = 'pending' and cause <> 'event' order by serial limit 1""",
        (webhook.id,),
    ).fetchone()
    if beside is not None:
        serial, event, cause = beside
        again = changes.find_one(connection, webhook.api_key, now, event) if cause == "replay" else None
        return Job(event, again.text if again else None, cause, delivery=serial)
    if not webhook.active or webhook.paused is not None or webhook.due_at > now:
        return None
    found = changes.find_next(connection, webhook.api_key, now, webhook.place, webhook.kinds)
    if found.change is None:
        webhooks.advance(connection, webhook, found.newest)
        skip_head(connection, webhook.id)
        return None
    return Job(found.change.id, found.change.text, "event", place=found.change.place)


def record(
    connection: SyncConnection, webhook: Webhook, holder: str, job: Job, outcome: Outcome, now: datetime
) -> None:
    """Writes down what came of an attempt and gives the lease back; nothing happens when it was taken over."""
    mine = connection.execute(
        "select turn from webhook where id = %s and lease_holder = %s for no key update", (webhook.id, holder)
    ).fetchone()
    if mine is None:
        return
    if job.cause == "event":
        _record_event(connection, webhook, job, outcome, now, changed=mine[0] != webhook.turn)
    else:
        connection.execute(
            """update webhook_delivery set state = %s, attempts = attempts + 1, status = %s, error = %s,
                   attempted_at = %s
               where serial = %s""",
            ("delivered" if outcome.delivered else "failed", outcome.status, outcome.error, now, job.delivery),
        )
    connection.execute(
        """update webhook set lease_holder = null, lease_until = null,
               last_delivered_at = case when %s then %s else last_delivered_at end where id = %s""",
        (outcome.delivered, now, webhook.id),
    )
    _forget_old(connection, webhook.id)


def pause(connection: SyncConnection, webhook: Webhook, holder: str, reason: Pause) -> None:
    """Holds its events back, unless its owner has changed something meanwhile; what waits beside them has failed."""
    connection.execute(
        "update webhook set paused = %s where id = %s and lease_holder = %s and turn = %s",
        (reason, webhook.id, holder, webhook.turn),
    )
    connection.execute(
        """update webhook_delivery set state = 'failed', error = %s
           where webhook = %s and state = 'pending' and cause <> 'event'""",
        (f"paused: {reason}", webhook.id),
    )
    webhooks.release(connection, webhook.id, holder)


def _record_event(
    connection: SyncConnection, webhook: Webhook, job: Job, outcome: Outcome, now: datetime, *, changed: bool
) -> None:
    """Of an event of the run: once it is delivered the next one is due, and else it is itself, later."""
    skip_head(connection, webhook.id, but=job.event)
    state = "delivered" if outcome.delivered else "skipped" if changed else "pending"
    connection.execute(
        """insert into webhook_delivery as d
               (webhook, event, cause, state, attempts, status, error, created_at, attempted_at)
           values (%(webhook)s, %(event)s::uuid, 'event', 'pending', 1, %(status)s, %(error)s, %(now)s, %(now)s)
           on conflict (webhook) where state = 'pending' and cause = 'event' do update
               set attempts = d.attempts + 1, status = excluded.status, error = excluded.error,
                   attempted_at = excluded.attempted_at""",
        {
            "webhook": webhook.id,
            "event": job.event,
            "status": outcome.status,
            "error": outcome.error,
            "now": now,
        },
    )
    connection.execute(
        """update webhook_delivery set state = %s where webhook = %s and state = 'pending' and cause = 'event'""",
        (state, webhook.id),
    )
    if changed:
        return
    if outcome.delivered:
        webhooks.advance(connection, webhook, job.place)
        connection.execute(
            "update webhook set attempt = 0, failing_since = null, due_at = %s where id = %s", (now, webhook.id)
        )
        return
    since = webhook.failing_since or now
    connection.execute(
        "update webhook set attempt = attempt + 1, failing_since = %s, due_at = %s, paused = %s where id = %s",
        (since, now + back_off(webhook.attempt + 1), decide_pause(outcome, since, now), webhook.id),
    )


def _forget_old(connection: SyncConnection, webhook: str) -> None:
    connection.execute(
        """delete from webhook_delivery where webhook = %(webhook)s and state <> 'pending' and serial <= (
               select serial from webhook_delivery where webhook = %(webhook)s
               order by serial desc offset %(kept)s limit 1)""",
        {"webhook": webhook, "kept": KEPT},
    )
