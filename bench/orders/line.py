"""One connection of one client, HTTP/1.1 and kept alive: it asks, and sometimes hangs up before it is answered."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final

_PATIENCE_SECONDS: Final = 180
_IDLE_SECONDS: Final = 2
"""After this long without a request a new connection is made; the server soon closes the old one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    status: int
    body: Any
    """The parsed JSON."""
    retry_after: int
    """Seconds; 0 where nothing was said."""


class Line:
    """Asks a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._used_at = 0.0

    async def ask(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
        """Raises TimeoutError, or OSError or IncompleteReadError when the connection is lost."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._send(method, path, headers, body)
                return await self._receive()
        except BaseException:
            self.hang_up()
            raise

    async def ask_and_hang_up(self, method: str, path: str, headers: dict[str, str], body: Any, seconds: float) -> None:
        """Sends a request and cuts the connection so long afterwards; whatever was answered is thrown away."""
        await self._send(method, path, headers, body)
        await asyncio.sleep(seconds)
        self.hang_up()

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def _send(self, method: str, path: str, headers: dict[str, str], body: Any) -> None:
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self.hang_up()
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        content = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if content:
            head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        self._writer.write("\r\n".join([*head, "", ""]).encode() + content)
        self._used_at = time.monotonic()

    async def _receive(self) -> Answer:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        content = await self._reader.readexactly(int(headers["content-length"]))
        self._used_at = time.monotonic()
        return Answer(int(status.split()[1]), json.loads(content), int(headers.get("retry-after", 0)))
