"""Reads: one statement that checks the login, finds what the caller may see of the answer, and returns its text.

Scope and revocation are part of the statement, so no cache of them can be stale, and no handler can read without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncCursor

from peerhall.contract.filters import FILTERS
from peerhall.store.database import ReadPool, sql
from peerhall.store.scoping import OPERATOR, Sight, own_account_shown, sight_of
from peerhall.store.searching import list_conditions


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

_TREE: Final = "array(select t.account from account_tree t where t.ancestor = k.account)"
_HIS_TREE: Final = "(select tree from caller)::text[]"
_HIS_ACCOUNT: Final = "(select account from caller)"


class Reader:
    """Reads documents for callers; `scoped` by construction, as every method takes a Login."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool

    async def read(self, login: Login, now: datetime, kind: str, document: str) -> bytes | None:
        """What the caller sees of an object, None when it sees nothing of it. Raises LoginEnded."""
        statement = _READ[kind, login.operator]
        return await self._one(statement, {"id": document} | _login(login, now))

    async def read_own_account(self, login: Login, now: datetime) -> bytes | None:
        """The caller's account; None for an operator's key, which has none. Raises LoginEnded."""
        if login.operator:
            return await self._one(f"with {_caller(True)} select count(*), null::text from caller", _login(login, now))
        return await self._one(_READ_OWN_ACCOUNT, _login(login, now))

    async def list(self, login: Login, now: datetime, kind: str, filters: Mapping[str, Any]) -> bytes:
        """All that the caller sees and the filters match, oldest first, as a JSON array. Raises LoginEnded."""
        parameters = _login(login, now)
        rows = _rows(kind, login.operator, filters, parameters)
        statement = f"""with {_caller(login.operator)}
            select (select count(*) from caller),
                   (select '[' || string_agg(row.wire, ',' order by row.serial) || ']' from ({rows}) row)"""
        return await self._one(statement, parameters) or b"[]"

    async def list_window(
        self, login: Login, now: datetime, kind: str, filters: Mapping[str, Any], window: Window
    ) -> Listing:
        """A window of what `list` returns, with counts. Raises LoginEnded."""
        parameters = _login(login, now) | {"offset": window.offset, "limit": window.limit, "newest": window.newest}
        rows = _rows(kind, login.operator, filters, parameters)
        statement = f"""with {_caller(login.operator)},
            newest as (select coalesce(%(newest)s::bigint, max(serial), 0) as serial from document),
            matching as (select * from ({rows}) row where row.serial <= (select serial from newest)),
            page as (select * from matching order by serial offset %(offset)s limit %(limit)s)
            select (select count(*) from caller),
                   (select coalesce('[' || string_agg(wire, ',' order by serial) || ']', '[]') from page),
                   (select count(*) from matching), (select count(*) from page), (select serial from newest)"""
        async with self._pool.cursor() as cursor:
            await cursor.execute(sql(statement), parameters)
            text = _text_of_caller(cursor)
            row = await cursor.fetchone()
        assert row is not None
        return Listing(text or b"[]", row[2], row[3], row[4])

    async def _one(self, statement: str, parameters: dict[str, Any]) -> bytes | None:
        cursor = await self._pool.lease()
        try:
            await cursor.execute(sql(statement), parameters)
            return _text_of_caller(cursor)
        finally:
            self._pool.give_back(cursor)


def _text_of_caller(cursor: AsyncCursor[Any]) -> bytes | None:
    """The second column as bytes; it never becomes a Python string on its way from the database to the socket."""
    result = cursor.pgresult
    assert result is not None
    callers = result.get_value(0, 0)
    if callers is None or not any(callers):
        raise LoginEnded
    return result.get_value(0, 1)


def _login(login: Login, now: datetime) -> dict[str, Any]:
    return {"session": login.session_digest, "operator": login.operator, "now": now}


def _caller(operator: bool) -> str:
    return _CALLER.format(tree="null::text[]" if operator else _TREE)


def _tree(operator: bool) -> str:
    return OPERATOR if operator else _HIS_TREE


def _shown(kind: str, sight: Sight, operator: bool) -> str:
    return own_account_shown(sight, _HIS_ACCOUNT) if kind == "accounts" and not operator else sight.shown


def _rows(kind: str, operator: bool, filters: Mapping[str, Any], parameters: dict[str, Any]) -> str:
    """A select of `wire` and `serial` of every row that is seen and matches."""
    sight = sight_of(kind, _tree(operator))
    conditions = {name: value for name, value in filters.items() if name != "fields"}
    seen_by_all, sensitive = list_conditions(kind, conditions, parameters, _tree(operator))
    visible = sight.full if sensitive else sight.any
    where = " and ".join([f"d.kind = '{kind}'", visible, *seen_by_all, *sensitive])
    if "fields" not in filters:
        return f"select {_shown(kind, sight, operator)} as wire, d.serial from document d where {where}"
    parameters["fields"] = filters["fields"]
    return f"""select projected::text as wire, min(serial) as serial from (
            select d.serial, coalesce((select jsonb_object_agg(key, value) from jsonb_each(d.body)
                              where key = any(%(fields)s) or key = 'type'), '{{}}') as projected
            from document d where {where}) distinct_row group by projected"""


def _read_statement(kind: str, operator: bool) -> str:
    sight = sight_of(kind, _tree(operator))
    return f"""with {_caller(operator)}
        select (select count(*) from caller),
               (select {_shown(kind, sight, operator)} from document d
                where d.kind = '{kind}' and d.id = %(id)s and {sight.any} and exists (select 1 from caller))"""


_READ: Final = {(kind, operator): _read_statement(kind, operator) for kind in FILTERS for operator in (False, True)}

_READ_OWN_ACCOUNT: Final = f"""with {_caller(False)}
    select (select count(*) from caller),
           (select {own_account_shown(Sight("true"), _HIS_ACCOUNT)} from document d
            where d.kind = 'accounts' and d.id = {_HIS_ACCOUNT})"""
