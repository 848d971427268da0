"""Reads on the event loop: connections that carry out one statement at a time and hand its rows over as they came.

A cursor costs three times what the database itself needs for a small read, so libpq is spoken to directly here: each
statement is prepared once on a connection, and its result never becomes Python values.
"""

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

from peerhall.store.database import LEASE_SECONDS, DatabaseUnavailable, connection_options

_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_MOST_PREPARED: Final = 200
"""On one connection; clients combine filters as they like."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as PostgreSQL wants it, and the names of its parameters in their order."""

    text: bytes
    parameters: tuple[str, ...]


@lru_cache(maxsize=1024)
def compile_statement(text: str) -> Statement:
    """A statement whose parameters are written as %(name)s; values only ever travel beside it."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(text)))
    numbers = {name: number for number, name in enumerate(names, start=1)}
    return Statement(_PARAMETER.sub(lambda match: f"${numbers[match[1]]}", text).encode(), names)


class ReadConnection:
    """A connection of the running event loop; `run` may be called again only once it has returned."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._transformer = Transformer(connection)
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._numbers = count()
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[PGresult] | None = None
        self._result: PGresult | None = None
        # A descriptor of our own, as libpq closes its own as soon as the server is gone.
        self._socket = os.dup(self._pgconn.socket)
        self._loop.add_reader(self._socket, self._receive)

    @classmethod
    async def open(cls, dsn: str) -> Self:
        """Connects. Raises psycopg.OperationalError."""
        return cls(await AsyncConnection.connect(dsn, autocommit=True, options=connection_options(dsn)))

    @property
    def usable(self) -> bool:
        """Whether another statement can be run."""
        return self._pgconn.transaction_status == TransactionStatus.IDLE

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> PGresult:
        """The rows, in binary. Raises psycopg.Error."""
        names = statement.parameters
        given = self._transformer.dump_sequence([values[name] for name in names], [PyFormat.AUTO] * len(names))
        types, formats = tuple(self._transformer.types or ()), self._transformer.formats
        name = self._prepared.get((statement.text, types))
        if name is None:
            name = await self._prepare(statement.text, types)
        return await self._ask(self._pgconn.send_query_prepared, name, given, formats, Format.BINARY)

    async def _prepare(self, text: bytes, types: tuple[int, ...]) -> bytes:
        if len(self._prepared) >= _MOST_PREPARED:
            await self._ask(self._pgconn.send_query, b"deallocate all")
            self._prepared.clear()
        # Never a name twice: whoever waited may be gone by the time it is prepared, and then nobody has noted it.
        name = f"read_{next(self._numbers)}".encode()
        await self._ask(self._pgconn.send_prepare, name, text, types)
        self._prepared[text, types] = name
        return name

    async def _ask(self, send: Any, *arguments: Any) -> PGresult:
        self._answer = self._loop.create_future()
        send(*arguments)
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._send_more)
        result = await self._answer
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        return result

    def _send_more(self) -> None:
        if not self._pgconn.flush():
            self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        """Takes in what the server has sent, until it is all of an answer."""
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    break
                self._result = result
            else:
                return
        except psycopg.OperationalError as error:
            self.close()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)
            return
        if self._answer is not None and self._result is not None and not self._answer.done():
            self._answer.set_result(self._result)
        self._answer = self._result = None

    def close(self) -> None:
        """Lets go of it, whatever it was doing."""
        if self._socket >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            os.close(self._socket)
            self._socket = -1
        self._pgconn.finish()


class ReadPool:
    """Connections for reads, given out one statement at a time."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._idle: list[ReadConnection] = []
        self._free = asyncio.Semaphore(size)

    async def run(self, statement: str, values: Mapping[str, Any]) -> PGresult:
        """The rows of a statement, in binary. Raises psycopg.Error, or DatabaseUnavailable when none is free."""
        connection = await self._lease()
        try:
            return await connection.run(compile_statement(statement), values)
        finally:
            self._give_back(connection)

    async def _lease(self) -> ReadConnection:
        try:
            # Setting an alarm costs as much as the rest of it.
            async with asyncio.timeout(LEASE_SECONDS) if self._free.locked() else nullcontext():
                await self._free.acquire()
        except TimeoutError:
            raise DatabaseUnavailable("all database connections are in use") from None
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        try:
            return await ReadConnection.open(self._dsn)
        except psycopg.OperationalError as error:
            self._free.release()
            raise DatabaseUnavailable(str(error).strip()) from error
        except BaseException:
            self._free.release()
            raise

    def _give_back(self, connection: ReadConnection) -> None:
        """Takes a connection back, unless its statement was cut short: then it is of no further use."""
        if connection.usable:
            self._idle.append(connection)
        else:
            connection.close()
        self._free.release()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
