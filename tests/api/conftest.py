"""A whole installation with one object of every kind, shared by the tests of a module."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.api import cast
from tests.clock import Clock
from tests.installation import Site


@pytest.fixture(scope="module")
def staged(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Site]:
    """An installation with the cast on it; tests leave it as they found it, or add what nobody else looks at."""
    with copied("world") as dsn, Site(dsn, Clock()).open() as site:
        cast.stage(site.connection)
        yield site
