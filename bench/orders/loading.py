"""Puts the load on: all clients at once, for so many seconds, and what came of it meanwhile."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.orders.filling import CUSTOMERS, Catalogue, Login
from bench.orders.ledger import Ledger
from bench.orders.member import Member

ROUNDS: Final = 6
SHARED: Final = 3
"""How many connections the customers of the reseller share."""
_AT_ONCE: Final = 40
"""How many settle in side by side."""
_BURST_SECONDS: Final = 6.0
_WARM_UP_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.5

Tick = Callable[[float], None]
"""Told about twice a second how many seconds have passed."""


@dataclass(slots=True)
class Scaling:
    """Orders per second with one worker and with two, round by round, side by side."""

    rates: list[tuple[float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return 2 * ROUNDS * (_BURST_SECONDS + _WARM_UP_SECONDS)


class Crowd:
    """All clients."""

    def __init__(self, catalogue: Catalogue, logins: Sequence[Login], ledger: Ledger) -> None:
        self._ledger = ledger
        self._members = [Member(number, login, catalogue, ledger) for number, login in enumerate(logins)]
        for number, member in enumerate(self._members):
            member.partner = self._members[number ^ 1]

    async def settle_in(self, port: int) -> None:
        """Everybody logs in and orders a connection; the reseller some more, and the group."""
        for member in self._members:
            member.dial(port)
            await member.log_in()
        reseller, *_ = self._members
        group = await reseller.open_group()
        turns = asyncio.Semaphore(_AT_ONCE)

        async def connect(member: Member) -> None:
            async with turns:
                await member.connect()

        await asyncio.gather(*map(connect, self._members))
        shared = [await reseller.connect() for _ in range(SHARED)]
        for member in self._members:
            member.group = group
        for member in self._members[1 : 1 + CUSTOMERS]:
            member.reseller, member.shared = reseller, shared

    async def order(self, port: int, seconds: float, tick: Tick) -> float:
        """Has everybody order at this port for so long; returns how many orders a second were accepted."""
        ends_at = time.monotonic() + _WARM_UP_SECONDS + seconds
        tasks = [asyncio.create_task(member.work(port, lambda: time.monotonic() < ends_at)) for member in self._members]
        await asyncio.sleep(_WARM_UP_SECONDS)
        began, before = time.monotonic(), self._ledger.accepted
        while time.monotonic() < ends_at:
            await asyncio.sleep(min(_TICK_SECONDS, max(ends_at - time.monotonic(), 0)))
            tick(time.monotonic() - began)
        rate = (self._ledger.accepted - before) / (time.monotonic() - began)
        await asyncio.gather(*tasks)
        return rate

    async def compare(self, one_worker: int, two_workers: int, tick: Tick) -> Scaling:
        """Rounds with one worker and with two, in turns, every other round backwards."""
        scaling = Scaling()
        passed = 0.0
        for number in range(ROUNDS):
            rates: dict[int, float] = {}
            for port in (one_worker, two_workers) if number % 2 == 0 else (two_workers, one_worker):
                rates[port] = await self.order(port, _BURST_SECONDS, lambda seconds: tick(passed + seconds))  # noqa: B023
                passed += _BURST_SECONDS + _WARM_UP_SECONDS
            scaling.rates.append((rates[one_worker], rates[two_workers]))
        return scaling

    async def wind_up(self, port: int) -> None:
        """Completes circuits that wait for their other side, and ends those that will never have one."""
        for member in self._members:
            member.dial(port)
        await asyncio.gather(*(member.answer_invitations() for member in self._members))
        await asyncio.gather(*(member.clear_up() for member in self._members))
