"""One look at the database for all who wait for changes: whom one may concern is woken, the others cost nothing."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg

from peerhall.api.threads import Threads
from peerhall.store import changes
from peerhall.store.database import DatabaseUnavailable, OrderPool
from peerhall.store.read_pool import ReadPool
from peerhall.store.reading import Login

logger = logging.getLogger("peerhall.feed")

LOOK_SECONDS: Final = 0.25
"""How often a process with subscribers looks for changes."""
_LOGINS_SECONDS: Final = 5.0
"""How often it looks whether their logins still hold."""


@dataclass(eq=False)
class Subscription:
    """Somebody who waits: `news` is set when it is worth reading, `over` when it has to end."""

    login: Login
    news: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    async def wait(self, seconds: float) -> bool:
        """Whether there may be news, or the end, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self.news.wait()
        except TimeoutError:
            return False
        self.news.clear()
        return True

    def end(self) -> None:
        self.over = True
        self.news.set()


class Feed:
    """Wakes subscribers; works only while there are any."""

    def __init__(self, reads: ReadPool, orders: OrderPool, threads: Threads, clock: Callable[[], datetime]) -> None:
        self._reads = reads
        self._orders = orders
        self._threads = threads
        self._clock = clock
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, login: Login) -> Subscription:
        """A subscription that hears of every change placed after this moment; what is there already has to be read."""
        subscription = Subscription(login)
        self._subscriptions.add(subscription)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        subscription.end()
        self._subscriptions.discard(subscription)

    async def stop(self) -> None:
        """Lets go of the database."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        known: int | None = None
        loop = asyncio.get_running_loop()
        logins_at = loop.time() + _LOGINS_SECONDS
        while self._subscriptions:
            try:
                known = await self._look(known)
                if loop.time() >= logins_at:
                    logins_at = loop.time() + _LOGINS_SECONDS
                    await self._end_logins()
            except (psycopg.Error, DatabaseUnavailable) as error:
                logger.warning("the change feed cannot be read", extra={"reason": str(error)})
            except Exception:
                logger.exception("the change feed cannot be read")
            await asyncio.sleep(LOOK_SECONDS)

    async def catch_up(self) -> int:
        """Has all that was committed before this call in its place; returns the newest one."""
        newest, unplaced = await changes.look(self._reads)
        if unplaced:
            await self._threads.run(self._orders.run, changes.give_places)
            newest, _ = await changes.look(self._reads)
        return newest

    async def _look(self, known: int | None) -> int:
        """Wakes whom news may concern. At first that is everybody, as nobody knows since when."""
        newest = await self.catch_up()
        if known is None:
            self._wake(lambda _: True)
        elif newest > known:
            accounts, everybody = await changes.list_concerned(self._reads, known, newest)
            self._wake(lambda login: everybody or login.operator or login.name in accounts)
        return newest

    def _wake(self, concerned: Callable[[Login], bool]) -> None:
        for subscription in self._subscriptions:
            if concerned(subscription.login):
                subscription.news.set()

    async def _end_logins(self) -> None:
        digests = {each.login.session_digest for each in self._subscriptions}
        ended = await changes.list_ended(self._reads, digests, self._clock())
        for subscription in [each for each in self._subscriptions if each.login.session_digest in ended]:
            subscription.end()
