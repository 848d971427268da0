"""Tasks for people, as they are kept."""

from collections.abc import Iterator

import pytest

from peerhall.store import tasks
from peerhall.store.database import SyncConnection, connect
from tests.clock import Clock


@pytest.fixture
def connection(database: str) -> Iterator[SyncConnection]:
    with connect(database) as connection:
        yield connection


def open_(connection: SyncConnection, key: str) -> tasks.Task:
    request = {"step": "put", "config": {"neighbor": "192.0.2.9", "password": "hush"}}
    return tasks.open_task(connection, "step", "rs1", key, "order", "Title", "Do it.", request, Clock()())


def test_a_task_that_is_closed_forgets_the_passwords_in_it(connection: SyncConnection) -> None:
    done, void = open_(connection, "session/1"), open_(connection, "session/2")
    assert done.request["config"]["password"] == "hush", "whoever does it needs it"
    tasks.close_task(connection, done.number, "done", "operator", None, Clock()())
    tasks.void_tasks(connection, "rs1", (), Clock()())
    for number in (done.number, void.number):
        task = tasks.find_task(connection, number)
        assert task is not None
        assert task.request["config"] == {"neighbor": "192.0.2.9", "password": "********"}


def test_asking_for_the_same_again_uses_up_no_number(connection: SyncConnection) -> None:
    first = open_(connection, "session/1")
    assert [open_(connection, "session/1").number for _ in range(3)] == [first.number] * 3
    assert open_(connection, "session/2").number == first.number + 1
