from collections.abc import Callable
from typing import Any

from peerhall.store import settings
from tests.clock import Clock
from tests.installation import Site


def test_health_tells_in_which_zone_contract_days_begin(site: Site) -> None:
    assert health(site)["notes"] == ["Contract days begin at midnight in the time zone UTC."]
    rules = {"account": "exchange", "name": "Example", "timezone": "Europe/Dublin"}
    settings.write_setting(site.connection, settings.EXCHANGE, rules)
    assert health(site)["notes"] == ["Contract days begin at midnight in the time zone Europe/Dublin."]


def test_health_has_nothing_to_note_before_there_is_an_exchange(
    make_database: Callable[[str], str], clock: Clock
) -> None:
    with Site(make_database("migrated"), clock).open() as site:
        assert "notes" not in health(site)


def health(site: Site) -> Any:
    answer = site.http.get("/health")
    assert answer.status_code == 200
    return answer.json()
