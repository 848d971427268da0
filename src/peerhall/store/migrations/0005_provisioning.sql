-- What is still to be done. Rows are only added and removed, so that orders never wait for each other here.
create table work (
    serial bigint generated always as identity primary key,
    subject text collate "C" not null,
    due_at timestamptz not null,
    attempt int not null default 0
);

create index work_due on work (due_at);
create index work_subject on work (subject, serial);

-- Who is at work on a subject. The generation only grows, so that a driver can refuse whoever was overtaken.
create table lease (
    subject text collate "C" primary key,
    holder text collate "C" not null,
    until timestamptz not null,
    generation bigint not null
);

create sequence lease_generation;

-- What the exchange's people told us is configured, for drivers that cannot look for themselves.
create table network_object (
    device text collate "C" not null,
    key text collate "C" not null,
    config jsonb not null,
    confirmed_at timestamptz not null,
    primary key (device, key)
);

-- Work for a person: a step of the manual driver, or a question only the operator can answer.
create table task (
    number bigint generated always as identity primary key,
    kind text collate "C" not null check (kind in ('step', 'verify_asn')),
    subject text collate "C" not null,
    key text collate "C" not null,
    document text collate "C" not null,
    title text not null,
    instructions text not null,
    request jsonb not null,
    state text collate "C" not null default 'open' check (state in ('open', 'done', 'failed', 'void')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_by text,
    note text
);

create unique index task_open on task (subject, key) where state = 'open';
create index task_document on task (document);

-- A mass change that waits for the operator's word.
create table plan (
    number bigint generated always as identity primary key,
    device text collate "C" not null,
    digest text collate "C" not null,
    steps jsonb not null,
    created_at timestamptz not null,
    approved_at timestamptz,
    approved_by text,
    closed_at timestamptz
);

create unique index plan_open on plan (device) where closed_at is null;

-- ASNs that the operator has accepted for an account.
create table account_asn (
    account text collate "C" not null references document (id) on delete cascade,
    asn bigint not null,
    verified_at timestamptz not null,
    verified_by text collate "C" not null,
    primary key (account, asn)
);

create table heartbeat (
    name text collate "C" primary key,
    at timestamptz not null,
    detail jsonb not null default '{}'
);

-- The exchange's own rules, from its exchange file.
create table setting (
    name text collate "C" primary key,
    value jsonb not null
);
