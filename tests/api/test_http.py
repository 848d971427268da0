"""What clients, proxies and browsers rely on around every answer."""

import gzip
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.clock import Clock
from tests.installation import Caller, Site

READS = (
    "/health",
    "/implementation",
    "/extensions",
    "/account",
    "/accounts",
    "/accounts/member",
    "/network-features?page_limit=1",
)
ORIGIN = "https://console.example.net"


@pytest.fixture(scope="module")
def member(staged: Site) -> Caller:
    return staged.login("member")


@pytest.fixture
def public(database: str, clock: Clock) -> Iterator[Site]:
    """An installation that is reached by another name, also from browsers."""
    url = "https://api.example.net/ix/v2/"
    with Site(database, clock, public_url=url, cors_origins=(ORIGIN,)).open() as site:
        yield site


@pytest.mark.parametrize("path", READS)
def test_head_is_get_without_the_body(member: Caller, path: str) -> None:
    got, headed = member.request("GET", path), member.request("HEAD", path)
    assert headed.content == b""
    assert headed.status_code == got.status_code
    volatile = {"x-request-id", "date", "x-pagination-token", "x-pagination-next", "link"}
    assert shown(headed, volatile) == shown(got, volatile)


def test_head_of_what_is_not_there(member: Caller) -> None:
    for path, status in (("/accounts/nobody", 404), ("/auth/token", 405), ("/nothing", 404)):
        answer = member.request("HEAD", path)
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("path", READS)
def test_a_trailing_slash_makes_no_difference(member: Caller, path: str) -> None:
    bare, _, query = path.partition("?")
    for slashed in (f"{bare}/", f"{bare}//"):
        answer = member.request("GET", f"{slashed}?{query}")
        assert answer.status_code == member.request("GET", path).status_code
        assert not answer.history


def test_a_post_with_a_trailing_slash_is_not_redirected(staged: Site, member: Caller) -> None:
    key, secret = staged.key("member")
    assert staged.http.post("/auth/token/", json={"api_key": key, "api_secret": secret}).status_code == 201
    member.post("/contacts/", {"name": "x"})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v2", 404),
        ("/api/v2/", 404),
        ("/api/v2//connections", 200),
        ("/api/v2/connections//x", 404),
        ("/api/v2/connections/x/y", 404),
        ("/api/v2/connections/%2e%2e/accounts", 404),
        ("/api/v2/connections/a%2Fb", 404),
        ("/api/v2/connections/a%00b", 404),
        ("/api/v2/connections/%ff", 404),
        ("/api/v2/connections/{id}", 404),
        ("/api/v2/Connections", 404),
        ("/api/v1/connections", 404),
        ("/api/v2/customers", 404),
        ("/v2/connections", 404),
        ("/oauth2", 404),
        ("/connections", 404),
        ("/favicon.ico", 404),
        ("/.env", 404),
    ],
)
def test_paths(staged: Site, member: Caller, path: str, status: int) -> None:
    answer = staged.http.get(staged.origin + path, headers={"Authorization": f"Bearer {member.token}"})
    assert answer.status_code == status
    if status == 404:
        is_problem(answer)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/connections", {"GET", "POST"}),
        ("POST", "/connections/connection", {"GET", "PUT", "PATCH", "DELETE"}),
        ("PATCH", "/macs/mac", {"GET", "DELETE"}),
        ("DELETE", "/ips/ip", {"GET", "PUT", "PATCH"}),
        ("PUT", "/role-assignments/assignment", {"GET", "DELETE"}),
        ("GET", "/auth/token", {"POST"}),
        ("POST", "/health", {"GET"}),
        ("OPTIONS", "/connections", {"GET", "POST"}),
        ("TRACE", "/connections", {"GET", "POST"}),
        ("PROPFIND", "/facilities", {"GET"}),
    ],
)
def test_methods_the_standard_does_not_have_are_told_with_those_it_has(
    member: Caller, method: str, path: str, allowed: set[str]
) -> None:
    answer = member.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed
    is_problem(answer)


def test_long_answers_are_compressed_for_who_takes_that(staged: Site, member: Caller) -> None:
    plain = member.request("GET", "/product-offerings", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = member.request("GET", "/product-offerings", headers={"Accept-Encoding": "gzip, deflate"})
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < len(plain.content)
    assert len(gzip.compress(plain.content)) < len(plain.content)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json;", "application/*;q=0.1", "", "a/b, */*"]
)
def test_answers_are_given_to_who_takes_json(member: Caller, accept: str) -> None:
    assert member.request("GET", "/account", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml;q=0.9", "application/json;q=0", "*/*; q=0.0", "nonsense"]
)
def test_who_takes_no_json_is_told_so_in_json(member: Caller, accept: str) -> None:
    for method, path in (("GET", "/account"), ("POST", "/contacts"), ("POST", "/auth/token")):
        answer = member.request(method, path, headers={"Accept": accept})
        assert answer.status_code == 406
        is_problem(answer)
    assert member.request("GET", "/health", headers={"Accept": accept}).status_code == 200


def test_nothing_is_kept_by_caches(staged: Site, member: Caller) -> None:
    for path in (*READS, "/nothing", "/accounts?billable=x"):
        answer = member.request("GET", path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert staged.http.get("/account").headers["Cache-Control"] == "no-store"


def test_a_request_goes_by_the_name_its_client_gives_it(member: Caller) -> None:
    for path, status in (("/account", 200), ("/accounts/nobody", 404)):
        answer = member.request("GET", path, headers={"X-Request-Id": "my-request.1:a_b~"})
        assert (answer.status_code, answer.headers["X-Request-Id"]) == (status, "my-request.1:a_b~")
    assert answer.json()["instance"] == "urn:peerhall:request:my-request.1:a_b~"


@pytest.mark.parametrize("given", [None, "", "a b", "ü", "x" * 129, "a\tb", "{}"])
def test_a_request_without_a_usable_name_gets_one(member: Caller, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-Id": given.encode()}
    answer = member.request("GET", "/accounts/nobody", headers=headers)
    name = answer.headers["X-Request-Id"]
    assert str(UUID(name)) == name
    assert answer.json()["instance"] == f"urn:peerhall:request:{name}"


def test_a_new_object_says_where_it_is(site: Site) -> None:
    member = site.login("member")
    answer = member.request("POST", "/contacts", json={"name": "x"})
    assert answer.headers["Location"] == f"/api/v2/contacts/{answer.json()['id']}"
    assert member.get(f"/contacts/{answer.json()['id']}") == answer.json()
    changed = member.request("PATCH", f"/contacts/{answer.json()['id']}", json={})
    assert "Location" not in changed.headers


def test_links_go_by_the_public_name(public: Site) -> None:
    member = public.login("member")
    answer = member.request("POST", "/contacts", json={"name": "x"})
    assert answer.headers["Location"] == f"https://api.example.net/ix/v2/contacts/{answer.json()['id']}"
    following = member.request("GET", "/network-features?page_limit=1").headers["X-Pagination-Next"]
    assert following.startswith("https://api.example.net/ix/v2/network-features?page_limit=1&page_offset=1&")
    lost = public.http.get(public.origin + "/nowhere").json()
    assert "https://api.example.net/ix/v2" in lost["detail"]


def test_browsers_on_allowed_pages_may_call_and_read(public: Site) -> None:
    member = public.login("member")
    for path in ("/account", "/accounts/nobody", "/network-features?page_limit=1"):
        answer = member.request("GET", path, headers={"Origin": ORIGIN})
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = {name.strip().lower() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
        for header in answer.headers:
            if header.startswith(("x-", "link")) and header != "x-content-type-options":
                assert header in exposed
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key, x-request-id",
    }
    assert public.http.options("/contacts/x", headers=asked).status_code == 200


def test_browsers_on_other_pages_may_not(public: Site) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}
    answer = public.login("member").request("GET", "/account", headers=elsewhere)
    assert "Access-Control-Allow-Origin" not in answer.headers
    refused = public.http.options("/contacts", headers={**elsewhere, "Access-Control-Request-Method": "POST"})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers
    is_problem(refused)


def test_without_the_setting_no_page_may(site: Site) -> None:
    answer = site.http.get("/health", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers


def shown(answer: httpx.Response, besides: set[str]) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in besides}


def is_problem(answer: httpx.Response) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert isinstance(problem["detail"], str)
    assert {"type", "title", "instance"} <= problem.keys()
    return problem
