"""Who is asking, read in the transaction of the order itself."""

from datetime import datetime

from pydantic_core import from_json

from peerhall.exchange.visibility import Caller
from peerhall.store.database import SyncConnection, run_text


def begin_for(connection: SyncConnection, digest: bytes, now: datetime) -> Caller | None:
    """Begins a transaction and reads who a login stands for; None when it or its key has ended.

    Both in one go, as every way to the database and back is a tenth of a small order.
    """
    return _read(connection, "begin; ", digest, now)


def find_caller(connection: SyncConnection, digest: bytes, now: datetime) -> Caller | None:
    """Who a login stands for, within a transaction; None when it or its key has ended."""
    return _read(connection, "", digest, now)


def _read(connection: SyncConnection, before: str, digest: bytes, now: datetime) -> Caller | None:
    # Values stand in the text, as several statements cannot have parameters: a digest in hexadecimal and an instant.
    rows = run_text(
        connection,
        f"""{before}select json_build_array(k.id, k.account, own.state, k.read_only,
                   array(select t.account from account_tree t where t.ancestor = k.account))::text
            from session s join api_key k on k.id = s.api_key left join document own on own.id = k.account
            where s.digest = '\\x{digest.hex()}' and s.expires_at > '{now.isoformat()}'
              and k.revoked_at is null and (k.expires_at is null or k.expires_at > '{now.isoformat()}')""".encode(),
    )
    row = rows.get_value(0, 0) if rows.ntuples else None
    if row is None:
        return None
    key, account, state, read_only, tree = from_json(row)
    return Caller(key, account, frozenset(tree), read_only, state)
