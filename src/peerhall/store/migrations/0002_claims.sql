-- What can be held only once: an address on a LAN, a MAC on a LAN, a port of a device. A claim is closed, never
-- deleted: statistics ask whose MAC it was at noon.
create table claim (
    serial bigint generated always as identity primary key,
    kind text collate "C" not null,
    scope text collate "C" not null,
    value text collate "C" not null,
    holder text collate "C" not null,
    account text collate "C" not null,
    taken_at timestamptz not null,
    released_at timestamptz,
    cooling_until timestamptz
);

create unique index claim_held on claim (kind, scope, value) where released_at is null;
create index claim_holder on claim (holder) where released_at is null;
create index claim_cooling on claim (kind, scope, cooling_until) where cooling_until is not null;

-- VLANs overlap in ways a key cannot say: a missing tag is every tag, so `port` overlaps all, a single tag overlaps
-- each pair under it. `connection` is the document's serial, as a range because there is no btree_gist everywhere.
create table vlan_claim (
    serial bigint generated always as identity primary key,
    connection bigint not null,
    outer_tag int4range not null,
    inner_tag int4range not null,
    holder text collate "C" not null,
    account text collate "C" not null,
    taken_at timestamptz not null,
    released_at timestamptz,
    cooling_until timestamptz,
    constraint vlan_held exclude using gist (
        int8range(connection, connection, '[]') with &&, outer_tag with &&, inner_tag with &&
    ) where (released_at is null)
);

create index vlan_claim_holder on vlan_claim (holder) where released_at is null;

create table prefix_claim (
    serial bigint generated always as identity primary key,
    prefix inet not null,
    holder text collate "C" not null,
    account text collate "C" not null,
    taken_at timestamptz not null,
    released_at timestamptz,
    constraint prefix_held exclude using gist (prefix inet_ops with &&) where (released_at is null)
);

create index prefix_claim_holder on prefix_claim (holder) where released_at is null;
