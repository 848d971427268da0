-- Where events are sent to, for whom.
create table webhook (
    id text collate "C" primary key,
    serial bigint generated always as identity,
    -- Null for the exchange's own.
    account text collate "C" references document (id) on delete cascade,
    -- What this key sees is sent, as long as it is valid.
    api_key text collate "C" not null references api_key (id) on delete cascade,
    url text not null,
    label text not null,
    -- Null for all.
    resource_types text[],
    active boolean not null,
    -- Why it is held back though it is active.
    paused text collate "C",
    created_at timestamptz not null,
    -- Encrypted with a key that is not in the database.
    secret text not null,
    previous_secret text,
    previous_until timestamptz,
    -- All changes up to this place have been dealt with.
    place bigint not null,
    -- Counts what was changed by hand: an attempt under way meanwhile does not move the place.
    turn int not null default 0,
    attempt int not null default 0,
    failing_since timestamptz,
    last_delivered_at timestamptz,
    due_at timestamptz not null,
    lease_holder text collate "C",
    lease_until timestamptz
);

create index webhook_account on webhook (account);
create index webhook_api_key on webhook (api_key);

-- What was sent, and is to be sent beside the run of events: tests, and single events once more.
create table webhook_delivery (
    serial bigint generated always as identity primary key,
    -- What its owner calls it by; it tells nothing of what others do.
    id uuid not null default gen_random_uuid(),
    webhook text collate "C" not null references webhook (id) on delete cascade,
    event uuid not null,
    cause text collate "C" not null check (cause in ('event', 'replay', 'test')),
    state text collate "C" not null check (state in ('pending', 'delivered', 'failed', 'skipped')),
    attempts int not null default 0,
    status int,
    error text,
    created_at timestamptz not null,
    attempted_at timestamptz
);

create index webhook_delivery_webhook on webhook_delivery (webhook, serial);
create index webhook_delivery_waiting on webhook_delivery (webhook, serial) where state = 'pending' and cause <> 'event';
-- The event at the head of the run, while it is tried again.
create unique index webhook_delivery_head on webhook_delivery (webhook) where state = 'pending' and cause = 'event';
