"""What all tests share: one embedded PostgreSQL for each test process, a database of its own for each test."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from peerhall.store.database import SyncConnection, connect
from peerhall.store.embedded import EmbeddedPostgres
from peerhall.store.schema import migrate
from tests import world
from tests.clock import Clock
from tests.installation import Site

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

IN_CI = bool(os.environ.get("CI"))


def missing(what: str) -> None:
    """Something a test needs is not on this machine: skipped on a laptop, a failure where CI is."""
    if IN_CI:
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


DEBIANS_POSTGRES = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DSN of the maintenance database of a server that lives as long as the tests."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("cluster") / "data", durable=False)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def oldest_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with the oldest PostgreSQL we support, which is Debian's."""
    if not (DEBIANS_POSTGRES / "postgres").exists():
        missing("PostgreSQL 15 (apt-get install postgresql-15)")
    directory = tmp_path_factory.mktemp("oldest") / "data"
    server = EmbeddedPostgres(directory, durable=False, binaries=DEBIANS_POSTGRES)
    yield server.start()
    server.stop()


@pytest.fixture(params=["newest", "oldest"])
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """DSN of a database without anything in it, once on the newest PostgreSQL and once on the oldest."""
    server = request.getfixturevalue("cluster" if request.param == "newest" else "oldest_cluster")
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as maintenance:
        maintenance.execute(f"create database {name}")  # type: ignore[arg-type]
        yield _dsn(server, name)
        maintenance.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.fixture
def any_database(empty_database: str) -> str:
    """DSN of a database with the small exchange of `tests.world`, on either PostgreSQL."""
    with connect(empty_database) as connection:
        migrate(connection)
        world.build(connection)
    return empty_database


@pytest.fixture(scope="session")
def templates(cluster: str) -> dict[str, str]:
    """Names of databases to copy: `migrated`, and `world` with a small exchange in it."""
    names = {"migrated": "template_migrated", "world": "template_world"}
    with psycopg.connect(cluster, autocommit=True) as server:
        for name in names.values():
            server.execute(f"create database {name}")  # type: ignore[arg-type]
    for name in names.values():
        with connect(_dsn(cluster, name)) as connection:
            migrate(connection)
            if name == "template_world":
                world.build(connection)
    return names


@pytest.fixture(scope="session")
def copied(cluster: str, templates: dict[str, str]) -> Callable[[str], AbstractContextManager[str]]:
    """Copies a template for as long as a context lasts; for what several tests share and leave as it was."""

    @contextmanager
    def copy(template: str) -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        source = f"template {templates[template]} strategy file_copy" if template else ""
        with psycopg.connect(cluster, autocommit=True) as server:
            server.execute(f"create database {name} {source}")  # type: ignore[arg-type]
        try:
            yield _dsn(cluster, name)
        finally:
            with psycopg.connect(cluster, autocommit=True) as server:
                server.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]

    return copy


@pytest.fixture
def make_database(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Callable[[str], str]]:
    """Makes copies of a template, dropped after the test."""
    with ExitStack() as made:
        yield lambda template: made.enter_context(copied(template))


@pytest.fixture
def database(make_database: Callable[[str], str]) -> str:
    """DSN of a migrated database with the small exchange of `tests.world` in it."""
    return make_database("world")


@pytest.fixture
def connection(database: str) -> Iterator[SyncConnection]:
    """A connection to `database`."""
    with connect(database) as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database: str, clock: Clock) -> Iterator[Site]:
    """A whole installation on `database`."""
    with Site(database, clock).open() as site:
        yield site


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material beside the checkout, where there is one."""
    path = Path(__file__).parents[2] / "shared"
    if not path.is_dir():
        pytest.skip("the reference material is not beside this checkout")
    return path


def _dsn(cluster: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(cluster, dbname=name)
