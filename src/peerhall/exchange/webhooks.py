"""How webhooks are signed, how long they are tried again, and when they are paused; after Standard Webhooks 1.0."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

MOST_OF_AN_ACCOUNT: Final = 10
"""Subscriptions; the exchange itself counts as an account."""
MOST_WAITING: Final = 100
"""Tests and single replays of a subscription that have not been sent yet."""
PREVIOUS_SECRET_FOR: Final = timedelta(hours=24)
"""How long events are signed with the secret before as well, once there is a new one."""
SECRET_OCTETS: Final = 32

PREFIX: Final = "whsec_"
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 3600.0
_PATIENCE: Final = timedelta(days=3)
_GONE: Final = 410

Pause = Literal["failing", "gone", "key_ended"]

PAUSES: Final[dict[Pause, str]] = {
    "failing": "Nothing could be delivered for three days.",
    "gone": "The receiver answered 410 (Gone).",
    "key_ended": "The key with which it was set up, or last activated, was revoked or has expired.",
}
"""Why events are held back, each with a sentence for its owner."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the receiver's status, or why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def write_secret(octets: bytes) -> str:
    """A secret as its owner is shown it."""
    return PREFIX + base64.b64encode(octets).decode()


def sign(secrets: Iterable[str], event: str, timestamp: int, body: bytes) -> str:
    """The Webhook-Signature header: one HMAC-SHA256 for each secret that is good at the moment."""
    content = f"{event}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_octets(secret), content, hashlib.sha256)).decode() for secret in secrets
    )


def back_off(attempt: int) -> timedelta:
    """How long to wait after so many attempts that failed in a row, the first being 1."""
    return timedelta(seconds=min(_FIRST_WAIT * 2.0 ** min(attempt - 1, 20), _LONGEST_WAIT))


def decide_pause(outcome: Outcome, failing_since: datetime, now: datetime) -> Pause | None:
    """Whether to stop trying after an attempt that failed."""
    if outcome.status == _GONE:
        return "gone"
    return "failing" if now - failing_since >= _PATIENCE else None


def _octets(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))
