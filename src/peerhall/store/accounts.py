"""Finding accounts by what people call them."""

from collections.abc import Collection

from peerhall.exchange.records import Record
from peerhall.store import documents
from peerhall.store.database import SyncConnection


class AccountNotFound(Exception):
    """No account, or more than one, goes by that name; the message says how to find it."""


def list_accounts(connection: SyncConnection) -> list[Record]:
    """All accounts, oldest first."""
    return documents.find_all(connection, "accounts")


def get_account(connection: SyncConnection, name: str) -> Record:
    """The account of this id, name, ASN (`AS64496` or `64496`) or external_ref. Raises AccountNotFound."""
    found = list_accounts(connection)
    asn = name.upper().removeprefix("AS")
    for matches in (
        [each for each in found if each.id == name],
        [each for each in found if each.body["name"].casefold() == name.casefold()],
        [each for each in found if asn.isdecimal() and int(asn) in (each.body.get("asns") or ())],
        [each for each in found if each.body.get("external_ref") == name],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise AccountNotFound(f"{len(matches)} accounts go by {name!r}; name one by its id: peerhall account list")
    raise AccountNotFound(f"There is no account {name!r}. See: peerhall account list")


def list_asns(connection: SyncConnection, account: str, states: Collection[str]) -> list[int]:
    """The ASNs of the service and feature configs that an account consumes, of those in one of the states; sorted."""
    rows = connection.execute(
        """select distinct asn from (
               select jsonb_array_elements(d.body -> 'asns')::bigint as asn, d.kind, d.consuming_account, d.state
               from document d where d.kind = 'network-service-configs' and d.body ? 'asns'
               union all
               select (d.body -> 'asn')::bigint, d.kind, d.consuming_account, d.state
               from document d where d.kind = 'network-feature-configs') used
           where consuming_account = %s and state = any(%s) order by asn""",
        (account, list(states)),
    )
    return [row[0] for row in rows]


def count_in_tree(connection: SyncConnection, account: str, kind: str, states: Collection[str], most: int) -> int:
    """How much of a kind, in one of the states, is managed by all accounts of a member; counts no further than `most`.

    The member is the root account above `account`.
    """
    row = connection.execute(
        """select count(*) from (
               select 1 from document d
               where d.kind = %s and d.state = any(%s) and d.managing_account in (
                   select t.account from account_tree t where t.ancestor = (
                       select a.ancestor from account_tree a join document root on root.id = a.ancestor
                       where a.account = %s and root.managing_account is null))
               limit %s) found""",
        (kind, list(states), account, most),
    ).fetchone()
    assert row is not None
    return int(row[0])
