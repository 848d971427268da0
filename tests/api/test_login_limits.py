"""Failed logins are slowed down; whoever has the right secret never is, whatever others do."""

from collections.abc import Iterator

import httpx
import pytest

from peerhall.api.login_limits import MOST_PER_ADDRESS, MOST_PER_KEY, WINDOW
from tests.clock import Clock
from tests.installation import Site

HERE, THERE = "198.51.100.1", "198.51.100.2"


@pytest.fixture
def proxied(database: str, clock: Clock) -> Iterator[Site]:
    """An installation that believes the proxy on this machine."""
    with Site(database, clock, trusted_proxies=("127.0.0.1",)).open() as site:
        yield site


def try_login(site: Site, key: str, secret: str = "wrong", address: str = HERE) -> httpx.Response:
    return site.http.post(
        "/auth/token", json={"api_key": key, "api_secret": secret}, headers={"X-Forwarded-For": address}
    )


def fail(site: Site, key: str, times: int, address: str = HERE) -> list[int]:
    return [try_login(site, key, address=address).status_code for _ in range(times)]


def test_after_some_failures_one_has_to_wait(proxied: Site) -> None:
    key, _ = proxied.key("member")
    assert fail(proxied, key, MOST_PER_KEY) == [401] * MOST_PER_KEY
    answer = try_login(proxied, key)
    assert answer.status_code == 429
    assert answer.json()["status"] == 429
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= WINDOW.total_seconds()
    assert str(wait) in answer.json()["detail"]
    proxied.clock.turn(seconds=wait - 1)
    assert try_login(proxied, key).status_code == 429
    proxied.clock.turn(seconds=1)
    assert try_login(proxied, key).status_code == 401


def test_the_right_secret_is_let_in_all_the_same(proxied: Site) -> None:
    key, secret = proxied.key("member")
    other_key, other_secret = proxied.key("rival")
    fail(proxied, key, MOST_PER_KEY + 1)
    for n in range(MOST_PER_ADDRESS):
        try_login(proxied, f"nobody-{n}")
    assert try_login(proxied, "nobody").status_code == 429
    assert try_login(proxied, key, secret).status_code == 201
    assert try_login(proxied, other_key, other_secret).status_code == 201
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    headers = {"X-Forwarded-For": HERE}
    assert proxied.http.post(proxied.origin + "/oauth2/token", data=form, headers=headers).status_code == 200


def test_failures_elsewhere_or_with_other_keys_do_not_count(proxied: Site) -> None:
    key, _ = proxied.key("member")
    other_key, _ = proxied.key("rival")
    fail(proxied, key, MOST_PER_KEY + 1)
    assert try_login(proxied, key, address=THERE).status_code == 401
    assert try_login(proxied, other_key).status_code == 401


def test_an_address_may_not_go_through_many_keys(proxied: Site) -> None:
    answers = [try_login(proxied, f"key-{n:012}").status_code for n in range(MOST_PER_ADDRESS + 2)]
    assert answers == [401] * MOST_PER_ADDRESS + [429, 429]
    assert try_login(proxied, "key-of-another--", address=THERE).status_code == 401


def test_oauth2_counts_with_the_rest(proxied: Site) -> None:
    key, _ = proxied.key("member")
    fail(proxied, key, MOST_PER_KEY)
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": "wrong"}
    answer = proxied.http.post(proxied.origin + "/oauth2/token", data=form, headers={"X-Forwarded-For": HERE})
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["Retry-After"]


def test_who_is_no_trusted_proxy_cannot_pretend_to_be_elsewhere(site: Site) -> None:
    key, _ = site.key("member")
    answers = [try_login(site, key, address=f"198.51.100.{n}").status_code for n in range(MOST_PER_KEY + 1)]
    assert answers == [401] * MOST_PER_KEY + [429]


def test_only_a_bounded_number_of_failures_is_kept(proxied: Site) -> None:
    for n in range(MOST_PER_ADDRESS + 20):
        try_login(proxied, f"key-{n:012}")
    kept = proxied.connection.execute("select count(*) from login_failure").fetchone()
    assert kept == (MOST_PER_ADDRESS,)
    proxied.clock.turn(seconds=WINDOW.total_seconds() + 1)
    fail(proxied, "someone-else", 1)
    assert proxied.connection.execute("select count(*) from login_failure").fetchone() == (1,)
