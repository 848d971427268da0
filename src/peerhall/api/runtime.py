"""What handlers work with, put together once at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from peerhall.api.feed import Feed
from peerhall.api.threads import Threads
from peerhall.api.tokens import Tokens
from peerhall.api.upload_slots import UploadSlots
from peerhall.exchange.ordering.cloud_keys import Finding
from peerhall.orderdesk.desk import OrderDesk
from peerhall.store.database import OrderPool
from peerhall.store.read_pool import ReadPool
from peerhall.store.reading import Reader
from peerhall.store.waking import Waker

if TYPE_CHECKING:
    from peerhall.api.extensions.extension import Extension

BASE_PATH = "/api/v2"
EXTENSIONS_PATH = "/api/ext"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One set for each worker process."""

    clock: Callable[[], datetime]
    orders: OrderPool
    reads: ReadPool
    reader: Reader
    desk: OrderDesk
    tokens: Tokens
    threads: Threads
    waker: Waker
    feed: Feed
    available: frozenset[str]
    """Ids of the operations that work here."""
    public_url: str | None = None
    """Under which the API is reached from outside; None leaves that to the client."""
    software_version: str = ""
    extensions: tuple[Extension, ...] = ()
    """What is offered beside the standard here."""
    uploads: UploadSlots = field(default_factory=UploadSlots)
    ask_providers: Callable[[str], Mapping[str, Finding]] = lambda _: {}
    """Asks all cloud providers about a key; tells what each of those said who could have given it."""

    async def close(self) -> None:
        """Lets orders under way finish, and gives back all connections."""
        await self.feed.stop()
        self.threads.close()
        self.waker.stop()
        self.reads.close()
        self.orders.close()

    @property
    def base_url(self) -> str:
        """What links start with: the public URL, or just the path."""
        return (self.public_url or BASE_PATH).rstrip("/")

    @property
    def extensions_url(self) -> str:
        """What links to extensions start with: they are beside the standard's API."""
        return urljoin(self.base_url, "ext")
