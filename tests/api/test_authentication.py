"""Logging in with a key, renewing the login, and how a bearer token may look."""

from typing import Any

import httpx
import jwt
import pytest

from peerhall.store import credentials
from tests.installation import Caller, Site

BASE = "https://errors.ix-api.net/v2/"


def log_in(site: Site, key: str, secret: str, **options: Any) -> httpx.Response:
    return site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}, **options)


def log_in_anew(site: Site, account: str | None = "member", **options: Any) -> dict[str, Any]:
    answer = log_in(site, *site.key(account, **options))
    assert answer.status_code == 201
    pair: dict[str, Any] = answer.json()
    return pair


def refresh(site: Site, token: str, **options: Any) -> httpx.Response:
    return site.http.post("/auth/refresh", json={"refresh_token": token}, **options)


def read_account(site: Site, token: str) -> int:
    return site.http.get("/account", headers={"Authorization": f"Bearer {token}"}).status_code


def problem_of(answer: httpx.Response) -> str:
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert isinstance(problem["detail"], str)
    return str(problem["type"]).removeprefix(BASE)


def test_a_key_has_16_characters_and_its_secret_86(staged: Site) -> None:
    key, secret = staged.key("member")
    assert (len(key), len(secret)) == (16, 86)


def test_a_login_gives_a_pair_of_tokens_and_says_when_they_expire(staged: Site) -> None:
    pair = log_in_anew(staged)
    assert pair.keys() == {"access_token", "refresh_token"}
    lives = {}
    for name, token in pair.items():
        claims = jwt.decode(token, options={"verify_signature": False})
        assert type(claims["iat"]) is type(claims["exp"]) is int
        assert claims["iat"] == int(staged.clock().timestamp())
        assert isinstance(jwt.get_unverified_header(token)["kid"], str)
        lives[name] = claims["exp"] - claims["iat"]
    assert 3600 <= lives["access_token"] <= lives["refresh_token"] <= 86400
    assert Caller(staged.http, pair["access_token"]).get("/account")["id"] == "member"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json;", "Accept": "*/*"},
        {"Content-Type": "application/json", "Accept": "application/json;"},
        {"Content-Type": "application/json; charset=utf-8", "Authorization": "Bearer whatever"},
        {"Content-Type": "application/vnd.api+json", "Authorization": "nonsense"},
        {"Content-Type": ""},
    ],
    ids=["pyixapi", "semicolon", "charset", "json-like", "none"],
)
def test_a_login_takes_the_headers_clients_send(staged: Site, headers: dict[str, str]) -> None:
    assert log_in(staged, *staged.key("member"), headers=headers).status_code == 201


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 43, 86, 10_000])
def test_a_wrong_key_or_secret_is_wrong_whatever_its_length(staged: Site, length: int) -> None:
    key, secret = staged.key("member")
    for wrong in ({"key": "x" * length, "secret": secret}, {"key": key, "secret": "x" * length}):
        answer = log_in(staged, **wrong, headers={"X-Forwarded-For": f"198.51.100.{length % 250}"})
        assert (answer.status_code, problem_of(answer)) == (401, "authentication-error.html")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"api_key", "api_secret"}),
        ({"api_key": "a" * 16}, {"api_secret"}),
        ({"api_key": 1, "api_secret": None}, {"api_key", "api_secret"}),
        ({"api_key": ["a"], "api_secret": "b"}, {"api_key"}),
        ([], {""}),
        ("text", {""}),
        (None, {""}),
    ],
)
def test_a_login_without_key_and_secret_names_what_is_missing(staged: Site, body: Any, names: set[str]) -> None:
    answer = staged.http.post("/auth/token", json=body)
    assert (answer.status_code, problem_of(answer)) == (400, "validation-error.html")
    assert {each["name"] for each in answer.json()["properties"]} >= names


@pytest.mark.parametrize(
    ("header", "type_"),
    [
        (None, "not-authenticated.html"),
        ("", "authentication-error.html"),
        ("Bearer", "authentication-error.html"),
        ("Bearer a.b.c", "authentication-error.html"),
        ("Bearer a.b", "authentication-error.html"),
        ("Bearer " + "x" * 5000, "authentication-error.html"),
        ("Basic bWVtYmVyOnNlY3JldA==", "authentication-error.html"),
        ("Bearer \xff\xfe", "authentication-error.html"),
        ("Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6MX0.e30.", "authentication-error.html"),
        ("Bearer eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYiJdfQ.e30.", "authentication-error.html"),
        ("Bearer bnVsbA.e30.", "authentication-error.html"),
    ],
)
def test_credentials_that_are_none_are_told_apart(staged: Site, header: str | None, type_: str) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = staged.http.get("/account", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, problem_of(answer)) == (401, type_)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_case_insensitive(staged: Site) -> None:
    token = log_in_anew(staged)["access_token"]
    for scheme in ("bearer", "BEARER", "Bearer "):
        assert staged.http.get("/account", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


def test_tokens_of_one_kind_do_not_pass_for_another(staged: Site) -> None:
    pair = log_in_anew(staged)
    member = Caller(staged.http, pair["access_token"])
    page = member.request("GET", "/metro-areas?page_limit=1").headers["X-Pagination-Token"]
    for token in (pair["refresh_token"], page):
        assert read_account(staged, token) == 401
    for token in (pair["access_token"], page):
        answer = refresh(staged, token)
        assert (answer.status_code, problem_of(answer)) == (401, "authentication-error.html")


def test_a_refresh_gives_a_new_pair_and_leaves_the_old_access_token(site: Site) -> None:
    before = log_in_anew(site)
    site.clock.turn(minutes=30)
    answer = refresh(site, before["refresh_token"], headers={"Authorization": f"Bearer {before['refresh_token']}"})
    assert answer.status_code == 201
    after = answer.json()
    assert set(after.values()).isdisjoint(before.values())
    for pair in (before, after):
        assert read_account(site, pair["access_token"]) == 200


def test_a_refresh_token_can_be_used_again_for_some_minutes(site: Site) -> None:
    pair = log_in_anew(site)
    first = refresh(site, pair["refresh_token"])
    site.clock.turn(minutes=4)
    second = refresh(site, pair["refresh_token"])
    site.clock.turn(minutes=2)
    third = refresh(site, pair["refresh_token"])
    assert [answer.status_code for answer in (first, second, third)] == [201, 201, 401]
    for answer in (first, second):
        assert refresh(site, answer.json()["refresh_token"]).status_code == 201


def test_tokens_expire_when_they_say(site: Site) -> None:
    pair = log_in_anew(site)
    expiries = {name: jwt.decode(pair[name], options={"verify_signature": False})["exp"] for name in pair}
    site.clock.turn(seconds=expiries["access_token"] - site.clock().timestamp())
    assert read_account(site, pair["access_token"]) == 200, "clocks differ by some seconds"
    site.clock.turn(seconds=11)
    for _ in range(2):
        answer = site.http.get("/account", headers={"Authorization": f"Bearer {pair['access_token']}"})
        assert (answer.status_code, problem_of(answer)) == (401, "signature-expired.html")
    site.clock.turn(seconds=expiries["refresh_token"] - site.clock().timestamp() + 11)
    answer = refresh(site, pair["refresh_token"])
    assert (answer.status_code, problem_of(answer)) == (401, "signature-expired.html")


def test_a_revoked_key_ends_every_login_at_once(staged: Site) -> None:
    key, secret = staged.key("member")
    pair = log_in(staged, key, secret).json()
    member = Caller(staged.http, pair["access_token"])
    member.get("/connections")
    credentials.revoke_key(staged.connection, key, staged.clock())
    member.get("/account", 401)
    member.get("/connections", 401)
    member.get("/connections?page_limit=1", 401)
    member.get("/macs/mac", 401)
    assert member.post("/macs", {"address": "02:00:5e:00:53:99"}, 401)["type"] == f"{BASE}authentication-error.html"
    assert refresh(staged, pair["refresh_token"]).status_code == 401
    assert log_in(staged, key, secret).status_code == 401


def test_a_key_ends_on_its_day(site: Site) -> None:
    key, secret = site.key("member", expires_at=site.clock.now.replace(hour=13))
    pair = log_in(site, key, secret).json()
    site.clock.turn(minutes=59)
    assert read_account(site, pair["access_token"]) == 200
    site.clock.turn(minutes=1)
    assert read_account(site, pair["access_token"]) == 401
    assert refresh(site, pair["refresh_token"]).status_code == 401
    assert log_in(site, key, secret).status_code == 401


def test_an_account_may_have_many_keys_and_logins_that_do_not_disturb_each_other(staged: Site) -> None:
    key, secret = staged.key("member")
    logins = [log_in(staged, key, secret).json()["access_token"] for _ in range(3)]
    other, _ = staged.key("member")
    credentials.revoke_key(staged.connection, other, staged.clock())
    assert [read_account(staged, token) for token in logins] == [200, 200, 200]
