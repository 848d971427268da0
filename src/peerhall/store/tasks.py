"""Tasks for people: steps of the manual driver, and questions only the operator can answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.rows import class_row
from pydantic_core import to_json

from peerhall.store.database import SyncConnection, sql
from peerhall.store.journal import mask

TaskKind = Literal["step", "verify_asn"]
TaskState = Literal["open", "done", "failed", "void"]

_COLUMNS: Final = (
    "number, kind, subject, key, document, title, instructions, request, state, opened_at, closed_at, closed_by, note"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person is asked to do; `request` says the same for a program."""

    number: int
    kind: TaskKind
    subject: str
    """The device, or the account whose ASN it is about."""
    key: str
    """What of the subject; only one open task is about the same."""
    document: str
    title: str
    instructions: str
    request: dict[str, Any]
    state: TaskState
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    note: str | None

    @property
    def ticket(self) -> str:
        """How members and operators name it to each other."""
        return f"T{self.number}"


def open_task(
    connection: SyncConnection,
    kind: TaskKind,
    subject: str,
    key: str,
    document: str,
    title: str,
    instructions: str,
    request: dict[str, Any],
    now: datetime,
) -> Task:
    """Opens a task, or returns the open one about the same."""
    # Looked for first, as an insert that comes to nothing uses up a number.
    if (known := find_open(connection, subject, key)) is not None:
        return known
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        task = cursor.execute(
            sql(
                f"""insert into task (kind, subject, key, document, title, instructions, request, opened_at)
                    values (%s, %s, %s, %s, %s, %s, %s::text::jsonb, %s)
                    on conflict (subject, key) where state = 'open' do update set key = excluded.key
                    returning {_COLUMNS}"""
            ),
            (kind, subject, key, document, title, instructions, to_json(request).decode(), now),
        ).fetchone()
    assert task is not None
    return task


def find_open(connection: SyncConnection, subject: str, key: str) -> Task | None:
    """The open task about this."""
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        return cursor.execute(
            sql(f"select {_COLUMNS} from task where subject = %s and key = %s and state = 'open'"), (subject, key)
        ).fetchone()


def find_task(connection: SyncConnection, number: int, *, lock: bool = False) -> Task | None:
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        return cursor.execute(
            sql(f"select {_COLUMNS} from task where number = %s {'for update' if lock else ''}"), (number,)
        ).fetchone()


def list_tasks(
    connection: SyncConnection, states: Sequence[TaskState] = ("open",), documents: Collection[str] | None = None
) -> list[Task]:
    """Tasks in these states, oldest first; all of them, or those about some documents."""
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        return cursor.execute(
            sql(
                f"""select {_COLUMNS} from task
                    where state = any(%(states)s) and (%(documents)s::text[] is null or document = any(%(documents)s))
                    order by number"""
            ),
            {"states": list(states), "documents": None if documents is None else list(documents)},
        ).fetchall()


def close_task(
    connection: SyncConnection, number: int, state: TaskState, by: str, note: str | None, now: datetime
) -> None:
    """Closes a task; passwords in it are needed no more, and are masked."""
    connection.execute(
        "update task set state = %s, closed_at = %s, closed_by = %s, note = %s where number = %s",
        (state, now, by, note, number),
    )
    _forget_secrets(connection, [number])


def void_tasks(connection: SyncConnection, subject: str, besides: Collection[str], now: datetime) -> None:
    """Closes the open steps of a device that are no longer wanted."""
    closed = connection.execute(
        """update task set state = 'void', closed_at = %s, closed_by = 'provisioning'
           where subject = %s and kind = 'step' and state = 'open' and not key = any(%s)
           returning number""",
        (now, subject, list(besides)),
    )
    _forget_secrets(connection, [row[0] for row in closed])


def _forget_secrets(connection: SyncConnection, numbers: Collection[int]) -> None:
    rows = connection.execute("select number, request from task where number = any(%s)", (list(numbers),)).fetchall()
    for number, request in rows:
        if (masked := mask(request)) != request:
            connection.execute(
                "update task set request = %s::text::jsonb where number = %s", (to_json(masked).decode(), number)
            )


def verified_asns(connection: SyncConnection, account: str) -> set[int]:
    """The ASNs the operator has accepted for an account."""
    rows = connection.execute("select asn from account_asn where account = %s", (account,))
    return {row[0] for row in rows}


def accounts_of_asns(connection: SyncConnection, asns: Collection[int]) -> dict[int, list[str]]:
    """The accounts that each of the ASNs was accepted for, the first one first."""
    rows = connection.execute(
        "select asn, account from account_asn where asn = any(%s) order by verified_at, account", (list(asns),)
    )
    found: dict[int, list[str]] = {}
    for asn, account in rows:
        found.setdefault(asn, []).append(account)
    return found


def verify_asn(connection: SyncConnection, account: str, asn: int, by: str, now: datetime) -> None:
    """Accepts an ASN for an account."""
    connection.execute(
        """insert into account_asn (account, asn, verified_at, verified_by) values (%s, %s, %s, %s)
           on conflict do nothing""",
        (account, asn, now, by),
    )
