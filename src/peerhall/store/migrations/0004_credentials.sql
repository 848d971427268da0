-- API keys. The secret is 86 random characters, so a plain SHA-256 of it is enough.
create table api_key (
    id text collate "C" primary key,
    secret_digest bytea not null,
    -- Null for the operator's keys, which stand outside the account tree.
    account text collate "C" references document (id) on delete cascade,
    label text not null default '',
    read_only boolean not null default false,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_login_at timestamptz
);

create index api_key_account on api_key (account);

-- A login. Tokens name it by a random id of which only the digest is kept: a stolen signing key or backup forges nothing.
create table session (
    digest bytea primary key,
    api_key text collate "C" not null references api_key (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- Set by a refresh; the refresh token is honoured a little longer, for clients with several processes.
    superseded_at timestamptz
);

create index session_api_key on session (api_key);
create index session_age on session (expires_at);

create table signing_key (
    id text collate "C" primary key,
    secret bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz
);

create table login_failure (
    serial bigint generated always as identity primary key,
    address text collate "C" not null,
    api_key text collate "C" not null,
    at timestamptz not null
);

create index login_failure_address on login_failure (address, at);
create index login_failure_age on login_failure (at);
