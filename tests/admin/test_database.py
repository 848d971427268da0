"""Databases that cannot be used: each command says in a sentence what is wrong, never with a traceback."""

import subprocess
import sys
from collections.abc import Callable

from psycopg.conninfo import make_conninfo

from peerhall.store.database import connect

PEERHALL = (sys.executable, "-c", "from peerhall.admin.command import main; main()")


def refused(*words: str) -> str:
    """What a command says that is to fail."""
    done = subprocess.run([*PEERHALL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_dsn_that_is_none_is_told_with_how_to_write_it() -> None:
    assert "postgresql:///peerhall" in refused("account", "list", "--database", "nonsense=1")


def test_a_database_that_does_not_answer_is_told() -> None:
    assert "port 1" in refused("account", "list", "--database", "postgresql://127.0.0.1:1/peerhall")


def test_a_role_that_may_not_is_told(make_database: Callable[[str], str]) -> None:
    dsn = make_database("world")
    with connect(dsn) as connection:
        connection.execute("drop role if exists onlooker")
        connection.execute("create role onlooker login")
    try:
        assert "permission denied" in refused("account", "list", "--database", make_conninfo(dsn, user="onlooker"))
    finally:
        with connect(dsn) as connection:
            connection.execute("drop role onlooker")
