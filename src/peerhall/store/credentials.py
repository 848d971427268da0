"""API keys, logins and signing keys. Secrets and session ids are kept as digests only."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row

from peerhall.store.database import SyncConnection

SESSION_BYTES: Final = 18
_KEY_BYTES: Final = 12
_SECRET_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the operator sees it; the secret is shown once, at creation."""

    id: str
    account: str | None
    label: str
    read_only: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that tokens are signed with; a retired one still verifies."""

    id: str
    secret: bytes
    retired_at: datetime | None


def digest(secret: str) -> bytes:
    """What is kept of a secret: it has 512 random bits, so it needs no salt and no stretching."""
    return hashlib.sha256(secret.encode()).digest()


def session_digest(session: str) -> bytes:
    """What is kept of a session id, and what a token is looked up by."""
    return hashlib.sha256(session.encode()).digest()


def create_key(
    connection: SyncConnection,
    account: str | None,
    now: datetime,
    *,
    label: str = "",
    read_only: bool = False,
    expires_at: datetime | None = None,
    fixed: tuple[str, str] | None = None,
) -> tuple[str, str]:
    """Makes a key for an account, or for the operator; returns key (16 characters) and secret (86), URL-safe both.

    `fixed` gives key and secret, for the published logins of a demo; a key of that id is replaced.
    """
    key, secret = fixed or (draw_key(), secrets.token_urlsafe(_SECRET_BYTES))
    connection.execute(
        """insert into api_key (id, secret_digest, account, label, read_only, created_at, expires_at)
           values (%s, %s, %s, %s, %s, %s, %s)
           on conflict (id) do update set secret_digest = excluded.secret_digest, account = excluded.account,
               label = excluded.label, read_only = excluded.read_only, expires_at = excluded.expires_at""",
        (key, digest(secret), account, label, read_only, now, expires_at),
    )
    return key, secret


def list_keys(connection: SyncConnection, account: str | None = None) -> list[ApiKey]:
    """All keys, or those of one account, oldest first."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            """select id, account, label, read_only, created_at, expires_at, revoked_at, last_login_at
               from api_key where %(account)s::text is null or account = %(account)s order by created_at, id""",
            {"account": account},
        ).fetchall()


def revoke_key(connection: SyncConnection, key: str, now: datetime) -> bool:
    """Ends a key and all its logins at once; False when there is no such key."""
    done = connection.execute(
        "update api_key set revoked_at = coalesce(revoked_at, %s) where id = %s returning id", (now, key)
    ).fetchone()
    return done is not None


def check_secret(connection: SyncConnection, key: str, secret: str, now: datetime) -> ApiKey | None:
    """The key, if the secret is right and the key still valid."""
    row = connection.execute(
        """select secret_digest, id, account, label, read_only, created_at, expires_at, revoked_at, last_login_at
           from api_key where id = %s""",
        (key,),
    ).fetchone()
    # The comparison is made for an unknown key too, so that both take the same time.
    right = hmac.compare_digest(row[0] if row else digest(""), digest(secret))
    if row is None or not right:
        return None
    found = ApiKey(*row[1:])
    return found if _is_valid(found, now) else None


def _is_valid(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def draw_key() -> str:
    """A new API key; none begins with a hyphen, as `peerhall key revoke` would take it for an option."""
    while (key := secrets.token_urlsafe(_KEY_BYTES)).startswith("-"):
        pass
    return key


def open_session(connection: SyncConnection, key: str, now: datetime, lifetime: timedelta) -> str:
    """Starts a login and returns its id."""
    session = secrets.token_urlsafe(SESSION_BYTES)
    connection.execute(
        "insert into session (digest, api_key, created_at, expires_at) values (%s, %s, %s, %s)",
        (session_digest(session), key, now, now + lifetime),
    )
    connection.execute("update api_key set last_login_at = %s where id = %s", (now, key))
    return session


def supersede_session(connection: SyncConnection, session: str, now: datetime, grace: timedelta) -> ApiKey | None:
    """Marks a login as renewed and returns its key; None when it had ended, or was renewed longer ago than `grace`."""
    row = connection.execute(
        """select s.superseded_at, k.id, k.account, k.label, k.read_only, k.created_at, k.expires_at, k.revoked_at,
                  k.last_login_at
           from session s join api_key k on k.id = s.api_key
           where s.digest = %s and s.expires_at > %s for no key update of s""",
        (session_digest(session), now),
    ).fetchone()
    if row is None or (row[0] is not None and row[0] + grace < now):
        return None
    key = ApiKey(*row[1:])
    if not _is_valid(key, now):
        return None
    connection.execute(
        "update session set superseded_at = coalesce(superseded_at, %s) where digest = %s",
        (now, session_digest(session)),
    )
    return key


def forget_old(connection: SyncConnection, now: datetime) -> None:
    """Deletes logins that have ended by themselves."""
    connection.execute("delete from session where expires_at < %s", (now,))


def list_signing_keys(connection: SyncConnection) -> list[SigningKey]:
    """All signing keys, the one to sign with first."""
    with connection.cursor(row_factory=class_row(SigningKey)) as cursor:
        return cursor.execute(
            "select id, secret, retired_at from signing_key order by retired_at nulls first, created_at desc"
        ).fetchall()


def rotate_signing_key(connection: SyncConnection, now: datetime, keep: timedelta) -> str:
    """Makes a new key to sign with; the others verify until every token signed with them has expired (`keep`)."""
    connection.execute("delete from signing_key where retired_at < %s", (now - keep,))
    connection.execute("update signing_key set retired_at = %s where retired_at is null", (now,))
    key = secrets.token_urlsafe(6)
    connection.execute(
        "insert into signing_key (id, secret, created_at) values (%s, %s, %s)", (key, secrets.token_bytes(32), now)
    )
    return key


def ensure_signing_key(connection: SyncConnection, now: datetime) -> None:
    """Makes the first signing key of a database; workers may call it at the same time."""
    with connection.transaction():
        connection.execute("lock table signing_key in share row exclusive mode")
        if not list_signing_keys(connection):
            rotate_signing_key(connection, now, timedelta(0))


def record_login_failure(connection: SyncConnection, address: str, key: str, now: datetime, window: timedelta) -> None:
    """Notes a failed login; failures older than the window are forgotten."""
    connection.execute("delete from login_failure where at <= %s", (now - window,))
    connection.execute(
        "insert into login_failure (address, api_key, at) values (%s, %s, %s)", (address, _failed(key), now)
    )


def login_failures(
    connection: SyncConnection, address: str, key: str, now: datetime, window: timedelta
) -> tuple[list[datetime], list[datetime]]:
    """When logins failed within the window: with this key from this address, and with any key from it."""
    rows = connection.execute(
        "select api_key, at from login_failure where address = %s and at > %s order by at", (address, now - window)
    ).fetchall()
    return [at for failed, at in rows if failed == _failed(key)], [at for _, at in rows]


def _failed(key: str) -> str:
    """How a key that failed is noted: not as it is, as people mix up key and secret."""
    return hashlib.sha256(key.encode()).hexdigest()
