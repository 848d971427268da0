"""Threads for synchronous code beside the event loop.

An executor does the same with a future, a condition and a chain of callbacks for each call, which costs a small order
a tenth of its time.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class _Call:
    """A function to be called, and where to tell what came of it."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._function = function
        self._arguments = arguments
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Any] = self._loop.create_future()

    def carry_out(self) -> None:
        try:
            result = self._function(*self._arguments)
        except BaseException as error:  # whoever waits for it has to be told, whatever it is
            self._loop.call_soon_threadsafe(self._fail, error)
        else:
            self._loop.call_soon_threadsafe(self._succeed, result)

    def _succeed(self, result: Any) -> None:
        if not self.outcome.cancelled():
            self.outcome.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.outcome.cancelled():
            self.outcome.set_exception(error)


class Threads:
    """So many threads, each of which does one thing at a time."""

    def __init__(self, count: int) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"order-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function returns or raises. Once begun it is carried out, even if nobody waits for it any more."""
        call = _Call(function, arguments)
        self._calls.put(call)
        result: T = await call.outcome
        return result

    def close(self) -> None:
        """Waits for everything that was asked for. Without a loop to tell, nobody learns what came of it."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call.carry_out()
