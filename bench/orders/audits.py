"""What has to hold in the database once nothing moves any more; each is a statement that finds what breaks it."""

from typing import Final

from peerhall.store.database import SyncConnection, sql

_ENDED = "('cancelled', 'decommissioned', 'archived')"
_CONFIGS = "d.kind = 'network-service-configs'"

AUDITS: Final = {
    "came neither into production nor to its end": f"""
        select d.kind || ' ' || d.id || ' is ' || d.state || ': ' || (d.body ->> 'status') from document d
        where d.state is not null and d.state not in {_ENDED} and d.state <> 'production'
          and not (d.kind = 'ports' and d.state = 'allocated' and d.body ->> 'operational_state' = 'up')""",
    "is live and does not hold its VLAN, or holds another": f"""
        select d.id from document d join document c on c.id = d.body ->> 'connection'
        where {_CONFIGS} and d.state not in {_ENDED}
          and (select array_agg(array[v.connection, lower(v.outer_tag)]) from vlan_claim v
               where v.holder = d.id and v.released_at is null)
              is distinct from array[array[c.serial, (d.body #>> '{{vlan_config,vlan}}')::bigint]]""",
    "holds a VLAN though it has ended": f"""
        select v.holder from vlan_claim v left join document d on d.id = v.holder
        where v.released_at is null and (d.id is null or d.state in {_ENDED})""",
    "is on the LAN with other addresses than it holds": f"""
        select d.id from document d
        where {_CONFIGS} and d.type = 'exchange_lan' and d.state not in {_ENDED}
          and array(select host((i.body ->> 'address')::inet) from document i
                    where i.id in (select jsonb_array_elements_text(d.body -> 'ips')) order by 1)
              <> array(select host(c.value::inet) from claim c
                       where c.kind = 'address' and c.holder = d.id and c.released_at is null order by 1)""",
    "is named by a config that does not hold it": f"""
        select m.body ->> 'address' from document d
        join document m on m.id in (select jsonb_array_elements_text(d.body -> 'macs'))
        where {_CONFIGS} and d.type = 'exchange_lan' and d.state not in {_ENDED}
          and not exists (select 1 from claim c where c.kind = 'mac' and c.holder = d.id and c.released_at is null
                          and replace(lower(c.value), ':', '') = replace(lower(m.body ->> 'address'), ':', ''))""",
    "holds an address, a MAC address or a port though it has ended": f"""
        select c.kind || ' ' || c.value || ' by ' || c.holder from claim c left join document d on d.id = c.holder
        where c.released_at is null and c.kind in ('address', 'mac', 'port')
          and (d.id is null or d.state in {_ENDED})""",
    "is a port in use that nobody holds": f"""
        select p.body ->> 'name' from document p where p.kind = 'ports' and p.state not in {_ENDED}
          and not exists (select 1 from claim c where c.kind = 'port' and c.scope = p.body ->> 'device'
                          and c.value = p.body ->> 'name' and c.released_at is null)""",
    "counts its free ports wrongly": """
        select d.body ->> 'name' from document d where d.kind = 'devices'
          and (d.body #>> '{capabilities,0,availability}')::int
              <> jsonb_array_length(d.meta #> '{ports,0,names}')
                 - (select count(*) from claim c
                    where c.kind = 'port' and c.scope = d.id and c.released_at is null)""",
    "sums up the capacity of its configs wrongly": f"""
        select c.id from document c where c.kind = 'connections'
          and (c.body ->> 'capacity_allocated')::int
              <> (select coalesce(sum((d.body ->> 'capacity')::int), 0) from document d
                  where {_CONFIGS} and d.body ->> 'connection' = c.id and d.state not in {_ENDED})""",
    "allocates more than it may": """
        select c.id from document c where c.kind = 'connections'
          and (c.body ->> 'capacity_allocated')::int > (c.body ->> 'capacity_allocation_limit')::int""",
    "is a side too many of a circuit": f"""
        select d.body ->> 'network_service' from document d
        where {_CONFIGS} and d.type = 'p2p_vc' and d.state not in {_ENDED}
        group by d.body ->> 'network_service', d.meta ->> 'side' having count(*) > 1""",
    "waits in the work queue": "select subject from work where due_at <= clock_timestamp()",
    "is leased": "select subject || ' to ' || holder from lease",
    "was carried out and is not remembered under its key": """
        select j.request from journal j where j.outcome = 'accepted' and j.request like 'bench-%'
          and j.operation like '%\\_create'
          and not exists (select 1 from idempotency i where i.document = j.document and i.operation = j.operation)""",
}


def audit(connection: SyncConnection) -> list[str]:
    """Everything that does not hold, a sentence each."""
    return [
        f"{what} {fault}"
        for fault, statement in AUDITS.items()
        for (what,) in connection.execute(sql(statement)).fetchall()
    ]
