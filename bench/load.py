"""The load: connections kept alive, each asking again as soon as it is answered, and reading no more than it must.

A process of its own, `python -m bench.load`: one `Burst` a line on standard input, as JSON, and for each a `Measured`
on standard output, or why there is none. It has to outrun a bare server, so requests come ready-made, and of an answer
only the status and the length are looked at.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Final, cast

import uvloop

_BUFFER_OCTETS: Final = 256 * 1024
_WARM_UP_SECONDS: Final = 0.15
_PATIENCE_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Burst:
    """So many connections to a port of this machine, each asking for one thing after the other."""

    port: int
    requests: list[str]
    """Whole requests, head and body."""
    status: int
    """That of a right answer."""
    connections: int
    seconds: float
    """How long to measure."""
    least: int
    """How many answers to measure at least, however long that takes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a burst; times in seconds."""

    requests_per_second: float
    median: float
    p99: float
    octets: float
    """Of an answer's body, on average."""
    busy: float
    """Share of a core that the load itself took; near 1, it may have been what held the server back."""


class WrongAnswer(Exception):
    """A server did not answer as it should."""


class _Tally:
    """What was answered while the clock ran."""

    def __init__(self) -> None:
        self.running = False
        self.answered_at: list[float] = []
        self.durations: list[float] = []
        self.octets = 0

    def add(self, asked_at: float, octets: int) -> None:
        now = time.perf_counter()
        self.answered_at.append(now)
        self.durations.append(now - asked_at)
        self.octets += octets


class _Client(asyncio.BufferedProtocol):
    """One connection, with one request under way."""

    def __init__(self, requests: list[bytes], first: int, status: bytes, tally: _Tally) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests, self._next, self._status, self._tally = requests, first, status, tally
        self._buffer = memoryview(bytearray(_BUFFER_OCTETS))
        self._length = 0
        self._outstanding = 0
        self._asked_at = 0.0
        self._ending = False

    def end(self) -> None:
        """Has it ask for nothing more once it is answered."""
        self._ending = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._outstanding:
            self._outstanding -= nbytes
        else:
            try:
                self._begin_answer(bytes(self._buffer[:nbytes]))
            except WrongAnswer as error:
                self._fail(error)
                return
        if not self._outstanding:
            self._finish_answer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(WrongAnswer("The server closed the connection."))

    def _ask(self) -> None:
        request = self._requests[self._next]
        self._next = (self._next + 1) % len(self._requests)
        self._asked_at = time.perf_counter()
        self._transport.write(request)

    def _begin_answer(self, received: bytes) -> None:
        """Reads the head, which comes in one piece as nothing else is on its way."""
        end = received.find(b"\r\n\r\n")
        head = received[:end].lower()
        _, named, length = head.partition(b"\r\ncontent-length: ")
        if end < 0 or not named or head[9:12] != self._status:
            raise WrongAnswer(received[:2000].decode(errors="replace"))
        self._length = int(length.partition(b"\r\n")[0])
        self._outstanding = end + 4 + self._length - len(received)

    def _finish_answer(self) -> None:
        if self._tally.running:
            self._tally.add(self._asked_at, self._length)
        if self._ending:
            self.ended.set_result(None)
            self._transport.close()
        else:
            self._ask()

    def _fail(self, error: WrongAnswer) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)
            self._transport.abort()


async def run(burst: Burst) -> Measured:
    """Carries out a burst. Raises WrongAnswer."""
    loop = asyncio.get_running_loop()
    requests = [request.encode() for request in burst.requests]
    status = str(burst.status).encode()
    tally = _Tally()
    clients = []
    for number in range(burst.connections):
        first = number * len(requests) // burst.connections
        _, client = await loop.create_connection(
            lambda first=first: _Client(requests, first, status, tally), "127.0.0.1", burst.port
        )
        clients.append(client)
    ended = asyncio.gather(*(client.ended for client in clients))
    await _pass(_WARM_UP_SECONDS, ended)
    tally.running = True
    began, cpu = time.perf_counter(), time.process_time()
    await _pass(burst.seconds, ended)
    while len(tally.durations) < burst.least and time.perf_counter() - began < _PATIENCE_SECONDS:
        await _pass(0.05, ended)
    tally.running = False
    busy = (time.process_time() - cpu) / (time.perf_counter() - began)
    for client in clients:
        client.end()
    await asyncio.wait_for(ended, _PATIENCE_SECONDS)
    return _sum_up(tally, busy)


async def _pass(seconds: float, ended: asyncio.Future[list[None]]) -> None:
    """Lets time pass, unless a connection fails."""
    await asyncio.wait([ended], timeout=seconds)
    if ended.done():
        ended.result()


def _sum_up(tally: _Tally, busy: float) -> Measured:
    """The rate is that between the first and the last answer, as a few slow ones would be miscounted otherwise."""
    count, seconds = len(tally.durations), tally.answered_at[-1] - tally.answered_at[0]
    return Measured(
        requests_per_second=(count - 1) / seconds,
        median=median(tally.durations),
        p99=quantiles(tally.durations, n=100)[98],
        octets=tally.octets / count,
        busy=busy,
    )


def main() -> None:
    for line in sys.stdin:
        try:
            answer = asdict(uvloop.run(run(Burst(**json.loads(line)))))
        except (WrongAnswer, TimeoutError, OSError) as error:
            answer = {"wrong": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
