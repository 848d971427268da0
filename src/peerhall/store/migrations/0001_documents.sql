-- Every object of the API is one document, as the standard describes it. Columns are generated from it: what is
-- searched, what visibility is decided by, and the text that goes out. A new member of the standard needs no migration.
create table document (
    serial bigint generated always as identity,
    id text collate "C" primary key,
    kind text collate "C" not null,
    body jsonb not null,
    -- What we know beside the standard's members: origin, phase, the owners of things that have no accounts.
    meta jsonb not null default '{}',
    state text collate "C" generated always as (body ->> 'state') stored,
    type text collate "C" generated always as (body ->> 'type') stored,
    managing_account text collate "C"
        generated always as (coalesce(body ->> 'managing_account', meta ->> 'managing_account')) stored,
    consuming_account text collate "C"
        generated always as (coalesce(body ->> 'consuming_account', meta ->> 'consuming_account')) stored,
    billing_account text collate "C" generated always as (body ->> 'billing_account') stored,
    external_ref text collate "C" generated always as (body ->> 'external_ref') stored,
    wire text generated always as (body::text) stored
) with (toast_tuple_target = 8160); -- Filters look into bodies, which is far slower once they are kept out of line.

create unique index document_in_order on document (kind, serial);
create index document_managing_account on document (managing_account, kind);
create index document_consuming_account on document (consuming_account, kind);
create index document_billing_account on document (billing_account, kind) where billing_account is not null;
-- A hash, because the standard sets some references no limit and a tree's entries have one.
create index document_external_ref on document using hash (external_ref);
-- By what long lists are filtered; together with an owner's index one of these leaves just the rows that go out.
create index document_pop on document ((body ->> 'pop')) where body ->> 'pop' is not null;
create index document_device on document ((body ->> 'device')) where body ->> 'device' is not null;
create index document_connection on document ((body ->> 'connection')) where body ->> 'connection' is not null;
create index document_network_service on document ((body ->> 'network_service'))
    where body ->> 'network_service' is not null;
create index document_network_service_config on document ((body ->> 'network_service_config'))
    where body ->> 'network_service_config' is not null;
create index document_origin on document ((meta ->> 'origin')) where meta ? 'origin';

-- Who uses what. Written with the document that holds the member; an object in use cannot vanish.
create table reference (
    source text collate "C" not null references document (id) on delete cascade,
    member text collate "C" not null,
    target text collate "C" not null references document (id),
    primary key (source, member, target)
);

create index reference_target on reference (target, member);

-- Each account with itself and all accounts above it.
create table account_tree (
    ancestor text collate "C" not null references document (id) on delete cascade,
    account text collate "C" not null references document (id) on delete cascade,
    primary key (ancestor, account)
);

create index account_tree_account on account_tree (account);
