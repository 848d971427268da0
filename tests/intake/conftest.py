"""What tests of intake share."""

from collections.abc import Callable, Iterator

import pytest

from peerhall.store.database import SyncConnection, connect
from tests.clock import Clock
from tests.installation import Site
from tests.intake.support import DATA, apply


@pytest.fixture
def empty(make_database: Callable[[str], str]) -> Iterator[SyncConnection]:
    """A connection to a migrated database with nothing in it."""
    with connect(make_database("migrated")) as connection:
        yield connection


@pytest.fixture
def described(empty: SyncConnection) -> SyncConnection:
    """The same with the exchange of `tests/data/exchange.yaml`."""
    apply(empty, DATA / "exchange.yaml")
    return empty


@pytest.fixture
def opened(described: SyncConnection, clock: Clock) -> Iterator[Site]:
    """A whole installation on the exchange that is described."""
    with Site(described.info.dsn, clock).open() as site:
        yield site
