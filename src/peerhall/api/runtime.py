"""What handlers work with, put together once at start."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from peerhall.api.tokens import Tokens
from peerhall.orderdesk.desk import OrderDesk
from peerhall.store.database import OrderPool
from peerhall.store.read_pool import ReadPool
from peerhall.store.reading import Reader
from peerhall.store.waking import Waker

T = TypeVar("T")

BASE_PATH = "/api/v2"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One set for each worker process."""

    clock: Callable[[], datetime]
    orders: OrderPool
    reads: ReadPool
    reader: Reader
    desk: OrderDesk
    tokens: Tokens
    threads: ThreadPoolExecutor
    waker: Waker
    available: frozenset[str]
    """Ids of the operations that work here."""
    public_url: str | None = None
    """Under which the API is reached from outside; None leaves that to the client."""
    software_version: str = ""

    async def in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs what waits for the database without holding up everybody else."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function, *arguments)

    async def close(self) -> None:
        """Lets orders under way finish, and gives back all connections."""
        self.threads.shutdown(wait=True)
        self.waker.stop()
        self.reads.close()
        self.orders.close()

    @property
    def base_url(self) -> str:
        """What links start with: the public URL, or just the path."""
        return (self.public_url or BASE_PATH).rstrip("/")
