import asyncio
import threading

import pytest

from peerhall.api.threads import Threads


def test_results_and_exceptions_come_back() -> None:
    async def ask() -> None:
        assert await asyncio.gather(*(threads.run(pow, n, 2) for n in range(50))) == [n * n for n in range(50)]
        with pytest.raises(ZeroDivisionError):
            await threads.run(divmod, 1, 0)

    threads = Threads(3)
    asyncio.run(ask())
    threads.close()


def test_no_more_at_a_time_than_there_are_threads() -> None:
    both_at_work = threading.Barrier(2)
    at_work, most = [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        both_at_work.wait(10)
        with lock:
            at_work[0] -= 1

    async def ask() -> None:
        await asyncio.gather(*(threads.run(work) for _ in range(8)))

    threads = Threads(2)
    asyncio.run(ask())
    threads.close()
    assert most == [2]


def test_what_nobody_waits_for_any_more_is_still_carried_out() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    async def ask_and_give_up() -> None:
        waiting = asyncio.create_task(threads.run(work))
        assert await asyncio.to_thread(begun.wait, 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        assert await asyncio.to_thread(done.wait, 10)

    threads = Threads(1)
    asyncio.run(ask_and_give_up())
    threads.close()
