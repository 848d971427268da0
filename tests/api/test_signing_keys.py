"""Tokens outlive restarts, move between workers, and survive a change of the key they are signed with."""

from datetime import timedelta

import httpx
import jwt
import pytest

from peerhall.api.tokens import REFRESH_LIFETIME
from peerhall.daemon.assembly import build_application
from peerhall.store import credentials
from tests.installation import Caller, Site
from tests.server import running

KEEP = REFRESH_LIFETIME + timedelta(hours=1)


def rotate(site: Site) -> str:
    with site.connection.transaction():
        return credentials.rotate_signing_key(site.connection, site.clock(), KEEP)


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def refresh(http: httpx.Client, token: str, status: int = 201) -> dict[str, str]:
    answer = http.post("/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == status, answer.text
    pair: dict[str, str] = answer.json()
    return pair


def log_in(site: Site, http: httpx.Client) -> dict[str, str]:
    key, secret = site.key("member")
    pair: dict[str, str] = http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
    return pair


@pytest.fixture
def second(site: Site) -> httpx.Client:
    """Talks to a second worker on the same database, which started at the same moment."""
    with (
        running(build_application(site.settings, site.clock)) as origin,
        httpx.Client(base_url=origin + "/api/v2") as http,
    ):
        yield http


def test_tokens_are_good_at_every_worker(site: Site, second: httpx.Client) -> None:
    pair = log_in(site, site.http)
    Caller(second, pair["access_token"]).get("/account")
    Caller(site.http, refresh(second, pair["refresh_token"])["access_token"]).get("/account")


def test_a_change_of_the_signing_key_logs_nobody_out(site: Site, second: httpx.Client) -> None:
    before = log_in(site, site.http)
    new_key = rotate(site)
    for http in (site.http, second):
        Caller(http, before["access_token"]).get("/account")
        refresh(http, before["refresh_token"])
    site.clock.turn(minutes=2)
    after = log_in(site, second)
    assert key_of(after["access_token"]) == key_of(after["refresh_token"]) == new_key
    for http in (site.http, second):
        Caller(http, before["access_token"]).get("/account")
        Caller(http, after["access_token"]).get("/account")


def test_a_worker_believes_a_key_that_another_has_taken_up_before_it(site: Site, second: httpx.Client) -> None:
    log_in(site, second)
    site.clock.turn(minutes=2)
    log_in(site, site.http)
    new_key = rotate(site)
    with running(build_application(site.settings, site.clock)) as origin:
        third = httpx.Client(base_url=origin + "/api/v2")
        with third:
            token = log_in(site, third)["access_token"]
    assert key_of(token) == new_key
    Caller(site.http, token).get("/account")
    Caller(second, token).get("/account?page_limit=1")


def test_made_up_keys_do_not_keep_a_real_one_out(site: Site, second: httpx.Client) -> None:
    claims = {"typ": "access", "sid": "x", "iat": 1, "exp": 2**40}
    for n in range(20):
        Caller(second, jwt.encode(claims, b"x" * 32, headers={"kid": f"made-up-{n}"})).get("/account", 401)
    rotate(site)
    site.clock.turn(minutes=2)
    Caller(second, log_in(site, site.http)["access_token"]).get("/account")


def test_a_worker_signs_with_the_new_key_before_the_old_one_is_forgotten(site: Site) -> None:
    """Two rotations with nothing but logins between them: no token may be signed with a key that is gone."""
    log_in(site, site.http)
    rotate(site)
    site.clock.turn(hours=26)
    rotate(site)
    pair = log_in(site, site.http)
    with (
        running(build_application(site.settings, site.clock)) as origin,
        httpx.Client(base_url=origin + "/api/v2") as fresh,
    ):
        Caller(fresh, pair["access_token"]).get("/account")


def test_a_refresh_token_lives_through_a_rotation_until_its_own_end(site: Site) -> None:
    pair = log_in(site, site.http)
    rotate(site)
    site.clock.turn(hours=12)
    rotate(site)
    site.clock.turn(hours=11, minutes=59)
    refresh(site.http, pair["refresh_token"])


def test_logins_survive_a_restart(site: Site) -> None:
    pair = log_in(site, site.http)
    for _ in range(2):
        with (
            running(build_application(site.settings, site.clock)) as origin,
            httpx.Client(base_url=origin + "/api/v2") as http,
        ):
            Caller(http, pair["access_token"]).get("/account")
            refresh(http, pair["refresh_token"])


def test_revocation_reaches_every_worker_at_once(site: Site, second: httpx.Client) -> None:
    key, secret = site.key("member")
    pair = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
    callers = [Caller(http, pair["access_token"]) for http in (site.http, second)]
    for caller in callers:
        caller.get("/account")
    credentials.revoke_key(site.connection, key, site.clock())
    for caller in callers:
        caller.get("/account", 401)
        refresh(caller.http, pair["refresh_token"], 401)
