-- Every change of an object's state or status, for those who follow them. Written by a trigger, so that it makes no
-- difference who changed it: an order, the reconciler, an import. Rows of one transaction and object are made one when
-- they are given their place, after the commit: transactions overlap, and neither serials nor transaction ids tell which
-- change saw which.
create table change (
    serial bigint generated always as identity primary key,
    xact xid8 not null default pg_current_xact_id(),
    -- What clients resume by; it tells nothing of what others do.
    id uuid not null default gen_random_uuid(),
    -- By the clock of whoever changes something, where it has told it.
    at timestamptz not null
        default coalesce(nullif(current_setting('peerhall.now', true), '')::timestamptz, clock_timestamp()),
    kind text collate "C" not null,
    document text collate "C" not null,
    state_before text collate "C",
    status_before jsonb,
    state text collate "C" not null,
    status jsonb not null,
    place bigint,
    -- 1 for the first change of this object, 2 for the second.
    number bigint
);

create unique index change_id on change (id);
create unique index change_place on change (place) where place is not null;
create index change_unplaced on change (serial) where place is null;
create index change_document on change (document, number);

create or replace function note_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into change (kind, document, state, status)
        values (new.kind, new.id, new.state, coalesce(new.body -> 'status', '[]'));
    else
        insert into change (kind, document, state_before, status_before, state, status)
        values (new.kind, new.id, old.state, coalesce(old.body -> 'status', '[]'),
                new.state, coalesce(new.body -> 'status', '[]'));
    end if;
    return null;
end $$;

create trigger document_added after insert on document
    for each row when (new.state is not null) execute function note_change();

create trigger document_changed after update on document
    for each row when (new.state is not null and (
        old.state is distinct from new.state or old.body -> 'status' is distinct from new.body -> 'status'
    )) execute function note_change();
