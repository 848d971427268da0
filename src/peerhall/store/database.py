"""Connections to PostgreSQL: a plain stack of them for orders, and transactions that repeat."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

SyncConnection = Connection[tuple[Any, ...]]

T = TypeVar("T")

logger = logging.getLogger("peerhall.store")

LOCK_TIMEOUT_SECONDS: Final = 2
STATEMENT_TIMEOUT_SECONDS: Final = 30
_REPEATS: Final = 8
LEASE_SECONDS: Final = 10


class DatabaseUnavailable(Exception):
    """No connection could be had in time, or a lock was held for too long; worth trying again."""


def sql(text: str) -> LiteralString:
    """Marks a statement put together from parts of our own as such; values never go into the text."""
    return text


def connect(dsn: str) -> SyncConnection:
    """A connection in autocommit mode, on which transactions are opened explicitly."""
    try:
        return psycopg.connect(dsn, autocommit=True, prepare_threshold=2, options=connection_options(dsn))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(str(error).strip()) from error
    except psycopg.ProgrammingError as error:
        raise DatabaseUnavailable(
            f"The database cannot be told from what was given: {str(error).strip()}. Write it like postgresql:///peerhall."
        ) from error


def execute_each(connection: SyncConnection, statement: LiteralString, rows: Sequence[Sequence[Any]]) -> None:
    """Carries out a statement for each row. Several go in one go; for a single one that costs more than it saves."""
    if len(rows) == 1:
        connection.execute(statement, rows[0])
    elif rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def connection_options(dsn: str) -> str:
    """What every session of ours is set to, and what the DSN itself sets, such as the schema to work in."""
    return (
        f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s "
        "-c timezone=UTC -c application_name=peerhall -c jit=off "
        f"{conninfo_to_dict(dsn).get('options') or ''}"
    )


class OrderPool:
    """Synchronous connections for transactions that change something; safe to use from several threads."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._idle: list[SyncConnection] = []
        self._free = threading.Semaphore(size)

    @contextmanager
    def connection(self) -> Iterator[SyncConnection]:
        """A connection for one caller at a time; one that broke is not given out again."""
        if not self._free.acquire(timeout=LEASE_SECONDS):
            raise DatabaseUnavailable("all database connections are in use")
        try:
            connection = self._idle.pop() if self._idle else connect(self._dsn)
            try:
                yield connection
            finally:
                if connection.pgconn.transaction_status == TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    connection.close()
        finally:
            self._free.release()

    def run(self, transaction: Callable[[SyncConnection], T], *, begin: bytes = b"begin") -> T:
        """Runs the whole transaction, again from its start when the database asks for that.

        `begin` may be empty when the transaction's own first statement begins it, and its own last one may commit it.

        Deadlocks and serialisation failures (40P01, 40001) are repeated; a lock that stays held raises
        DatabaseUnavailable, and so does a connection that was lost before the commit was sent.
        """
        for attempt in range(_REPEATS):
            try:
                with self.connection() as connection, _transaction(connection, begin):
                    return transaction(connection)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
                logger.info("transaction repeated", extra={"reason": type(error).__name__, "attempt": attempt + 1})
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
                raise DatabaseUnavailable("another change of the same objects is taking long") from error
            except psycopg.OperationalError as error:
                raise DatabaseUnavailable(str(error).strip()) from error
        raise DatabaseUnavailable("the same objects are being changed too often at once")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


@contextmanager
def _transaction(connection: SyncConnection, begin: bytes) -> Iterator[None]:
    """A transaction without the library's bookkeeping for savepoints, which costs a small order a tenth."""
    if begin:
        run_text(connection, begin)
    try:
        yield
    except BaseException:
        if connection.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            run_text(connection, b"rollback")
        raise
    if connection.pgconn.transaction_status == TransactionStatus.IDLE:
        return
    if run_text(connection, b"commit").command_status != b"COMMIT":
        raise psycopg.OperationalError("the transaction had failed and was rolled back")


def run_text(connection: SyncConnection, text: bytes) -> PGresult:
    """The result of the last of some statements without parameters, run in one go. Raises psycopg.Error."""
    result = connection.pgconn.exec_(text)
    if connection.pgconn.transaction_status == TransactionStatus.UNKNOWN:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result
