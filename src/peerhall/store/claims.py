"""Claims within a transaction: taken, looked up, released. The database guarantees that nothing is held twice.

Claims are taken in one order by everybody and with `on conflict do nothing`, so that orders never deadlock over them;
a row that does not come back is held by somebody else.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from peerhall.exchange.claims import AnyClaim, Claim, Holder, PrefixClaim, VlanClaim
from peerhall.store.database import SyncConnection, sql

_LIVE: Final = "released_at is null"


def take(
    connection: SyncConnection, claims: Iterable[AnyClaim], holder: Holder, now: datetime
) -> dict[AnyClaim, Holder | None]:
    """Takes the claims for a document and returns those that somebody else holds, with the holder.

    The holder is None when it let go in this very moment; trying again may succeed.
    """
    refused: dict[AnyClaim, Holder | None] = {}
    for claim in sorted(claims, key=_order):
        if not _insert(connection, claim, holder, now):
            refused[claim] = find_holder(connection, claim)
    return refused


def find_holder(connection: SyncConnection, claim: AnyClaim) -> Holder | None:
    """Who holds what overlaps with this claim; the first to have taken it."""
    table, condition, parameters = _overlapping(claim)
    row = connection.execute(
        sql(f"select holder, account from {table} where {condition} and {_LIVE} order by serial limit 1"), parameters
    ).fetchone()
    return Holder(row[0], row[1]) if row else None


def release(
    connection: SyncConnection,
    holder: str,
    now: datetime,
    cooldown: timedelta = timedelta(0),
    kinds: Sequence[str] | None = None,
) -> None:
    """Lets go of all that a document holds, or of the given kinds (`vlan` and `prefix` among them).

    Others are not given it before the cool-down has passed.
    """
    cooling = now + cooldown if cooldown else None
    plain = [kind for kind in kinds or () if kind not in ("vlan", "prefix")]
    if kinds is None or plain:
        connection.execute(
            sql(
                f"""update claim set released_at = %(now)s, cooling_until = %(cooling)s
                    where holder = %(holder)s and {_LIVE} and (%(all)s or kind = any(%(kinds)s))"""
            ),
            {"now": now, "cooling": cooling, "holder": holder, "all": kinds is None, "kinds": plain},
        )
    if kinds is None or "vlan" in kinds:
        connection.execute(
            sql(f"update vlan_claim set released_at = %s, cooling_until = %s where holder = %s and {_LIVE}"),
            (now, cooling, holder),
        )
    if kinds is None or "prefix" in kinds:
        connection.execute(
            sql(f"update prefix_claim set released_at = %s where holder = %s and {_LIVE}"), (now, holder)
        )


def release_one(
    connection: SyncConnection, claim: Claim, holder: str, now: datetime, cooldown: timedelta = timedelta(0)
) -> None:
    """Lets go of a single thing."""
    connection.execute(
        sql(
            f"""update claim set released_at = %s, cooling_until = %s
                where kind = %s and scope = %s and value = %s and holder = %s and {_LIVE}"""
        ),
        (now, now + cooldown if cooldown else None, claim.kind, claim.scope, claim.value, holder),
    )


def release_tag(connection: SyncConnection, claim: VlanClaim, holder: str, now: datetime, cooldown: timedelta) -> None:
    """Lets go of one of the tags that a document holds."""
    connection.execute(
        sql(
            f"""update vlan_claim set released_at = %s, cooling_until = %s
                where connection = %s and outer_tag = int4range(%s, %s) and inner_tag = int4range(%s, %s)
                  and holder = %s and {_LIVE}"""
        ),
        (now, now + cooldown if cooldown else None, claim.connection, *claim.outer, *claim.inner, holder),
    )


def list_tags_of(connection: SyncConnection, holder: str) -> list[VlanClaim]:
    """The tags a document holds, on whichever connections; more than one while a change is on its way."""
    rows = connection.execute(
        sql(
            f"""select connection, lower(outer_tag), upper(outer_tag), lower(inner_tag), upper(inner_tag)
                from vlan_claim where holder = %s and {_LIVE} order by serial"""
        ),
        (holder,),
    )
    return [VlanClaim(row[0], (row[1], row[2]), (row[3], row[4])) for row in rows]


def list_own(connection: SyncConnection, kind: str, holder: str) -> set[Claim]:
    """What a document holds of a kind; more than it names while a change is on its way."""
    rows = connection.execute(
        sql(f"select scope, value from claim where kind = %s and holder = %s and {_LIVE}"), (kind, holder)
    )
    return {Claim(kind, scope, value) for scope, value in rows}


def list_held(connection: SyncConnection, holders: Collection[str]) -> dict[str, set[Claim | PrefixClaim]]:
    """What each of these documents holds, VLANs aside."""
    held: dict[str, set[Claim | PrefixClaim]] = {holder: set() for holder in holders}
    for holder, kind, scope, value in connection.execute(
        sql(f"select holder, kind, scope, value from claim where holder = any(%s) and {_LIVE}"), (list(holders),)
    ):
        held[holder].add(Claim(kind, scope, value))
    for holder, prefix in connection.execute(
        sql(f"select holder, network(prefix)::text from prefix_claim where holder = any(%s) and {_LIVE}"),
        (list(holders),),
    ):
        held[holder].add(PrefixClaim(prefix))
    return held


def list_holders(connection: SyncConnection, kind: str, scopes: Collection[str]) -> dict[tuple[str, str], Holder]:
    """Who holds what of a kind in these scopes, by (scope, value)."""
    rows = connection.execute(
        sql(f"select scope, value, holder, account from claim where kind = %s and scope = any(%s) and {_LIVE}"),
        (kind, list(scopes)),
    )
    return {(scope, value): Holder(holder, account) for scope, value, holder, account in rows}


def list_tags(connection: SyncConnection, connections: Collection[int]) -> dict[int, list[tuple[range, range, str]]]:
    """The (outer, inner) tags held on connections, with their holders, by the connection's serial."""
    rows = connection.execute(
        sql(
            f"""select connection, lower(outer_tag), upper(outer_tag), lower(inner_tag), upper(inner_tag), holder
                from vlan_claim where connection = any(%s) and {_LIVE} order by serial"""
        ),
        (list(connections),),
    )
    held: dict[int, list[tuple[range, range, str]]] = {}
    for row in rows:
        held.setdefault(row[0], []).append((range(row[1], row[2]), range(row[3], row[4]), row[5]))
    return held


def list_values(
    connection: SyncConnection, kind: str, scope: str, account: str, now: datetime
) -> tuple[set[str], set[str]]:
    """The values held in a scope, and those still cooling off for this account.

    What an account gave back itself it may have again at once.
    """
    rows = connection.execute(
        sql(
            f"""select value, {_LIVE} from claim
                where kind = %(kind)s and scope = %(scope)s
                  and ({_LIVE} or cooling_until > %(now)s and account <> %(account)s)"""
        ),
        {"kind": kind, "scope": scope, "now": now, "account": account},
    ).fetchall()
    return {value for value, live in rows if live}, {value for value, live in rows if not live}


def list_outer_tags(
    connection: SyncConnection, document: int, account: str, now: datetime, besides: str
) -> tuple[list[tuple[range, range]], set[int]]:
    """The (outer, inner) tags held on a connection by others than `besides`, and outer tags still cooling off."""
    rows = connection.execute(
        sql(
            f"""select lower(outer_tag), upper(outer_tag), lower(inner_tag), upper(inner_tag), {_LIVE} from vlan_claim
                where connection = %(connection)s and holder <> %(besides)s
                  and ({_LIVE} or cooling_until > %(now)s and account <> %(account)s)"""
        ),
        {"connection": document, "now": now, "account": account, "besides": besides},
    ).fetchall()
    held = [(range(row[0], row[1]), range(row[2], row[3])) for row in rows if row[4]]
    cooling = {tag for row in rows if not row[4] and row[1] - row[0] == 1 for tag in range(row[0], row[1])}
    return held, cooling


def _order(claim: AnyClaim) -> tuple[int, str]:
    kinds = (Claim, PrefixClaim, VlanClaim)
    return kinds.index(type(claim)), repr(claim)


def _insert(connection: SyncConnection, claim: AnyClaim, holder: Holder, now: datetime) -> bool:
    common = (holder.document, holder.account, now)
    match claim:
        case Claim(kind, scope, value):
            statement = """insert into claim (kind, scope, value, holder, account, taken_at)
                values (%s, %s, %s, %s, %s, %s)
                on conflict (kind, scope, value) where released_at is null do nothing returning serial"""
            parameters: tuple[Any, ...] = (kind, scope, value, *common)
        case VlanClaim(document, outer, inner):
            statement = """insert into vlan_claim (connection, outer_tag, inner_tag, holder, account, taken_at)
                values (%s, int4range(%s, %s), int4range(%s, %s), %s, %s, %s)
                on conflict on constraint vlan_held do nothing returning serial"""
            parameters = (document, *outer, *inner, *common)
        case PrefixClaim(prefix):
            statement = """insert into prefix_claim (prefix, holder, account, taken_at)
                values (%s::inet, %s, %s, %s) on conflict on constraint prefix_held do nothing returning serial"""
            parameters = (prefix, *common)
    return connection.execute(sql(statement), parameters).fetchone() is not None


def _overlapping(claim: AnyClaim) -> tuple[str, str, tuple[Any, ...]]:
    match claim:
        case Claim(kind, scope, value):
            return "claim", "kind = %s and scope = %s and value = %s", (kind, scope, value)
        case VlanClaim(document, outer, inner):
            return (
                "vlan_claim",
                "connection = %s and outer_tag && int4range(%s, %s) and inner_tag && int4range(%s, %s)",
                (document, *outer, *inner),
            )
        case PrefixClaim(prefix):
            return "prefix_claim", "prefix && %s::inet", (prefix,)
