"""What tests of intake share."""

from collections.abc import Callable, Iterator

import pytest

from peerhall.store.database import SyncConnection, connect


@pytest.fixture
def empty(make_database: Callable[[str], str]) -> Iterator[SyncConnection]:
    """A connection to a migrated database with nothing in it."""
    with connect(make_database("migrated")) as connection:
        yield connection
