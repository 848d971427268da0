"""Backups: what is restored is what was there, on any PostgreSQL; damage is noticed before anything is lost."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from peerhall.exchange.claims import MAC, Claim, Holder
from peerhall.store import claims, credentials, journal, tasks, work
from peerhall.store.backup import BackupError, restore_backup, write_backup
from peerhall.store.database import SyncConnection, connect
from peerhall.store.schema import list_tables, migrate, require_current
from tests.clock import Clock

TABLES = (
    "document",
    "reference",
    "account_tree",
    "claim",
    "api_key",
    "session",
    "signing_key",
    "task",
    "work",
    "setting",
)


def ignore(_: str, __: int) -> None:
    pass


@pytest.fixture
def backup(any_database: str, clock: Clock, tmp_path: Path) -> Path:
    """A backup of the small exchange with something in every corner."""
    with connect(any_database) as connection:
        credentials.ensure_signing_key(connection, clock())
        key, _ = credentials.create_key(connection, "member", clock())
        with connection.transaction():
            credentials.open_session(connection, key, clock(), credentials_lifetime())
        claims.take(connection, [Claim(MAC, "lan", "02:00:00:00:00:01")], Holder("a", "member"), clock())
        work.queue(connection, ["device:switch"], clock())
        tasks.open_task(connection, "step", "switch", "k", "d", "Title\twith tab", "Line\nbreak \\N", {"a": 1}, clock())
        journal.append(connection, journal.Entry(clock(), "key:x", "member", "contacts_create", "accepted"))
        write_backup(connection, tmp_path / "backup.zip", clock(), ignore)
    return tmp_path / "backup.zip"


def credentials_lifetime() -> Any:
    from peerhall.api.tokens import REFRESH_LIFETIME

    return REFRESH_LIFETIME


def content(connection: SyncConnection) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(connection.execute(f"select * from {table}").fetchall(), key=repr) for table in TABLES}  # type: ignore[arg-type]


def test_a_restored_database_is_the_same(backup: Path, any_database: str, make_database: Any) -> None:
    with connect(any_database) as original, connect(make_database("")) as restored:
        restore_backup(restored, backup, ignore)
        require_current(restored)
        assert content(restored) == content(original)
        assert restored.execute("select count(*) from journal").fetchone() == (1,)


def test_a_restored_database_goes_on(backup: Path, make_database: Any, clock: Clock) -> None:
    with connect(make_database("")) as restored:
        restore_backup(restored, backup, ignore)
        task = tasks.open_task(restored, "step", "switch", "other", "d", "", "", {}, clock())
        assert task.number == 2
        taken = claims.take(restored, [Claim(MAC, "lan", "02:00:00:00:00:01")], Holder("b", "rival"), clock())
        assert list(taken.values()) == [Holder("a", "member")]


def test_a_database_with_something_in_it_is_not_overwritten(backup: Path, any_database: str) -> None:
    with connect(any_database) as connection:
        before = content(connection)
        with pytest.raises(BackupError, match="--replace"):
            restore_backup(connection, backup, ignore)
        connection.execute("delete from work")
        restore_backup(connection, backup, ignore, replace=True)
        assert content(connection) == before


@pytest.mark.parametrize("replace", [False, True])
def test_the_tables_of_another_program_are_never_dropped(backup: Path, make_database: Any, replace: bool) -> None:
    with connect(make_database("")) as connection:
        connection.execute("create table precious as select 1 as it")
        with pytest.raises(BackupError, match="something else"):
            restore_backup(connection, backup, ignore, replace=replace)
        assert connection.execute("select it from precious").fetchall() == [(1,)]


def test_what_others_keep_beside_our_tables_stays(any_database: str, clock: Clock, tmp_path: Path) -> None:
    with connect(any_database) as connection:
        connection.execute("create table precious (what text)")
        connection.execute("insert into precious values ('gold')")
        write_backup(connection, tmp_path / "backup.zip", clock(), ignore)
        restore_backup(connection, tmp_path / "backup.zip", ignore, replace=True)
        assert connection.execute("select what from precious").fetchall() == [("gold",)]
        require_current(connection)


def test_what_depends_on_our_tables_is_named_and_nothing_lost(backup: Path, any_database: str) -> None:
    with connect(any_database) as connection:
        connection.execute("create view precious as select id from document")
        before = content(connection)
        with pytest.raises(BackupError, match="view precious depends on table document"):
            restore_backup(connection, backup, ignore, replace=True)
        assert content(connection) == before


def test_every_table_there_is_is_known_as_ours(any_database: str) -> None:
    with connect(any_database) as connection:
        found = connection.execute("select tablename from pg_tables where schemaname = current_schema()")
        assert {name for (name,) in found} == list_tables()


def test_a_database_in_which_there_is_just_a_key_is_not_overwritten(
    backup: Path, make_database: Any, clock: Clock
) -> None:
    with connect(make_database("")) as connection:
        migrate(connection)
        credentials.create_key(connection, None, clock())
        with pytest.raises(BackupError, match="--replace"):
            restore_backup(connection, backup, ignore)


def test_damage_is_noticed_and_nothing_lost(backup: Path, any_database: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"member", b"MEMBER"))
    with connect(any_database) as connection:
        before = content(connection)
        with pytest.raises(BackupError, match="damaged"):
            restore_backup(connection, damaged, ignore, replace=True)
        assert content(connection) == before


@pytest.mark.parametrize("text", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_something_else_is_not_taken_for_a_backup(any_database: str, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "other").write_bytes(text)
    with connect(any_database) as connection, pytest.raises(BackupError, match="not a backup"):
        restore_backup(connection, tmp_path / "other", ignore, replace=True)


def test_a_backup_is_for_nobody_elses_eyes(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0


def test_a_backup_that_cannot_be_written_leaves_nothing(any_database: str, clock: Clock, tmp_path: Path) -> None:
    with connect(any_database) as connection, pytest.raises(BackupError, match="cannot be written"):
        write_backup(connection, tmp_path / "nowhere" / "backup.zip", clock(), ignore)
    assert list(tmp_path.iterdir()) == []
