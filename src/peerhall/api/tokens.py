"""JWTs: access and refresh tokens, and the page tokens of lists; issued, and checked as far as a signature goes."""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import jwt

from peerhall.store.credentials import SigningKey, session_digest
from peerhall.store.reading import Login

ACCESS_LIFETIME: Final = timedelta(hours=2)
"""Terraform logs in once for an apply that may take an hour."""
REFRESH_LIFETIME: Final = timedelta(hours=24)
REFRESH_GRACE: Final = timedelta(minutes=5)
"""How long a renewed refresh token is honoured, for clients that share it between processes."""
PAGE_LIFETIME: Final = timedelta(hours=1)

_LEEWAY: Final = timedelta(seconds=10)
_ALGORITHM: Final = "HS256"
_MOST_REMEMBERED: Final = 4096
_KEYS_LIFETIME: Final = timedelta(minutes=1)
"""How long a worker goes by the signing keys it has read; a rotation is taken up that much later at most."""

TokenType = Literal["access", "refresh", "page"]


class InvalidToken(Exception):
    """Not a token of ours, or not of the wanted type."""


class ExpiredToken(Exception):
    """A token of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a login gets."""

    access_token: str
    refresh_token: str


class Tokens:
    """Issues and checks tokens with the signing keys of the database, which all workers share."""

    def __init__(
        self,
        keys: list[SigningKey],
        load_keys: Callable[[], Awaitable[list[SigningKey]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._load_keys = load_keys
        self._loading = asyncio.Lock()
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[Login, float]] = OrderedDict()
        self._take(keys)

    async def issue_pair(self, session: str, account: str | None) -> Pair:
        """An access and a refresh token for a session."""
        access = await self.issue_access(session, account)
        return Pair(access, self._issue("refresh", REFRESH_LIFETIME, sid=session))

    async def issue_access(self, session: str, account: str | None) -> str:
        """An access token for a session; `account` None is the operator."""
        await self._load_if(lambda: self._outdated)
        return self._issue("access", ACCESS_LIFETIME, sid=session, sub=account or "operator", op=account is None)

    def issue_page(self, query: str, newest: int) -> str:
        """A token for the pages of a list up to its newest object, which only we can read.

        Objects are numbered across the exchange; anybody could see from the numbers how much others order.
        """
        nonce = secrets.token_urlsafe(12)
        return self._issue("page", PAGE_LIFETIME, query=query, nonce=nonce, newest=newest ^ _pad(self._signer, nonce))

    async def check_page(self, token: str) -> tuple[str, int]:
        """What list a page token is for, and the newest object of it. Raises InvalidToken or ExpiredToken."""
        claims = await self.check(token, "page")
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        return str(claims["query"]), int(claims["newest"]) ^ _pad(key, str(claims["nonce"]))

    async def check_access(self, token: str) -> Login:
        """The login an access token stands for. Signatures are remembered; what can be revoked is not."""
        remembered = self._remembered.get(token)
        if remembered is not None:
            if self._clock().timestamp() >= remembered[1] + _LEEWAY.total_seconds():
                raise ExpiredToken
            return remembered[0]
        claims = await self.check(token, "access")
        login = Login(session_digest(str(claims["sid"])), bool(claims["op"]), str(claims["sub"]))
        self._remembered[token] = (login, float(claims["exp"]))
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return login

    async def check(self, token: str, type_: TokenType) -> dict[str, Any]:
        """A token's claims. Raises InvalidToken or ExpiredToken."""
        try:
            key = await self._find_key(str(jwt.get_unverified_header(token).get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.secret,
                algorithms=[_ALGORITHM],
                # Expiry is checked below, by the injected clock.
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat"]},
            )
        except (jwt.PyJWTError, ValueError, KeyError) as error:
            raise InvalidToken from error
        if claims.get("typ") != type_:
            raise InvalidToken
        if self._clock().timestamp() >= claims["exp"] + _LEEWAY.total_seconds():
            raise ExpiredToken
        return claims

    def _issue(self, type_: TokenType, lifetime: timedelta, **claims: Any) -> str:
        now = int(self._clock().timestamp())
        payload = {"typ": type_, "iat": now, "exp": now + int(lifetime.total_seconds()), **claims}
        return jwt.encode(payload, self._signer.secret, algorithm=_ALGORITHM, headers={"kid": self._signer.id})

    async def _find_key(self, key_id: str) -> SigningKey:
        """A key by its id, else KeyError; one we do not know may have been made by another worker a moment ago."""
        await self._load_if(lambda: key_id not in self._keys or self._outdated)
        return self._keys[key_id]

    async def _load_if(self, needed: Callable[[], bool]) -> None:
        """Reads the signing keys anew, one at a time: whoever sends made-up keys only gets in its own way."""
        if needed():
            async with self._loading:
                if needed():
                    self._take(await self._load_keys())

    @property
    def _outdated(self) -> bool:
        return abs(self._clock() - self._loaded_at) >= _KEYS_LIFETIME

    def _take(self, keys: list[SigningKey]) -> None:
        self._keys = {key.id: key for key in keys}
        self._signer = keys[0]
        self._loaded_at = self._clock()


def _pad(key: SigningKey, nonce: str) -> int:
    """A number that nobody else can know, to hide another one under."""
    return int.from_bytes(hmac.digest(key.secret, f"page {nonce}".encode(), "sha256")[:8])
