"""Pages: only for who asks, all of one piece, and headers that say where one is."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from peerhall.contract.filters import FILTERS
from peerhall.contract.operations import OPERATIONS
from tests.installation import Caller, Site

PER_PAGE = 4
CONTACTS = 10


@pytest.fixture
def member(site: Site) -> Caller:
    """Somebody with ten contacts."""
    member = site.login("member")
    for n in range(CONTACTS):
        member.post("/contacts", {"name": f"contact {n}"})
    return member


def ask(caller: Caller, **parameters: Any) -> httpx.Response:
    answer: httpx.Response = caller.request("GET", "/contacts", params=parameters)
    return answer


def names(answer: httpx.Response) -> list[str]:
    return [each["name"] for each in answer.json()]


def numbered(*numbers: int) -> list[str]:
    return [f"contact {n}" for n in numbers]


def test_who_does_not_ask_for_pages_gets_everything(member: Caller) -> None:
    answer = ask(member)
    assert (answer.status_code, names(answer)) == (200, numbered(*range(CONTACTS)))
    assert not [header for header in answer.headers if header.startswith("x-pagination")]
    assert "link" not in answer.headers


def test_a_part_is_answered_with_206_and_where_it_is(member: Caller) -> None:
    answer = ask(member, page_limit=PER_PAGE, page_offset=4)
    assert (answer.status_code, names(answer)) == (206, numbered(4, 5, 6, 7))
    told = {name: answer.headers[f"X-Pagination-{name}"] for name in ("Limit", "Offset", "Items", "Pages", "Page")}
    assert told == {"Limit": "4", "Offset": "4", "Items": "10", "Pages": "3", "Page": "2"}
    following = answer.headers["X-Pagination-Next"]
    assert answer.headers["Link"] == f'<{following}>; rel="next"'
    query = {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}
    token = answer.headers["X-Pagination-Token"]
    assert query == {"page_limit": "4", "page_offset": "8", "page_token": token}
    assert urlsplit(following).path == "/api/v2/contacts"


def test_following_the_links_gives_everything_once(site: Site, member: Caller) -> None:
    found = []
    following: str | None = "/api/v2/contacts?page_limit=3"
    while following:
        answer = site.http.get(site.origin + following, headers={"Authorization": f"Bearer {member.token}"})
        found += names(answer)
        following = answer.headers.get("X-Pagination-Next")
    assert found == numbered(*range(CONTACTS))


@pytest.mark.parametrize("parameters", [{"page_limit": 10}, {"page_limit": 2**62}, {"page_offset": 0}])
def test_all_in_one_page_is_answered_with_200(member: Caller, parameters: dict[str, int]) -> None:
    answer = ask(member, **parameters)
    assert (answer.status_code, len(answer.json())) == (200, CONTACTS)
    assert (answer.headers["X-Pagination-Items"], answer.headers["X-Pagination-Pages"]) == ("10", "1")
    assert "X-Pagination-Next" not in answer.headers


@pytest.mark.parametrize("offset", [10, 11, 2**63 - 1])
def test_beyond_the_end_there_is_nothing(member: Caller, offset: int) -> None:
    answer = ask(member, page_limit=3, page_offset=offset)
    assert (answer.status_code, answer.json()) == (206, [])
    assert "X-Pagination-Next" not in answer.headers


def test_an_offset_alone_gives_the_rest(member: Caller) -> None:
    answer = ask(member, page_offset=7)
    assert (answer.status_code, names(answer)) == (206, numbered(7, 8, 9))
    assert "X-Pagination-Next" not in answer.headers


def test_pages_of_an_empty_list(site: Site) -> None:
    answer = ask(site.login("rival"), page_limit=5)
    assert (answer.status_code, answer.json(), answer.headers["X-Pagination-Pages"]) == (200, [], "0")


def test_filters_hold_for_every_page(member: Caller) -> None:
    for n in (0, 3, 6):
        id_ = ask(member).json()[n]["id"]
        member.patch(f"/contacts/{id_}", {"external_ref": "third & more"}, 200)
    first = ask(member, external_ref="third & more", page_limit=2)
    assert (first.status_code, names(first), first.headers["X-Pagination-Items"]) == (206, numbered(0, 3), "3")
    query = {name: values[0] for name, values in parse_qs(urlsplit(first.headers["X-Pagination-Next"]).query).items()}
    assert names(ask(member, **query)) == numbered(6)


def test_a_token_pins_the_list_to_what_there_was(member: Caller) -> None:
    first = ask(member, page_limit=PER_PAGE)
    token = first.headers["X-Pagination-Token"]
    member.post("/contacts", {"name": "late"})
    later = ask(member, page_limit=PER_PAGE, page_offset=8, page_token=token)
    assert (names(later), later.headers["X-Pagination-Items"]) == (numbered(8, 9), "10")
    assert names(ask(member, page_limit=PER_PAGE, page_offset=8)) == [*numbered(8, 9), "late"]


def test_a_token_of_another_list_caller_or_filter_is_refused(site: Site, member: Caller) -> None:
    token = ask(member, page_limit=2, external_ref="x").headers["X-Pagination-Token"]
    foreign = ask(site.login("rival"), page_limit=2, external_ref="x").headers["X-Pagination-Token"]
    assert ask(member, page_token=token, external_ref="x").status_code == 200
    refused(ask(member, page_token=token))
    refused(ask(member, page_token=token, external_ref="y"))
    refused(ask(member, page_token=foreign, external_ref="x"))
    refused(member.request("GET", "/macs", params={"page_token": token, "external_ref": "x"}))


def test_a_token_does_not_tell_how_many_objects_there_are(site: Site, member: Caller) -> None:
    tokens = [ask(member, page_limit=2).headers["X-Pagination-Token"] for _ in range(2)]
    one, other = (jwt.decode(token, options={"verify_signature": False}) for token in tokens)
    row = site.connection.execute("select max(serial) from document").fetchone()
    assert row is not None
    assert one["newest"] not in (other["newest"], row[0])
    assert names(ask(member, page_offset=8, page_token=tokens[1])) == numbered(8, 9)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x7f", "null"])
def test_what_is_no_token_is_refused(member: Caller, token: str) -> None:
    refused(ask(member, page_token=token))
    refused(ask(member, page_token=member.token))


def test_a_token_is_good_for_an_hour(site: Site, member: Caller) -> None:
    token = ask(member, page_limit=2).headers["X-Pagination-Token"]
    site.clock.turn(minutes=60)
    assert ask(member, page_limit=2, page_token=token).status_code == 206
    site.clock.turn(seconds=11)
    assert "expired" in refused(ask(member, page_limit=2, page_token=token))


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", "", "1e3", "9223372036854775808"])
def test_sizes_and_offsets_that_make_no_sense_are_named(member: Caller, given: str) -> None:
    for name in ("page_limit", "page_offset"):
        if (name, given) != ("page_offset", "0"):
            answer = ask(member, **{name: given})
            assert answer.status_code == 400
            assert [each["name"] for each in answer.json()["properties"]] == [name]


def test_every_list_can_be_had_in_pages(site: Site) -> None:
    operator = site.login(None)
    for operation in OPERATIONS:
        if operation.pages and operation.group in FILTERS:
            everything = operator.get(operation.path)
            first = operator.request("GET", operation.path, params={"page_limit": 1})
            assert first.json() == everything[:1]
            assert first.headers["X-Pagination-Items"] == str(len(everything))


def test_a_page_survives_a_renewed_login(site: Site) -> None:
    key, secret = site.key("member")
    pair = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
    token = ask(Caller(site.http, pair["access_token"]), page_limit=2).headers["X-Pagination-Token"]
    renewed = site.http.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
    assert ask(Caller(site.http, renewed["access_token"]), page_limit=2, page_token=token).status_code == 200


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 400
    [fault] = answer.json()["properties"]
    assert fault["name"] == "page_token"
    return str(fault["reason"])
