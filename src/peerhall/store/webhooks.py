"""Webhooks: who is told of changes at which URL, how far each has got, and what came of every attempt.

A webhook goes through the feed on its own, from place to place. While it waits for an event to be taken, that is the
open `event` among its deliveries; tests and single events once more are put beside it and are sent once.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal
from uuid import uuid4

from psycopg.rows import class_row

from peerhall.exchange.webhooks import Outcome, Pause, back_off, decide_pause
from peerhall.store import changes
from peerhall.store.changes import STATEFUL
from peerhall.store.database import SyncConnection, sql
from peerhall.store.sealing import CannotOpen

Cause = Literal["event", "replay", "test"]
DeliveryState = Literal["pending", "delivered", "failed", "skipped"]

SHOW_SECRET: Final = frozenset({"webhooks_create", "webhooks_secrets_create"})
"""Operations whose answer has a secret in it."""

KEPT: Final = 500
"""Deliveries of a webhook that are remembered."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription."""

    id: str
    account: str | None
    api_key: str
    url: str
    label: str
    resource_types: list[str] | None
    active: bool
    created_at: datetime
    secret: str
    """Sealed, like the one before."""
    place: int
    due_at: datetime
    paused: Pause | None = None
    previous_secret: str | None = None
    previous_until: datetime | None = None
    turn: int = 0
    attempt: int = 0
    failing_since: datetime | None = None
    last_delivered_at: datetime | None = None

    @property
    def kinds(self) -> Sequence[str]:
        """The collections it is told of."""
        return STATEFUL if self.resource_types is None else self.resource_types


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


_COLUMNS: Final = ", ".join(field.name for field in fields(Webhook))
_DELIVERY: Final = "id::text, event::text, cause, state, attempts, status, error, created_at, attempted_at"


def add(connection: SyncConnection, webhook: Webhook) -> None:
    names = [field.name for field in fields(Webhook)]
    values = [getattr(webhook, name) for name in names]
    connection.execute(
        sql(f"insert into webhook ({_COLUMNS}) values ({', '.join(['%s'] * len(names))})"),
        values,
    )


def save(connection: SyncConnection, webhook: Webhook) -> None:
    """Writes what its owner has changed; what an attempt under way comes to is then no longer about it."""
    connection.execute(
        """update webhook set api_key = %(api_key)s, url = %(url)s, label = %(label)s, due_at = %(due_at)s,
               resource_types = %(resource_types)s, active = %(active)s, paused = %(paused)s, secret = %(secret)s,
               previous_secret = %(previous_secret)s, previous_until = %(previous_until)s, place = %(place)s,
               attempt = %(attempt)s, failing_since = %(failing_since)s, turn = turn + 1
           where id = %(id)s""",
        {field.name: getattr(webhook, field.name) for field in fields(Webhook)},
    )


def remove(connection: SyncConnection, webhook: str) -> None:
    connection.execute("delete from webhook where id = %s", (webhook,))


def find(connection: SyncConnection, webhook: str, *, lock: bool = False) -> Webhook | None:
    with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        return cursor.execute(
            sql(f"select {_COLUMNS} from webhook where id = %s{' for no key update' if lock else ''}"), (webhook,)
        ).fetchone()


def list_webhooks(connection: SyncConnection, accounts: Collection[str] | None) -> list[Webhook]:
    """Those of some accounts, or of everybody and the exchange itself; oldest first."""
    with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        return cursor.execute(
            sql(
                f"""select {_COLUMNS} from webhook
                    where %(accounts)s::text[] is null or account = any(%(accounts)s) order by serial"""
            ),
            {"accounts": None if accounts is None else list(accounts)},
        ).fetchall()


def count_of(connection: SyncConnection, account: str | None) -> int:
    """How many an account has; nobody else can add one to it until the transaction ends."""
    connection.execute(
        "select pg_advisory_xact_lock(hashtextextended(current_schema() || '/webhooks/' || %s, 0))", (account or "",)
    )
    row = connection.execute(
        "select count(*) from webhook where account is not distinct from %s", (account,)
    ).fetchone()
    return row[0] if row else 0


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


def is_needed(connection: SyncConnection) -> bool:
    """Whether there is any webhook at all."""
    row = connection.execute("select exists (select from webhook)").fetchone()
    return bool(row and row[0])


def lease_due(
    connection: SyncConnection,
    holder: str,
    now: datetime,
    until: datetime,
    choose: Callable[[list[tuple[str, str | None]]], Collection[str]],
) -> list[Webhook]:
    """Takes webhooks that may have something to send and that nobody works on, the longest due first.

    `choose` is told ids and accounts, and says which to take. To be called in a transaction of its own.
    """
    due = connection.execute(
        """select w.id, w.account from webhook w
           where (w.lease_until is null or w.lease_until <= %(now)s)
             and (exists (select from webhook_delivery d
                          where d.webhook = w.id and d.state = 'pending' and d.cause <> 'event')
                  or w.active and w.paused is null and w.due_at <= %(now)s
                     and w.place < (select max(place) from change))
           order by w.due_at, w.serial for no key update of w skip locked""",
        {"now": now},
    ).fetchall()
    chosen = list(choose(due))
    if not chosen:
        return []
    connection.execute(
        "update webhook set lease_holder = %s, lease_until = %s where id = any(%s)", (holder, until, chosen)
    )
    found = [find(connection, each) for each in chosen]
    return [each for each in found if each is not None]


def release(connection: SyncConnection, webhook: str, holder: str) -> None:
    connection.execute(
        "update webhook set lease_holder = null, lease_until = null where id = %s and lease_holder = %s",
        (webhook, holder),
    )


def release_dead(connection: SyncConnection, mine: str, is_alive: Callable[[str], bool]) -> None:
    """Ends the leases of workers that are no longer there, so that nobody waits for them to run out."""
    held = "select distinct lease_holder from webhook where lease_holder is not null"
    for (holder,) in connection.execute(held).fetchall():
        if holder != mine and not is_alive(holder):
            connection.execute(
                "update webhook set lease_holder = null, lease_until = null where lease_holder = %s", (holder,)
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
        _advance(connection, webhook, found.newest)
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
    release(connection, webhook.id, holder)


def reseal(connection: SyncConnection, seal_anew: Callable[[str], str]) -> tuple[int, list[str]]:
    """Encrypts all secrets anew; returns how many, and the webhooks whose secret cannot be read.

    Secrets of before that cannot be read are dropped, and so are remembered answers with secrets in them.
    """
    done, lost = 0, []
    rows = connection.execute("select id, secret, previous_secret from webhook order by serial for update").fetchall()
    for webhook, secret, previous in rows:
        try:
            kept = seal_anew(secret)
        except CannotOpen:
            lost.append(webhook)
            continue
        try:
            before = previous and seal_anew(previous)
        except CannotOpen:
            before = None
        connection.execute(
            "update webhook set secret = %s, previous_secret = %s where id = %s", (kept, before, webhook)
        )
        done += 1
    connection.execute("delete from idempotency where operation = any(%s)", (sorted(SHOW_SECRET),))
    return done, lost


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
        _advance(connection, webhook, job.place)
        connection.execute(
            "update webhook set attempt = 0, failing_since = null, due_at = %s where id = %s", (now, webhook.id)
        )
        return
    since = webhook.failing_since or now
    connection.execute(
        "update webhook set attempt = attempt + 1, failing_since = %s, due_at = %s, paused = %s where id = %s",
        (since, now + back_off(webhook.attempt + 1), decide_pause(outcome, since, now), webhook.id),
    )


def _advance(connection: SyncConnection, webhook: Webhook, place: int) -> None:
    """Moves it on in the feed, unless it was sent elsewhere meanwhile."""
    connection.execute(
        "update webhook set place = greatest(place, %s) where id = %s and turn = %s",
        (place, webhook.id, webhook.turn),
    )


def _forget_old(connection: SyncConnection, webhook: str) -> None:
    connection.execute(
        """delete from webhook_delivery where webhook = %(webhook)s and state <> 'pending' and serial <= (
               select serial from webhook_delivery where webhook = %(webhook)s
               order by serial desc offset %(kept)s limit 1)""",
        {"webhook": webhook, "kept": KEPT},
    )
