"""The two ends of an order's transaction: it begins with who is asking, and is committed with its line in the journal.

Each end is one way to the database and back, which is a tenth of a small order. Several statements in one go cannot
have parameters, so both are prepared, and their values stand in the text as literals.
"""

from datetime import datetime
from typing import Final

from psycopg import OperationalError
from psycopg.errors import InvalidSqlStatementName
from psycopg.pq import Escaping
from pydantic_core import from_json

from peerhall.exchange.visibility import Caller
from peerhall.store.database import SyncConnection, run_text
from peerhall.store.journal import Entry, as_row

_PREPARE: Final = b"""
    prepare find_caller (bytea, timestamptz) as
        select json_build_array(k.id, k.account, own.state, k.read_only,
                   array(select t.account from account_tree t where t.ancestor = k.account))::text
        from session s join api_key k on k.id = s.api_key left join document own on own.id = k.account
        where s.digest = $1 and s.expires_at > $2
          and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2);
    prepare append_entry (timestamptz, text, text, text, text, text, text, jsonb, text) as
        insert into journal (at, actor, account, operation, kind, document, outcome, detail, request)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


def begin_for(connection: SyncConnection, digest: bytes, now: datetime) -> Caller | None:
    """Begins a transaction and reads who a login stands for; None when it or its key has ended."""
    text = f"begin; execute find_caller ('\\x{digest.hex()}', '{now.isoformat()}')".encode()
    try:
        rows = run_text(connection, text)
    except InvalidSqlStatementName:
        run_text(connection, b"rollback;" + _PREPARE)  # the first order on this connection
        rows = run_text(connection, text)
    row = rows.get_value(0, 0) if rows.ntuples else None
    if row is None:
        return None
    key, account, state, read_only, tree = from_json(row)
    return Caller(key, account, frozenset(tree), read_only, state)


def commit_with(connection: SyncConnection, entry: Entry) -> None:
    """Journals what was done and commits a transaction that began with `begin_for`."""
    escape = Escaping(connection.pgconn).escape_literal
    values = b", ".join(b"null" if value is None else escape(value.encode()) for value in as_row(entry))
    if run_text(connection, b"execute append_entry (" + values + b"); commit").command_status != b"COMMIT":
        raise OperationalError("the transaction had failed and was rolled back")
