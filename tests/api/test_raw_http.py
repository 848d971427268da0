"""What comes over the wire and is hardly HTTP: still a problem document, and the server goes on."""

import json
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from peerhall.api import wire
from tests.installation import Site

SECONDS = 10
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def untroubled(staged: Site, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The server has nothing to complain about loudly, and is still there."""
    caplog.set_level(logging.INFO)
    yield
    troubles = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in troubles] == []
    assert staged.http.get("/health").status_code == 200


@pytest.fixture(scope="module")
def token(staged: Site) -> bytes:
    return staged.login("member").token.encode()


def dial(site: Site) -> socket.socket:
    parts = urlsplit(site.origin)
    return socket.create_connection((parts.hostname, parts.port), SECONDS)


def talk(site: Site, *pieces: bytes) -> list[tuple[int, dict[str, str], Any]]:
    """Sends the pieces one after the other and reads all answers until the server closes."""
    with dial(site) as line:
        for piece in pieces:
            line.sendall(piece)
        return split(receive(line))


def receive(line: socket.socket) -> bytes:
    received = b""
    while piece := line.recv(65536):
        received += piece
    return received


def split(received: bytes) -> list[tuple[int, dict[str, str], Any]]:
    """The answers in what was received: status, headers, body."""
    answers = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        status = int(first.split()[1])
        if status != 100:
            answers.append((status, headers, json.loads(rest[:length]) if length else None))
        received = rest[length:]
    return answers


def is_problem(answer: tuple[int, dict[str, str], Any], status: int) -> None:
    found, headers, body = answer
    assert (found, body["status"]) == (status, status)
    assert isinstance(body["detail"], str)
    assert headers["content-type"] == "application/problem+json"


GET = b"GET /api/v2/account HTTP/1.1\r\nHost: x\r\n"

NO_HTTP = {
    "nothing of the kind": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "text": b"hello there\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "lower case": b"get /api/v2/account HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown method": b"FETCH /api/v2/account HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the path": b"GET /api/v2/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in a header": GET + b"X-Y: a\x00b\r\n\r\n",
    "blank in a header's name": GET + b"X Y: a\r\n\r\n",
    "no colon": GET + b"nonsense\r\n\r\n",
    "two lengths": GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "length and chunks": GET + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": GET + b"Content-Length: -1\r\n\r\n",
    "length in words": GET + b"Content-Length: ten\r\n\r\n",
    "huge length": GET + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_answered_with_a_problem(staged: Site, name: str) -> None:
    *_, answer = talk(staged, NO_HTTP[name])
    is_problem(answer, 400)
    assert answer[1]["connection"] == "close"


def test_broken_chunks_are_answered_with_a_problem(staged: Site, token: bytes) -> None:
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    *_, answer = talk(staged, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
    is_problem(answer, 400)


def test_a_body_in_chunks_is_taken(staged: Site, token: bytes) -> None:
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n" % token
    [(status, _, _)] = talk(staged, head + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n", b"0\r\n\r\n")
    assert status == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused_and_the_answer_arrives(staged: Site, token: bytes, chunked: bool) -> None:
    """Also at clients that send all of it before they look."""
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    for _ in range(5):
        if chunked:
            pieces = [b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)] * 10
            answers = talk(staged, head + b"Transfer-Encoding: chunked\r\n\r\n", *pieces, b"0\r\n\r\n")
        else:
            length = b"Content-Length: %d\r\n\r\n" % (10 * MEGABYTE)
            answers = talk(staged, head + length, *[b" " * MEGABYTE] * 10)
        is_problem(answers[0], 413)


def test_who_asks_first_need_not_send_what_is_too_much(staged: Site, token: bytes) -> None:
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    with dial(staged) as line:
        line.sendall(head + b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        [answer] = split(receive(line))
    is_problem(answer, 413)


def test_who_asks_first_may_send_what_is_not_too_much(staged: Site, token: bytes) -> None:
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n" % token
    with dial(staged) as line:
        line.sendall(head + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"{}")
        [(status, _, _)] = split(receive(line))
    assert status == 201


def test_endless_bodies_are_cut_off(staged: Site, token: bytes) -> None:
    head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    chunk = b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)
    with dial(staged) as line, pytest.raises(ConnectionError):
        send_for_ever(line, head + b"Transfer-Encoding: chunked\r\n\r\n", chunk)


@pytest.mark.parametrize("size", [100_000, 10 * MEGABYTE])
@pytest.mark.parametrize("where", ["one header", "many headers", "path", "query", "header name"])
def test_heads_beyond_the_limit_are_refused(staged: Site, where: str, size: int) -> None:
    filler = b"x" * size
    head = {
        "one header": GET + b"X-Y: " + filler + b"\r\n\r\n",
        "many headers": GET + b"X-Y: z\r\n" * (size // 8) + b"\r\n",
        "path": b"GET /" + filler + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "query": b"GET /api/v2/account?x=" + filler + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "header name": GET + filler + b": z\r\n\r\n",
    }[where]
    [answer] = talk(staged, head)
    is_problem(answer, 431)
    assert answer[1]["connection"] == "close"


def test_heads_below_the_limit_are_taken(staged: Site, token: bytes) -> None:
    ids = b",".join(b"%036d" % n for n in range(800))
    path = b"/api/v2/connections?id=" + ids
    request = b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % (path, token)
    [(status, _, body)] = talk(staged, request)
    assert (status, body) == (200, [])


def test_an_endless_head_is_cut_off(staged: Site) -> None:
    with dial(staged) as line, pytest.raises(ConnectionError):
        send_for_ever(line, GET + b"X-Y: ", b"x" * MEGABYTE)


def send_for_ever(line: socket.socket, first: bytes, following: bytes) -> None:
    line.sendall(first)
    for _ in range(1000):
        line.sendall(following)


@pytest.mark.parametrize("declared", [3, 1000, 100_000])
def test_who_hangs_up_in_the_middle_of_a_body_is_forgotten(staged: Site, token: bytes, declared: int) -> None:
    with dial(staged) as line:
        head = b"POST /api/v2/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
        line.sendall(head + b"Content-Length: %d\r\n\r\n{}" % declared)
    with dial(staged) as line:
        line.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")


def test_who_hangs_up_before_the_answer_is_forgotten(staged: Site, token: bytes) -> None:
    for _ in range(5):
        with dial(staged) as line:
            line.sendall(GET + b"Authorization: Bearer %s\r\n\r\n" % token)


def test_requests_may_come_all_at_once(staged: Site, token: bytes) -> None:
    get = GET + b"Authorization: Bearer %s\r\n" % token
    last = b"GET /api/v2/nothing HTTP/1.0\r\n\r\n"
    answers = talk(staged, (get + b"\r\n") * 3 + last)
    assert [status for status, _, _ in answers] == [200, 200, 200, 404]


def test_requests_after_a_refused_one_are_not_mistaken_for_its_body(staged: Site, token: bytes) -> None:
    """What follows a body that was not read is either read as what it is, or not at all."""
    post = b"POST /api/v2/auth/token HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Length: 11\r\n\r\n{%s}" % (
        b" " * 9
    )
    get = GET + b"Authorization: Bearer %s\r\nConnection: close\r\n\r\n" % token
    statuses = [status for status, _, _ in talk(staged, post + get)]
    assert statuses in ([406, 200], [406])


def test_old_and_odd_requests_are_answered(staged: Site, token: bytes) -> None:
    bearer = b"Authorization: Bearer %s\r\n\r\n" % token
    for request in (
        b"GET /api/v2/account HTTP/1.0\r\n" + bearer,
        b"GET http://elsewhere.example/api/v2/account HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + bearer,
        GET + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + bearer,
        GET + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n" + bearer,
    ):
        [(status, _, body)] = talk(staged, request)
        assert (status, body["id"]) == (200, "member"), request
    is_problem(talk(staged, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0], 404)
    is_problem(talk(staged, b"CONNECT example.net:443 HTTP/1.1\r\nHost: x\r\n\r\n")[0], 400)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"\r\n",
        b"GET /api/v2/health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/v2/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        b"GET /api/v2/health HTTP/1.1\r\nHost: x\r\n\r\n\r\n",
        b"GET /api/v2/health HTTP/1.1\r\nHost: x\r\n\r\nGET /",
    ],
)
def test_nobody_keeps_a_line_with_a_request_that_does_not_end(
    staged: Site, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(wire, "SLOWEST_REQUEST_SECONDS", 0.3)
    with dial(staged) as line:
        line.sendall(begun)
        answered = b""
        with suppress(ConnectionResetError):
            answered = receive(line)
    assert answered.startswith(b"HTTP/1.1 200" if b"\r\n\r\n" in begun and b"health" in begun else b"")


def test_a_request_that_is_there_may_take_its_time_to_answer(staged: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SLOWEST_REQUEST_SECONDS", 0.3)
    wanted = {"address": "02:00:5e:00:53:77"}
    member = staged.login("member")
    with ThreadPoolExecutor(1) as pool:
        with staged.connection.transaction():
            staged.connection.execute("select 1 from document where id = 'member' for update")
            ordered = pool.submit(member.post, "/macs", wanted)
            staged.connection.execute("select pg_sleep(0.8)")
        assert ordered.result()["address"] == wanted["address"]
