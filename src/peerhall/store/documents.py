"""Documents within a transaction: found, locked, inserted, changed, removed, with their references and account tree."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

from pydantic_core import to_json

from peerhall.exchange.records import Record
from peerhall.exchange.relations import list_references
from peerhall.exchange.visibility import Caller
from peerhall.store.database import SyncConnection, execute_each, sql
from peerhall.store.scoping import OPERATOR, sight_of

Lock = Literal["", "for key share", "for share", "for no key update", "for update"]

_COLUMNS: Final = "d.id, d.kind, d.body, d.meta, d.serial"


def insert(connection: SyncConnection, records: Sequence[Record]) -> None:
    """Adds new documents with what they refer to; later ones may refer to earlier ones."""
    execute_each(
        connection,
        "insert into document (id, kind, body, meta) values (%s, %s, %s::text::jsonb, %s::text::jsonb)",
        [(each.id, each.kind, to_json(each.body).decode(), to_json(each.meta).decode()) for each in records],
    )
    _insert_references(connection, records)
    for record in records:
        if record.kind == "accounts":
            _plant(connection, record)


def save(connection: SyncConnection, record: Record) -> None:
    """Replaces a document and what it refers to."""
    connection.execute(
        "update document set body = %s::text::jsonb, meta = %s::text::jsonb where id = %s",
        (to_json(record.body).decode(), to_json(record.meta).decode(), record.id),
    )
    wanted = set(list_references(record.kind, record.body))
    held = set(connection.execute("select member, target from reference where source = %s", (record.id,)).fetchall())
    for member, target in held - wanted:
        connection.execute(
            "delete from reference where source = %s and member = %s and target = %s", (record.id, member, target)
        )
    for member, target in sorted(wanted - held):
        connection.execute(
            "insert into reference (source, member, target) values (%s, %s, %s)", (record.id, member, target)
        )
    if record.kind == "accounts":
        _replant(connection, record)


def remove(connection: SyncConnection, record: Record) -> None:
    """Takes a document out for good; the database refuses while another one refers to it."""
    connection.execute("delete from document where id = %s", (record.id,))


def find(connection: SyncConnection, kind: str, document: str, lock: Lock = "") -> Record | None:
    """The document of this kind and id, whoever may see it."""
    row = connection.execute(
        sql(f"select {_COLUMNS} from document d where d.kind = %s and d.id = %s {lock}"), (kind, document)
    ).fetchone()
    return Record(*row) if row else None


def find_many(connection: SyncConnection, ids: Collection[str], lock: Lock = "") -> dict[str, Record]:
    """Those of the documents that exist, by id; locks are taken in order of age, so that orders never cross."""
    if not ids:
        return {}
    rows = connection.execute(
        sql(f"select {_COLUMNS} from document d where d.id = any(%s) order by d.serial {lock}"), (list(ids),)
    )
    return {row[0]: Record(*row) for row in rows}


def find_seen(
    connection: SyncConnection, caller: Caller, kind: str, ids: Collection[str], *, in_full: bool, lock: Lock = ""
) -> dict[str, Record]:
    """Those of the documents of this kind that the caller sees: in full, or at least a part of."""
    if not ids:
        return {}
    sight = sight_of(kind, OPERATOR if caller.operator else "%(tree)s")
    rows = connection.execute(
        sql(
            f"select {_COLUMNS} from document d where d.kind = %(kind)s and d.id = any(%(ids)s) "
            f"and {sight.full if in_full else sight.any} order by d.serial {lock}"
        ),
        {"kind": kind, "ids": list(ids), "tree": list(caller.tree)},
    )
    return {row[0]: Record(*row) for row in rows}


def find_users(
    connection: SyncConnection, target: str, member: str, kind: str | None = None, lock: Lock = ""
) -> list[Record]:
    """The documents that name `target` in `member`, oldest first."""
    rows = connection.execute(
        sql(
            f"""select {_COLUMNS} from reference r join document d on d.id = r.source
                where r.target = %(target)s and r.member = %(member)s and (%(kind)s::text is null or d.kind = %(kind)s)
                order by d.serial {lock and lock + " of d"}"""
        ),
        {"target": target, "member": member, "kind": kind},
    )
    return [Record(*row) for row in rows]


def is_used(
    connection: SyncConnection, target: str, member: str, kind: str, states: Collection[str] | None = None
) -> bool:
    """Whether a document of a kind names `target` in `member` and still holds something, or is in one of the states.

    However many there were: what has ended is not read.
    """
    row = connection.execute(
        """select exists (
               select from reference r join document d on d.id = r.source
               where r.target = %(target)s and r.member = %(member)s and d.kind = %(kind)s
                 and case when %(states)s::text[] is null then not d.meta @> '{"released": true}'
                          else d.state = any(%(states)s::text[]) end)""",
        {"target": target, "member": member, "kind": kind, "states": None if states is None else list(states)},
    ).fetchone()
    assert row is not None
    return bool(row[0])


def find_all(connection: SyncConnection, kind: str, states: Collection[str] | None = None) -> list[Record]:
    """All documents of a kind, or those in one of the states, oldest first."""
    rows = connection.execute(
        sql(
            f"""select {_COLUMNS} from document d
                where d.kind = %s and (%s::text[] is null or d.state = any(%s::text[])) order by d.serial"""
        ),
        (kind, *(2 * [None if states is None else list(states)])),
    )
    return [Record(*row) for row in rows]


def find_owned(connection: SyncConnection, accounts: Collection[str], kinds: Collection[str]) -> list[Record]:
    """All documents of these kinds that one of the accounts manages, consumes or pays for, oldest first."""
    rows = connection.execute(
        sql(
            f"""select {_COLUMNS} from document d where d.kind = any(%(kinds)s)
                and (d.managing_account = any(%(accounts)s) or d.consuming_account = any(%(accounts)s)
                     or d.billing_account = any(%(accounts)s)) order by d.serial"""
        ),
        {"kinds": list(kinds), "accounts": list(accounts)},
    )
    return [Record(*row) for row in rows]


def _insert_references(connection: SyncConnection, records: Iterable[Record]) -> None:
    rows = [
        (record.id, member, target)
        for record in records
        for member, target in sorted(set(list_references(record.kind, record.body)))
    ]
    execute_each(connection, "insert into reference (source, member, target) values (%s, %s, %s)", rows)


def _plant(connection: SyncConnection, account: Record) -> None:
    """Puts a new account below those above its managing account."""
    connection.execute(
        """insert into account_tree (ancestor, account)
           select ancestor, %(id)s from account_tree where account = %(parent)s union select %(id)s, %(id)s""",
        {"id": account.id, "parent": account.body.get("managing_account")},
    )


def _replant(connection: SyncConnection, account: Record) -> None:
    """Moves an account, with all below it, to where its managing account says."""
    parameters = {"id": account.id, "parent": account.body.get("managing_account")}
    connection.execute(
        """delete from account_tree
           where account in (select account from account_tree where ancestor = %(id)s)
             and ancestor in (select ancestor from account_tree where account = %(id)s and ancestor <> %(id)s)""",
        parameters,
    )
    connection.execute(
        """insert into account_tree (ancestor, account)
           select above.ancestor, below.account from account_tree above, account_tree below
           where above.account = %(parent)s and below.ancestor = %(id)s
           on conflict do nothing""",
        parameters,
    )
