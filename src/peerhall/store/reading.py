"""Reads: one statement that checks the login, finds what the caller may see of the answer, and returns its text.

Scope and revocation are part of the statement, so no cache of them can be stale, and no handler can read without them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from psycopg.pq.abc import PGresult

from peerhall.contract.filters import FILTERS
from peerhall.store.read_pool import ReadPool
from peerhall.store.scoping import OPERATOR, Sight, own_account_shown, sight_of
from peerhall.store.searching import list_conditions, list_values, placeholder


@dataclass(frozen=True, slots=True)
class Login:
    """What a verified token says: which session, and whether it is an operator's. If it holds, the database says."""

    session_digest: bytes
    operator: bool
    name: str
    """Whose login it is, the same after it was renewed: the account's id, or `operator`."""


class LoginEnded(Exception):
    """The session or its key was revoked or has expired."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is asked for: how many, from where, and the newest object that belongs to it."""

    offset: int
    limit: int | None
    newest: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The JSON array as text, and, where a window was asked for, how much there is."""

    text: bytes
    total: int
    count: int
    newest: int


_CALLER: Final = """caller as materialized (
    select k.account, {tree} as tree
    from session s join api_key k on k.id = s.api_key
    where s.digest = %(session)s and s.expires_at > %(now)s
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > %(now)s)
      and (k.account is null) = %(operator)s)"""

_HOLDER: Final = """caller as materialized (
    select k.account, {tree} as tree from api_key k
    where k.id = %(key)s and k.revoked_at is null and (k.expires_at is null or k.expires_at > %(now)s))"""

_TREE: Final = "array(select t.account from account_tree t where t.ancestor = k.account)"
HIS_TREE: Final = "(select tree from caller)::text[]"
"""The accounts the caller acts for, in a statement that begins with `caller_of`; an operator's is null."""
_HIS_ACCOUNT: Final = "(select account from caller)"


class Reader:
    """Reads documents for callers; `scoped` by construction, as every method takes a Login.

    Every statement selects from the caller: without a row, the login has ended.
    """

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool

    async def read(self, login: Login, now: datetime, kind: str, document: str) -> bytes | None:
        """What the caller sees of an object, None when it sees nothing of it. Raises LoginEnded."""
        rows = await self._run(_READ[kind, login.operator], {"id": document, **login_values(login, now)})
        return rows.get_value(0, 0)

    async def read_own_account(self, login: Login, now: datetime) -> bytes | None:
        """The caller's account; None for an operator's key, which has none. Raises LoginEnded."""
        rows = await self._run(_READ_OWN_ACCOUNT[login.operator], login_values(login, now))
        return rows.get_value(0, 0)

    async def list(self, login: Login, now: datetime, kind: str, filters: Mapping[str, Any]) -> bytes:
        """All that the caller sees and the filters match, oldest first, as a JSON array. Raises LoginEnded."""
        values = {**list_values(filters), **login_values(login, now)}
        return _array(await self._run(_list_statement(kind, login.operator, tuple(filters)), values))

    async def list_window(
        self, login: Login, now: datetime, kind: str, filters: Mapping[str, Any], window: Window
    ) -> Listing:
        """A window of what `list` returns, with counts. Raises LoginEnded."""
        values = {**list_values(filters), **login_values(login, now), **asdict(window)}
        rows = await self._run(_window_statement(kind, login.operator, tuple(filters)), values)
        total, newest, count = (_integer(rows.get_value(0, column)) for column in (1, 2, 3))
        return Listing(_array(rows), total, count, newest)

    async def _run(self, statement: str, values: Mapping[str, Any]) -> PGresult:
        rows = await self._pool.run(statement, values)
        if not rows.ntuples:
            raise LoginEnded
        return rows


def _array(rows: PGresult) -> bytes:
    """The first column as a JSON array; none of it becomes a Python string on its way to the socket.

    PostgreSQL could join the rows too, but it would get the memory for that from the kernel anew each time.
    """
    value = rows.get_value
    if value(0, 0) is None:
        return b"[]"
    texts = [value(row, 0) or b"" for row in range(rows.ntuples)]
    texts[0] = b"[" + texts[0]
    texts[-1] += b"]"
    return b",".join(texts)


def _integer(value: bytes | None) -> int:
    return int.from_bytes(value or b"", signed=True)


def login_values(login: Login, now: datetime) -> dict[str, Any]:
    """The parameters of `caller_of`."""
    return {"session": login.session_digest, "operator": login.operator, "now": now}


def caller_of(operator: bool) -> str:
    """The table `caller` of a statement's with clause: one row while the login holds, else none."""
    return _CALLER.format(tree="null::text[]" if operator else _TREE)


def holder_of(operator: bool) -> str:
    """The same for the holder of an API key (`key`), who is not logged in: one row while the key is valid."""
    return _HOLDER.format(tree="null::text[]" if operator else _TREE)


def _tree(operator: bool) -> str:
    return OPERATOR if operator else HIS_TREE


def _shown(kind: str, sight: Sight, operator: bool) -> str:
    return own_account_shown(sight, _HIS_ACCOUNT) if kind == "accounts" and not operator else sight.shown


@lru_cache(maxsize=1024)
def _list_statement(kind: str, operator: bool, filters: tuple[str, ...]) -> str:
    return f"""with {caller_of(operator)}
        select row.wire from caller left join ({_rows(kind, operator, filters)}) row on true order by row.serial"""


@lru_cache(maxsize=1024)
def _window_statement(kind: str, operator: bool, filters: tuple[str, ...]) -> str:
    return f"""with {caller_of(operator)},
        newest as (select coalesce(%(newest)s::bigint, max(serial), 0) as serial from document),
        matching as (select * from ({_rows(kind, operator, filters)}) row
                     where row.serial <= (select serial from newest)),
        page as (select * from matching order by serial offset %(offset)s limit %(limit)s)
        select page.wire, (select count(*) from matching), (select serial from newest), (select count(*) from page)
        from caller left join page on true order by page.serial"""


def _rows(kind: str, operator: bool, filters: tuple[str, ...]) -> str:
    """A select of `wire` and `serial` of every row that is seen and matches."""
    sight = sight_of(kind, _tree(operator))
    conditions = [name for name in filters if name != "fields"]
    seen_by_all, sensitive = list_conditions(kind, conditions, _tree(operator))
    visible = sight.full if sensitive else sight.any
    where = " and ".join([f"d.kind = '{kind}'", visible, *seen_by_all, *sensitive])
    if kind == "accounts" and not operator and "managing_account" in filters:
        # A filter is not to tell who is above the caller, as the answer does not.
        where += f" and d.id <> {_HIS_ACCOUNT}"
    if "fields" not in filters:
        return f"select {_shown(kind, sight, operator)} as wire, d.serial from document d where {where}"
    return f"""select projected::text as wire, min(serial) as serial from (
            select d.serial, coalesce((select jsonb_object_agg(key, value) from jsonb_each(d.body)
                              where key = any({placeholder("fields")}) or key = 'type'), '{{}}') as projected
            from document d where {where}) distinct_row group by projected"""


def _read_statement(kind: str, operator: bool) -> str:
    sight = sight_of(kind, _tree(operator))
    return f"""with {caller_of(operator)}
        select (select {_shown(kind, sight, operator)} from document d
                where d.kind = '{kind}' and d.id = %(id)s and {sight.any})
        from caller"""


_READ: Final = {(kind, operator): _read_statement(kind, operator) for kind in FILTERS for operator in (False, True)}

_READ_OWN_ACCOUNT: Final = {
    False: f"""with {caller_of(False)}
        select (select {own_account_shown(Sight("true"), "caller.account")} from document d
                where d.kind = 'accounts' and d.id = caller.account) from caller""",
    True: f"with {caller_of(True)} select null::text from caller",
}
