"""What the exchange itself brings in: its catalogue, its LANs and the addresses it keeps on them."""

from typing import Final

from peerhall.exchange.records import Record
from peerhall.exchange.visibility import CATALOGUE
from peerhall.store.database import SyncConnection, sql
from peerhall.store.documents import Lock

_LOCK: Final = 0x696E74616B65


def lock_intake(connection: SyncConnection) -> None:
    """Lets only one transaction at a time bring things in."""
    connection.execute("select pg_advisory_xact_lock(%s + hashtext(current_schema()))", (_LOCK,))


def load_own(connection: SyncConnection, lock: Lock = "") -> list[Record]:
    """All of it, oldest first."""
    rows = connection.execute(
        sql(
            f"""select d.id, d.kind, d.body, d.meta, d.serial from document d
                where d.kind = any(%s) or d.kind = 'network-services' and d.type = 'exchange_lan'
                   or d.kind = 'ips' and d.meta ? 'network_service' and not d.meta ? 'network_service_config'
                order by d.serial {lock}"""
        ),
        (sorted(CATALOGUE),),
    )
    return [Record(*row) for row in rows]


def load_members_addresses(connection: SyncConnection, lan: str, lock: Lock = "") -> list[Record]:
    """The addresses on a LAN that members have, oldest first."""
    rows = connection.execute(
        sql(
            f"""select d.id, d.kind, d.body, d.meta, d.serial from document d
                where d.kind = 'ips' and d.meta ->> 'network_service' = %s and d.meta ? 'network_service_config'
                order by d.serial {lock}"""
        ),
        (lan,),
    )
    return [Record(*row) for row in rows]


def load_imported(connection: SyncConnection, lock: Lock = "") -> list[Record]:
    """Everything that came from a member export, oldest first."""
    rows = connection.execute(
        sql(
            f"""select d.id, d.kind, d.body, d.meta, d.serial from document d
                where d.meta ? 'origin' and d.meta ->> 'origin' like 'ixf:%' order by d.serial {lock}"""
        )
    )
    return [Record(*row) for row in rows]


def count_users(connection: SyncConnection, targets: list[str], besides: list[str]) -> dict[str, dict[str, int]]:
    """For each of the documents that others name: how many of each kind do, not counting `besides`."""
    rows = connection.execute(
        """select r.target, d.kind, count(distinct d.id) from reference r join document d on d.id = r.source
           where r.target = any(%s) and not r.source = any(%s) group by r.target, d.kind order by d.kind""",
        (targets, besides),
    )
    users: dict[str, dict[str, int]] = {}
    for target, kind, count in rows:
        users.setdefault(target, {})[kind] = count
    return users


def count_sessions(connection: SyncConnection, feature: str, version: int) -> int:
    """How many sessions there are with a route server over this version of IP, not counting those that are over."""
    row = connection.execute(
        """select count(*) from document d join document ip on ip.id = d.body ->> 'ip'
           where d.kind = 'network-feature-configs' and d.body ->> 'network_feature' = %s
             and d.state not in ('cancelled', 'decommissioned', 'archived')
             and (ip.body ->> 'version')::int = %s""",
        (feature, version),
    ).fetchone()
    return int(row[0]) if row else 0
