-- Who asked for what, and what followed, refusals too. Readers order by (xact, serial) and stop below the oldest
-- running transaction: a serial alone can be overtaken.
create table journal (
    serial bigint generated always as identity primary key,
    xact xid8 not null default pg_current_xact_id(),
    at timestamptz not null,
    actor text collate "C" not null,
    account text collate "C",
    operation text collate "C" not null,
    kind text collate "C",
    document text collate "C",
    outcome text collate "C" not null check (outcome in ('accepted', 'refused', 'advanced')),
    detail jsonb not null,
    request text collate "C"
);

create index journal_document on journal (document, serial) where document is not null;

-- The answer to a POST that carried an Idempotency-Key, kept in the transaction of the order itself.
create table idempotency (
    account text collate "C" not null,
    operation text collate "C" not null,
    key text collate "C" not null,
    digest bytea not null,
    status int not null,
    document text collate "C",
    answer text not null,
    at timestamptz not null,
    primary key (account, operation, key)
);

create index idempotency_age on idempotency (at);
