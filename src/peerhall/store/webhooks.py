"""Webhooks: who is told of changes at which URL, how far each has got in the feed, and who is at work on it.

A webhook goes through the feed on its own, from place to place.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from peerhall.exchange.webhooks import Pause
from peerhall.store.changes import STATEFUL
from peerhall.store.database import SyncConnection, sql
from peerhall.store.sealing import CannotOpen

SHOW_SECRET: Final = frozenset({"webhooks_create", "webhooks_secrets_create"})
"""Operations whose answer has a secret in it."""


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


_COLUMNS: Final = ", ".join(field.name for field in fields(Webhook))


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


def advance(connection: SyncConnection, webhook: Webhook, place: int) -> None:
    """Moves it on in the feed, unless it was sent elsewhere meanwhile."""
    connection.execute(
        "update webhook set place = greatest(place, %s) where id = %s and turn = %s",
        (place, webhook.id, webhook.turn),
    )
