"""Reads on the event loop, also when whoever asked has gone away."""

import asyncio

import pytest

from peerhall.store.read_pool import ReadConnection, ReadPool, compile_statement


async def turn() -> None:
    """Lets everything else on the event loop have a turn."""
    await asyncio.sleep(0)


def test_rows_come_as_they_are(database: str) -> None:
    async def ask() -> None:
        pool = ReadPool(database, 2)
        rows = await asyncio.gather(*(pool.run("select %(text)s::text", {"text": str(n)}) for n in range(20)))
        assert [row.get_value(0, 0) for row in rows] == [str(n).encode() for n in range(20)]
        pool.close()

    asyncio.run(ask())


def test_a_read_given_up_just_when_its_answer_is_there_leaves_a_connection_that_works(database: str) -> None:
    async def ask() -> None:
        connection = await ReadConnection.open(database)
        first, second = compile_statement("select 1"), compile_statement("select 2")
        reading = asyncio.create_task(connection.run(first, {}))
        while (answer := connection._answer) is None:
            await turn()
        while not answer.done():
            await turn()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert connection.usable
        for statement in (first, second):
            assert (await connection.run(statement, {})).ntuples == 1
        connection.close()

    asyncio.run(ask())


def test_a_read_given_up_earlier_costs_its_connection_and_no_other(database: str) -> None:
    async def ask() -> None:
        pool = ReadPool(database, 1)
        slow = asyncio.create_task(pool.run("select pg_sleep(60)::text", {}))
        while not pool._free.locked():
            await turn()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await pool.run("select 1", {})).ntuples == 1
        pool.close()

    asyncio.run(ask())
