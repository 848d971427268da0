"""What the sandbox has planned for a moment is done at that moment, in the end."""

import pytest

from peerhall.sandbox.clock import SandboxClock
from peerhall.sandbox.pace import Pace
from peerhall.store.database import DatabaseUnavailable
from tests.installation import Site


def test_what_the_database_was_away_for_is_tried_again(site: Site) -> None:
    clock = SandboxClock(site.clock())
    pace = Pace(site.dsn, site.pool, site.reconciler, clock)
    tries: list[None] = []

    def action() -> None:
        tries.append(None)
        if len(tries) == 1:
            raise DatabaseUnavailable("the server is restarting")

    pace.plan("port", clock(), action)
    with pytest.raises(DatabaseUnavailable):
        pace.step(1)
    assert pace.step(1) == 1
    pace.step(1)
    assert len(tries) == 2
    pace.stop()
