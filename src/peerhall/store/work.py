"""The work queue: subjects that something has to be done about, leased to one worker at a time.

Rows are only added and deleted, so that orders never wait for each other. A worker takes a subject with all its rows;
what is added meanwhile stays for the next time. A lease that ran out can be taken over, with a higher generation.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peerhall.store.database import SyncConnection, execute_each


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a subject for a while."""

    subject: str
    holder: str
    generation: int
    newest: int
    """The last row the lease covers, of those that were due when it was taken."""
    taken_at: datetime
    attempt: int
    """How often in a row the work has failed."""


def queue(connection: SyncConnection, subjects: Iterable[str], due_at: datetime, attempt: int = 0) -> None:
    """Asks for something to be done about each subject, from `due_at` on."""
    rows = [(subject, due_at, attempt) for subject in sorted(set(subjects))]
    execute_each(connection, "insert into work (subject, due_at, attempt) values (%s, %s, %s)", rows)


def set_date(connection: SyncConnection, subject: str, moment: datetime | None, now: datetime) -> None:
    """Has a subject come up by itself at a moment after `now`, in place of the one it had; None, or the past, is never.

    What others ask for at the same time is kept.
    """
    connection.execute("delete from work where subject = %s and dated", (subject,))
    if moment is not None and moment > now:
        connection.execute("insert into work (subject, due_at, dated) values (%s, %s, true)", (subject, moment))


def lease(connection: SyncConnection, holder: str, now: datetime, duration: timedelta) -> Lease | None:
    """The subject that has been due longest and that nobody else works on; None when nothing is due.

    A worker has one lease at a time: one that it holds already was not given back because the database was away.
    To be called in a transaction of its own.
    """
    row = connection.execute(
        """select w.subject from work w
           where w.due_at <= %(now)s
             and not exists (select 1 from lease l
                             where l.subject = w.subject and l.until > %(now)s and l.holder <> %(holder)s)
           order by w.due_at, w.serial limit 1 for update of w skip locked""",
        {"now": now, "holder": holder},
    ).fetchone()
    if row is None:
        return None
    taken = connection.execute(
        """insert into lease (subject, holder, until, generation)
           values (%(subject)s, %(holder)s, %(until)s, nextval('lease_generation'))
           on conflict (subject) do update
               set holder = excluded.holder, until = excluded.until, generation = excluded.generation
               where lease.until <= %(now)s or lease.holder = excluded.holder
           returning generation""",
        {"subject": row[0], "holder": holder, "until": now + duration, "now": now},
    ).fetchone()
    if taken is None:
        return None
    covered = connection.execute(
        "select max(serial), max(attempt) from work where subject = %s and due_at <= %s", (row[0], now)
    ).fetchone()
    assert covered is not None
    return Lease(row[0], holder, taken[0], covered[0] or 0, now, covered[1] or 0)


def renew(connection: SyncConnection, held: Lease, now: datetime, duration: timedelta) -> bool:
    """Keeps a lease; False when it was taken over and the worker must stop."""
    done = connection.execute(
        "update lease set until = %s where subject = %s and holder = %s and generation = %s returning subject",
        (now + duration, held.subject, held.holder, held.generation),
    ).fetchone()
    return done is not None


def is_held(connection: SyncConnection, held: Lease) -> bool:
    """Whether a lease was not taken over, nor will be while this transaction lasts."""
    row = connection.execute(
        "select 1 from lease where subject = %s and holder = %s and generation = %s for share",
        (held.subject, held.holder, held.generation),
    ).fetchone()
    return row is not None


def finish(connection: SyncConnection, held: Lease, *, again_at: datetime | None = None, attempt: int = 0) -> None:
    """Gives a lease back with the work done, or to be done again; nothing happens when it was taken over."""
    mine = connection.execute(
        "delete from lease where subject = %s and holder = %s and generation = %s returning subject",
        (held.subject, held.holder, held.generation),
    ).fetchone()
    if mine is None:
        return
    connection.execute(
        "delete from work where subject = %s and serial <= %s and due_at <= %s",
        (held.subject, held.newest, held.taken_at),
    )
    if again_at is not None:
        connection.execute(
            """insert into work (subject, due_at, attempt) select %(subject)s, %(due)s, %(attempt)s
               where not exists (select 1 from work where subject = %(subject)s and due_at <= %(due)s)""",
            {"subject": held.subject, "due": again_at, "attempt": attempt},
        )


def release_dead(connection: SyncConnection, mine: str, is_alive: Callable[[str], bool]) -> None:
    """Ends the leases of workers that are no longer there, so that nobody waits for them to run out."""
    for (holder,) in connection.execute("select distinct holder from lease").fetchall():
        if holder != mine and not is_alive(holder):
            connection.execute("delete from lease where holder = %s", (holder,))


def next_due(connection: SyncConnection, now: datetime) -> datetime | None:
    """When the next piece of work can be taken: it is due and nobody holds its subject."""
    row = connection.execute(
        """select min(greatest(w.due_at, coalesce(l.until, w.due_at)))
           from work w left join lease l on l.subject = w.subject and l.until > %s""",
        (now,),
    ).fetchone()
    return row[0] if row else None


def channel_of(connection: SyncConnection) -> str:
    """What workers of this schema listen on; a notification says only: look."""
    row = connection.execute("select current_schema()").fetchone()
    assert row is not None
    return f"peerhall_work:{row[0]}"


def notify(connection: SyncConnection) -> None:
    """Wakes the workers. On a connection of its own: inside an order's transaction it would serialise all commits."""
    connection.execute("select pg_notify('peerhall_work:' || current_schema(), '')")
