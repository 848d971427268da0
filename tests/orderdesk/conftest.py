"""An installation that the tests of a module share, for what leaves no traces that others mind."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.clock import Clock
from tests.installation import Site


@pytest.fixture(scope="module")
def house(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Site]:
    """A whole installation with the world in it."""
    with copied("world") as dsn, Site(dsn, Clock()).open() as site:
        yield site
