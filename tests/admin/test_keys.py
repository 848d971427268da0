"""`peerhall key` and `peerhall account`: who may log in."""

import httpx
import pytest

from peerhall.store import credentials
from tests.clock import RunningClock
from tests.commands import Operator
from tests.installation import Site


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def operator(database: str) -> Operator:
    return Operator(database)


def log_in(site: Site, key: dict[str, str]) -> httpx.Response:
    return site.http.post("/auth/token", json={"api_key": key["api_key"], "api_secret": key["api_secret"]})


def test_a_key_has_the_standards_lengths_and_works(site: Site, operator: Operator) -> None:
    key = operator.read("key", "create", "Member", "--label", "automation")
    assert (len(key["api_key"]), len(key["api_secret"]), key["account"]) == (16, 86, "member")
    assert log_in(site, key).status_code == 201
    (listed,) = operator.read("key", "list", "member")
    assert (listed["label"], listed["last_login_at"] is not None) == ("automation", True)
    assert key["api_secret"] not in str(operator.read("key", "list"))


def test_a_read_only_key_reads(site: Site, operator: Operator) -> None:
    key = operator.read("key", "create", "member", "--read-only")
    token = log_in(site, key).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert site.http.get("/account", headers=bearer).status_code == 200
    assert site.http.post("/macs", json={"address": "02:00:5e:10:00:01"}, headers=bearer).status_code == 403


def test_a_key_ends_when_it_says(site: Site, operator: Operator) -> None:
    key = operator.read("key", "create", "member", "--expires", "P1M")
    assert log_in(site, key).status_code == 201
    site.clock.turn(days=31)
    assert log_in(site, key).status_code == 401


def test_a_key_is_no_option() -> None:
    keys = [credentials.draw_key() for _ in range(1000)]
    assert {len(key) for key in keys} == {16}
    assert not [key for key in keys if key.startswith("-")]


def test_a_revoked_key_ends_every_login_at_once(site: Site, operator: Operator) -> None:
    key = operator.read("key", "create", "member")
    bearer = {"Authorization": f"Bearer {log_in(site, key).json()['access_token']}"}
    assert site.http.get("/account", headers=bearer).status_code == 200
    operator.run("key", "revoke", key["api_key"])
    assert site.http.get("/account", headers=bearer).status_code == 401


def test_a_rotated_signing_key_logs_nobody_out(site: Site, operator: Operator) -> None:
    key = operator.read("key", "create", "member")
    before = {"Authorization": f"Bearer {log_in(site, key).json()['access_token']}"}
    operator.run("signing-key", "rotate")
    assert site.http.get("/account", headers=before).status_code == 200
    after = {"Authorization": f"Bearer {log_in(site, key).json()['access_token']}"}
    assert site.http.get("/account", headers=after).status_code == 200


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("key", "create"), "Name an account", 2),
        (("key", "create", "member", "--operator"), "Name an account", 2),
        (("key", "create", "nobody"), "peerhall account list", 1),
        (("key", "create", "member", "--expires", "soon"), "P90D", 2),
        (("key", "create", "member", "--expires", "2001-01-01"), "future", 2),
        (("key", "create", "member", "--expires", "P0D"), "future", 2),
        (("key", "create", "member", "--expires", "P9999Y"), "P90D", 2),
        (("key", "revoke", "none"), "peerhall key list", 1),
    ],
)
def test_a_mistake_is_told_with_the_way_out(operator: Operator, words: tuple[str, ...], said: str, code: int) -> None:
    result = operator.run(*words, code=code)
    assert said in result.output + str(result.exception)


def test_accounts_are_listed_for_people_and_programs(operator: Operator) -> None:
    listed = operator.read("account", "list")
    assert {each["id"]: each["managing_account"] for each in listed}["customer"] == "reseller"
    assert "Example Exchange" in operator.run("account", "list").stdout


def test_a_database_has_to_be_named(database: str) -> None:
    from click.testing import CliRunner

    from peerhall.admin.command import peerhall

    result = CliRunner().invoke(peerhall, ["account", "list"], env={"PEERHALL_DATABASE": "", "PEERHALL_DATA": ""})
    assert (result.exit_code, "--database DSN or --data DIR" in result.output) == (2, True)
