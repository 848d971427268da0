"""The request itself: it goes where it may and nowhere else, and comes to an end whatever the other side does."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from peerhall.exchange.webhook_targets import Reach
from peerhall.exchange.webhooks import Outcome
from peerhall.webhooks.sending import Sender
from tests.webhooks.receiver import Receiver, receiving

SANDBOX = Reach(loopback=True)
HURRIED = 0.3


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def send(url: str, reach: Reach = SANDBOX, **options: Any) -> Outcome:
    return Sender(reach, **options).post(url, {"Webhook-Id": "1"}, b"{}")


def test_any_2xx_has_taken_it(receiver: Receiver) -> None:
    receiver.answers += [200, 204, 299, 199, 300, 404, 500]
    outcomes = [send(receiver.url) for _ in range(3)]
    assert [each.delivered for each in outcomes] == [True] * 3
    [request, *_] = receiver.received
    assert (request.path, request.body, request.headers["webhook-id"]) == ("/hook", b"{}", "1")
    assert request.headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", receiver.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers.append(redirect)
    outcome = send(receiver.url)
    assert (outcome.status, outcome.delivered) == (status, False)
    assert "not followed" in str(outcome.error)
    assert len(receiver.received) == 1


def test_a_proxy_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(receiver.url).delivered


def test_a_name_is_looked_up_once_and_connected_to_as_it_was_checked(receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    outcome = send(receiver.url.replace("127.0.0.1", "localhost"), resolve=lambda *_: answers.pop(0))
    assert outcome.delivered
    assert answers == [["10.0.0.1"]]
    assert receiver.received[0].headers["host"].startswith("localhost:")


@pytest.mark.parametrize("found", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::ffff:127.0.0.1"], [], ["x"]])
def test_a_name_that_leads_elsewhere_as_well_is_not_connected_to(receiver: Receiver, found: list[str]) -> None:
    outcome = send(receiver.url.replace("127.0.0.1", "localhost"), resolve=lambda *_: found)
    assert outcome == Outcome(error="the name leads to no address that events are sent to")
    assert receiver.received == []


@pytest.mark.parametrize("found", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["169.254.169.254"], ["fd00::1"]])
def test_in_production_no_name_leads_to_our_own_network(receiver: Receiver, found: list[str]) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    outcome = send(f"https://hooks.example.net:{port}/", Reach(), resolve=lambda *_: found)
    missing = send("https://hooks.example.net/", Reach(), resolve=fail_to_resolve)
    assert outcome == missing, "nobody learns which names there are"
    assert receiver.received == []


def fail_to_resolve(*_: Any) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


@pytest.mark.parametrize("url", ["http://hooks.example.net/", "https://127.0.0.1/", "https://10.0.0.1/", "nonsense"])
def test_a_url_that_is_not_taken_any_more_is_not_called(url: str) -> None:
    outcome = send(url, Reach(), resolve=lambda *_: pytest.fail("it is not even looked up"))
    assert outcome.error
    assert outcome.status is None


def test_a_resolver_that_does_not_answer_is_not_waited_for(receiver: Receiver) -> None:
    release = threading.Event()

    def wait(*_: Any) -> list[str]:
        release.wait(10)
        return ["127.0.0.1"]

    outcome = send(receiver.url.replace("127.0.0.1", "localhost"), resolve=wait, seconds=HURRIED)
    release.set()
    assert not outcome.delivered
    assert receiver.received == []


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/") == Outcome(error="does not take connections")


def test_the_next_address_is_tried(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    assert send(url, resolve=lambda *_: ["::1", "127.0.0.1"]).delivered


def never(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    drip(handler, b"X-Slow: yes\r\n")


def drip_continue(handler: BaseHTTPRequestHandler) -> None:
    drip(handler, b"HTTP/1.1 100 Continue\r\n\r\n")


def drip(handler: BaseHTTPRequestHandler, text: bytes) -> None:
    """For ever: each octet comes in time, and there is no end to them."""
    for octet in cycle(text):
        handler.wfile.write(bytes([octet]))
        threading.Event().wait(0.005)


@pytest.mark.parametrize("answer", [never, drip_head, drip_continue])
def test_a_slow_receiver_is_given_up(receiver: Receiver, answer: Any) -> None:
    receiver.answers.append(answer)
    assert send(receiver.url, seconds=HURRIED) == Outcome(error="did not answer in time")


def test_a_huge_answer_is_cut_off(receiver: Receiver) -> None:
    sent = 0
    done = threading.Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        try:
            while sent < 1 << 30:
                sent += handler.wfile.write(bytes(1 << 16))
        except OSError:
            done.set()

    receiver.answers.append(flood)
    assert send(receiver.url).delivered
    assert done.wait(5)
    assert sent < 1 << 26


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-x\r\n", b"HTTP/1.1 xyz\r\n\r\n", b"", b"HTTP/1.1 200\r\n" + b"a: b\r\n" * 200 + b"\r\n"]
)
def test_what_is_not_http_is_no_answer(receiver: Receiver, said: bytes) -> None:
    receiver.answers.append(lambda handler: handler.wfile.write(said))
    outcome = send(receiver.url)
    assert (outcome.status, outcome.delivered) == (None, False)
    assert outcome.error


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + private)
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(context) as receiver:
        yield receiver


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_a_certificate_must_be_for_the_name_of_the_url(secure: Receiver, certificate: Path) -> None:
    by_name = secure.url.replace("127.0.0.1", "localhost")
    assert send(by_name, trust=trusting(certificate)).delivered
    other = send(secure.url, trust=trusting(certificate))
    assert "certificate is not accepted" in str(other.error)
    unknown = send(by_name)
    assert "certificate is not accepted" in str(unknown.error)
    assert len(secure.received) == 1


def test_tls_that_never_gets_anywhere_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert send(url, seconds=HURRIED) == Outcome(error="did not answer in time")


def test_slow_over_tls_is_given_up(secure: Receiver, certificate: Path) -> None:
    secure.answers.append(drip_head)
    url = secure.url.replace("127.0.0.1", "localhost")
    assert send(url, trust=trusting(certificate), seconds=1.0) == Outcome(error="did not answer in time")


def test_what_does_not_speak_tls(receiver: Receiver) -> None:
    assert send(receiver.url.replace("http:", "https:")).error == "does not speak TLS as we do"
