"""The change feed's side of the journal: every change of a state or status, in an order that nobody can miss one of.

The database notes a change with the change itself (a trigger, see 0007). After the commit it is given its place, by
one process at a time: places only grow, become visible in their order, and put a change behind all that its transaction
had seen. Neither serials nor transaction ids do: a later one may be committed first.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from peerhall.store.database import SyncConnection, sql
from peerhall.store.read_pool import ReadPool
from peerhall.store.reading import HIS_TREE, Login, LoginEnded, caller_of, holder_of, login_values
from peerhall.store.scoping import B_SIDE, OPERATOR, sight_of

STATEFUL: Final = (
    "accounts",
    "connections",
    "network-feature-configs",
    "network-service-configs",
    "network-services",
    "port-reservations",
    "ports",
    "routing-functions",
)
"""Kinds that have a state, and so a feed of its changes."""

_LOCK: Final = 0x706C616365


@dataclass(frozen=True, slots=True)
class Change:
    """One event: the id to resume by, its place, and the event as JSON."""

    id: str
    place: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Next:
    """The next change for somebody, None when there is none yet, and the newest place of all."""

    change: Change | None
    newest: int


def tell_time(connection: SyncConnection, now: datetime) -> None:
    """Has the changes of this transaction dated by our clock instead of the database's."""
    connection.execute("select set_config('peerhall.now', %s, true)", (now.isoformat(),))


def give_places(connection: SyncConnection) -> None:
    """Puts what has been committed into its order; what one transaction did to one object is one change, or none."""
    connection.execute("select pg_advisory_xact_lock(%s + hashtext(current_schema()))", (_LOCK,))
    # Only a statement that begins after the lock was had sees what its last holder did.
    connection.execute(
        """with fresh as materialized (
               select serial, document, state, status,
                      first_value(state_before) over made as first_state,
                      first_value(status_before) over made as first_status,
                      row_number() over (partition by xact, document order by serial desc) as from_last
               from change where place is null
               window made as (partition by xact, document order by serial)
           ), kept as materialized (
               select serial, document, first_state,
                      row_number() over (order by serial) as place,
                      row_number() over (partition by document order by serial) as number
               from fresh
               where from_last = 1 and (state, status) is distinct from (first_state, first_status)
           ), gone as (
               delete from change
               where serial in (select serial from fresh except select serial from kept)
           )
           update change c
           set state_before = k.first_state, status_before = null,
               place = k.place + (select coalesce(max(place), 0) from change),
               number = k.number
                   + (select coalesce(max(e.number), 0) from change e where e.document = k.document)
           from kept k where k.serial = c.serial"""
    )


async def look(pool: ReadPool) -> tuple[int, bool]:
    """The newest place, and whether there is something that has none yet."""
    rows = await pool.run(
        "select coalesce(max(place), 0), exists (select from change where place is null) from change", {}
    )
    return _integer(rows.get_value(0, 0)), rows.get_value(0, 1) == b"\x01"


async def list_concerned(pool: ReadPool, after: int, newest: int) -> tuple[set[str], bool]:
    """Accounts that may see some change between two places, and whether everybody may."""
    rows = await pool.run(
        """with changed as (
               select distinct on (d.id) d.* from change c join document d on d.id = c.document
               where c.place > %(after)s and c.place <= %(newest)s)
           select t.ancestor, false from changed d
               join account_tree t on t.account in (
                   d.managing_account, d.consuming_account, d.id, d.body ->> 'joining_member_account')
           union select null, true from changed d where d.kind = 'network-services' and d.type = 'exchange_lan'""",
        {"after": after, "newest": newest},
    )
    accounts = {value.decode() for row in range(rows.ntuples) if (value := rows.get_value(row, 0)) is not None}
    return accounts, any(rows.get_value(row, 1) == b"\x01" for row in range(rows.ntuples))


async def list_ended(pool: ReadPool, digests: Collection[bytes], now: datetime) -> set[bytes]:
    """Those of the logins that have ended: expired, or their key revoked."""
    rows = await pool.run(
        """select s.digest from session s join api_key k on k.id = s.api_key
           where s.digest = any(%(digests)s::bytea[]) and s.expires_at > %(now)s
             and k.revoked_at is null and (k.expires_at is null or k.expires_at > %(now)s)""",
        {"digests": list(digests), "now": now},
    )
    return set(digests) - {rows.get_value(row, 0) or b"" for row in range(rows.ntuples)}


async def find_place(pool: ReadPool, change: str) -> int | None:
    """Where a change with this id is; None when there is none."""
    rows = await pool.run(
        "select place from change where id = %(id)s::text::uuid and place is not null", {"id": change}
    )
    return _integer(rows.get_value(0, 0)) if rows.ntuples else None


async def read_after(pool: ReadPool, login: Login, now: datetime, place: int, most: int) -> tuple[list[Change], int]:
    """The first changes after a place that the caller may see now, and the place up to which it has now seen all.

    Raises LoginEnded.
    """
    values = {**login_values(login, now), "place": place, "most": most}
    rows = await pool.run(_after_statement(login.operator), values)
    if not rows.ntuples:
        raise LoginEnded
    found = [
        Change(
            (rows.get_value(row, 0) or b"").decode(), _integer(rows.get_value(row, 1)), rows.get_value(row, 2) or b""
        )
        for row in range(rows.ntuples)
        if rows.get_value(row, 0) is not None
    ]
    seen = found[-1].place if len(found) == most else max(place, _integer(rows.get_value(0, 3)))
    return found, seen


async def find_latest(pool: ReadPool, login: Login, now: datetime) -> tuple[str, int]:
    """The id of the last change that the caller may see, empty if there is none, and the newest place of all.

    Raises LoginEnded.
    """
    rows = await pool.run(_latest_statement(login.operator), login_values(login, now))
    if not rows.ntuples:
        raise LoginEnded
    return (rows.get_value(0, 0) or b"").decode(), _integer(rows.get_value(0, 1))


def find_next(connection: SyncConnection, key: str, now: datetime, place: int, kinds: Sequence[str]) -> Next:
    """The first change after a place that the holder of a key may see now, of these kinds. Raises LoginEnded."""
    return _find(
        connection, key, now, "c.place > %(place)s and c.kind = any(%(kinds)s)", place=place, kinds=list(kinds)
    )


def find_one(connection: SyncConnection, key: str, now: datetime, change: str) -> Change | None:
    """One change, if the holder of a key may see it now. Raises LoginEnded."""
    return _find(connection, key, now, "c.place is not null and c.id = %(change)s::text::uuid", change=change).change


def has_unplaced(connection: SyncConnection) -> bool:
    """Whether there is something that has no place yet."""
    row = connection.execute("select exists (select from change where place is null)").fetchone()
    return bool(row and row[0])


def newest_place(connection: SyncConnection) -> int:
    row = connection.execute("select coalesce(max(place), 0) from change").fetchone()
    return row[0] if row else 0


def place_of(connection: SyncConnection, change: str) -> int | None:
    """Where a change with this id is; None when there is none."""
    row = connection.execute(
        "select place from change where id = %s::text::uuid and place is not null", (change,)
    ).fetchone()
    return row[0] if row else None


def _find(connection: SyncConnection, key: str, now: datetime, condition: str, **values: Any) -> Next:
    operator = connection.execute("select account is null from api_key where id = %s", (key,)).fetchone()
    if operator is None:
        raise LoginEnded
    row = connection.execute(
        sql(_listing(holder_of(operator[0]), operator[0], condition)), {"key": key, "now": now, "most": 1, **values}
    ).fetchone()
    if row is None:
        raise LoginEnded
    id_, place, text, newest = row
    return Next(None if id_ is None else Change(id_, place, text.encode()), newest)


@cache
def _after_statement(operator: bool) -> str:
    return _listing(caller_of(operator), operator, "c.place > %(place)s")


def _listing(caller: str, operator: bool, condition: str) -> str:
    return f"""with {caller},
        seen as (
            select c.id::text, c.place, json_build_object(
                'id', c.id,
                'serial', c.number,
                'at', to_char(c.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'resource_type', c.kind,
                'resource_id', c.document,
                'previous_state', c.state_before,
                'state', c.state,
                'status', c.status)::text as text
            from change c join document d on d.id = c.document
            where {condition} and {_seen(operator)}
            order by c.place limit %(most)s)
        select seen.id, seen.place, seen.text, (select coalesce(max(place), 0) from change)
        from caller left join seen on true order by seen.place"""


@cache
def _latest_statement(operator: bool) -> str:
    return f"""with {caller_of(operator)}
        select (select c.id::text from document d join change c on c.document = d.id
                where c.place is not null and {_seen(operator)} order by c.place desc limit 1),
               (select coalesce(max(place), 0) from change)
        from caller"""


def _seen(operator: bool) -> str:
    """Whether the caller sees the state of the object `d` now: of what it sees in full, and of circuits to it."""
    tree = OPERATOR if operator else HIS_TREE
    sights = [f"d.kind = '{kind}' and {sight_of(kind, tree).full}" for kind in STATEFUL]
    if not operator:
        sights.append(f"d.kind = 'network-services' and {B_SIDE.format(tree=tree)}")
    return f"({' or '.join(sights)})"


def _integer(value: bytes | None) -> int:
    return int.from_bytes(value or b"", signed=True)
