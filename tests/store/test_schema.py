"""Migrations: each step once, in order, whoever takes them; the result the same however one gets there."""

import threading

import pytest

from peerhall.store import schema
from peerhall.store.database import SyncConnection, connect
from peerhall.store.schema import SchemaError, list_migrations, migrate, read_version, require_current
from tests import world

NEWEST = list_migrations()[-1].version


def test_steps_are_numbered_without_gaps() -> None:
    assert [migration.version for migration in list_migrations()] == list(range(1, NEWEST + 1))


def test_an_empty_database_is_brought_up_to_date(empty_database: str) -> None:
    with connect(empty_database) as connection:
        assert [migration.version for migration in migrate(connection)] == list(range(1, NEWEST + 1))
        require_current(connection)
        assert migrate(connection) == []


@pytest.mark.parametrize("stop", range(1, NEWEST))
def test_a_database_stopped_anywhere_ends_like_a_fresh_one(empty_database: str, cluster: str, stop: int) -> None:
    with connect(empty_database) as connection:
        migrate(connection)
        fresh = _catalogue(connection)
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
        migrate(connection, stop)
        assert read_version(connection) == stop
        migrate(connection)
        assert _catalogue(connection) == fresh


def test_a_step_that_fails_leaves_the_one_before(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [*list_migrations(), schema.Migration(NEWEST + 1, "broken", "create table half (it int); select 1/0;")]
    monkeypatch.setattr(schema, "list_migrations", lambda: broken)
    with connect(empty_database) as connection:
        with pytest.raises(Exception, match="division by zero"):
            migrate(connection)
        assert read_version(connection) == NEWEST
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)


def test_two_processes_may_migrate_at_once(empty_database: str) -> None:
    taken: list[int] = []

    def run() -> None:
        with connect(empty_database) as connection:
            taken.extend(migration.version for migration in migrate(connection))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, NEWEST + 1))


def test_an_unmigrated_database_says_what_to_run(empty_database: str) -> None:
    with connect(empty_database) as connection, pytest.raises(SchemaError, match="peerhall migrate"):
        require_current(connection)


def test_a_database_of_a_newer_version_is_not_touched(empty_database: str) -> None:
    with connect(empty_database) as connection:
        migrate(connection)
        connection.execute("insert into schema_version values (%s, 'later')", (NEWEST + 1,))
        for attempt in (migrate, require_current):
            with pytest.raises(SchemaError, match="newer"):
                attempt(connection)


def test_the_world_fits_either_postgresql(any_database: str) -> None:
    with connect(any_database) as connection:
        count = connection.execute("select count(*) from document").fetchone()
    assert count == (len(world.accounts()) + len(world.catalogue()),)


def _catalogue(connection: SyncConnection) -> list[tuple[object, ...]]:
    """Everything that makes up the schema, in PostgreSQL's own words."""
    return [
        *connection.execute(
            """select table_name, column_name, data_type, is_nullable, column_default, generation_expression,
                      collation_name, is_identity
               from information_schema.columns where table_schema = 'public' order by 1, ordinal_position"""
        ).fetchall(),
        *connection.execute("select indexdef from pg_indexes where schemaname = 'public' order by 1").fetchall(),
        *connection.execute(
            """select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
               where connamespace = 'public'::regnamespace order by 1, 2"""
        ).fetchall(),
        *connection.execute("select sequencename from pg_sequences where schemaname = 'public' order by 1").fetchall(),
    ]
