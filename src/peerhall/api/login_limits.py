"""Failed logins are slowed down, per key and address and per address; a right secret is always let in.

Secrets have 512 random bits, so there is nothing to guess; what is limited is the noise. That way nobody can lock
anybody else out, not even from behind the same address.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from peerhall.store.credentials import login_failures
from peerhall.store.database import SyncConnection

WINDOW: Final = timedelta(minutes=10)
MOST_PER_KEY: Final = 10
"""Failures with one key from one address within the window."""
MOST_PER_ADDRESS: Final = 50
"""Failures with any keys from one address within the window."""


def seconds_to_wait(connection: SyncConnection, address: str, key: str, now: datetime) -> int:
    """How long until another failure is told as such; 0 when it may be now."""
    with_key, with_any = login_failures(connection, address, key, now, WINDOW)
    waits = [
        (failures[-most] + WINDOW - now).total_seconds()
        for failures, most in ((with_key, MOST_PER_KEY), (with_any, MOST_PER_ADDRESS))
        if len(failures) >= most
    ]
    return max(1, ceil(max(waits))) if waits else 0
