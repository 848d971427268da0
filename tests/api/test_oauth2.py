"""The same accounts through OAuth2 client credentials, as the Terraform provider and others log in."""

import base64
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from tests.installation import Caller, Site

FORM = "application/x-www-form-urlencoded"


def ask(site: Site, form: Any = None, **options: Any) -> httpx.Response:
    return site.http.post(site.origin + "/oauth2/token", data=form, **options)


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


@pytest.fixture
def credentials(staged: Site) -> dict[str, str]:
    key, secret = staged.key("member")
    return {"client_id": key, "client_secret": secret}


def test_credentials_in_the_form(staged: Site, credentials: dict[str, str]) -> None:
    answer = ask(staged, {"grant_type": "client_credentials", "scope": "ix-api other", **credentials})
    assert answer.status_code == 200
    token = answer.json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "ix-api other")
    assert token["expires_in"] >= 3600
    assert answer.headers["Cache-Control"] == "no-store"
    assert Caller(staged.http, token["access_token"]).get("/account")["id"] == "member"


def test_credentials_by_http_basic(staged: Site, credentials: dict[str, str]) -> None:
    headers = basic(quote_plus(credentials["client_id"]), quote_plus(credentials["client_secret"]))
    token = ask(staged, {"grant_type": "client_credentials"}, headers=headers).json()
    assert token["scope"] == "ix-api"
    Caller(staged.http, token["access_token"]).get("/account")


def test_terraform_tries_basic_first_and_then_the_form(staged: Site, credentials: dict[str, str]) -> None:
    wrong = ask(staged, {"grant_type": "client_credentials"}, headers=basic("someone", "else"))
    assert wrong.status_code == 401
    assert ask(staged, {"grant_type": "client_credentials", **credentials}).status_code == 200


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({"grant_type": "client_credentials"}, {}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x"}, {}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, {}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "\x00", "client_secret": ""}, {}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, basic("x", "y"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Basic !!!"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Basic eA=="}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Basic /////w=="}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "x", "client_secret": "y"}, {}, 400, "unsupported_grant_type"),
        ({"client_id": "x", "client_secret": "y"}, {}, 400, "invalid_request"),
        ({}, {}, 415, "invalid_request"),
        (None, {"Content-Type": FORM}, 400, "invalid_request"),
        ({"grant_type": ["client_credentials", "password"]}, basic("x", "y"), 400, "invalid_request"),
    ],
)
def test_failures_are_told_in_both_languages(
    staged: Site, form: Any, headers: dict[str, str], status: int, error: str
) -> None:
    check(ask(staged, form, headers=headers), status, error)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"grant_type": "client_credentials"}', {"Content-Type": "application/json"}, 415),
        (b"grant_type=%ff", {"Content-Type": FORM}, 400),
        (b"grant_type=\xff", {"Content-Type": FORM}, 400),
        (b"&".join(b"a=b" for _ in range(100)), {"Content-Type": FORM}, 400),
        (b"a" * 20_000, {"Content-Type": FORM}, 413),
    ],
)
def test_what_is_no_form_is_told_in_both_languages(
    staged: Site, content: bytes, headers: dict[str, str], status: int
) -> None:
    check(ask(staged, content=content, headers=headers), status, "invalid_request")


def test_only_post_is_possible(staged: Site) -> None:
    answer = staged.http.get(staged.origin + "/oauth2/token")
    check(answer, 405, "invalid_request")
    assert answer.headers["Allow"] == "POST"


def check(answer: httpx.Response, status: int, error: str) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["error"]) == (status, status, error)
    assert isinstance(problem["detail"], str)
    assert problem["error_description"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
