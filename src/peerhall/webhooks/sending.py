"""One HTTP request to an address that was checked: no proxy, no redirect, no second look at the name, no end of time.

The socket is connected here and handed to the HTTP client, so that nothing else can choose where it leads.
"""

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from peerhall.exchange.webhook_targets import Reach, Target, is_address, parse_target
from peerhall.exchange.webhooks import Outcome

SECONDS: Final = 10.0
"""For all of it: the name, the connection, TLS, the request and the answer."""

_LARGEST_ANSWER: Final = 4096
_MOST_ADDRESSES: Final = 4
_CONNECT_SECONDS: Final = 4.0

Resolve = Callable[[str, int], list[str]]
"""The addresses of a name. Raises OSError."""


class Unreachable(Exception):
    """There is no connection to be had; the message says why, and nothing of our own network."""


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Sender:
    """Safe to use from several threads."""

    def __init__(
        self,
        reach: Reach,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        seconds: float = SECONDS,
    ) -> None:
        """`trust` is the system's unless given."""
        self._reach = reach
        self._trust = trust or ssl.create_default_context()
        self._resolve = resolve
        self._seconds = seconds

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Sends a body and waits for the status. Never raises for what the other side does."""
        deadline = time.monotonic() + self._seconds
        try:
            target = parse_target(url, self._reach)
            with self._connected(target, deadline) as connection, _ended_at(connection, deadline) as ended:
                try:
                    return _exchange(self._secured(connection, target), target, headers, body, ended)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    return Outcome(error=_late() if ended.is_set() else _reason(error))
        except (Unreachable, ValueError) as error:
            return Outcome(error=str(error))

    @contextmanager
    def _connected(self, target: Target, deadline: float) -> Iterator[socket.socket]:
        """A connection to the first of the target's addresses that takes one, each of which was checked."""
        refused: OSError | None = None
        for address in self._addresses(target, deadline)[:_MOST_ADDRESSES]:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                connection = _connect(address, target.port, min(left, _CONNECT_SECONDS))
            except OSError as error:
                refused = error
                continue
            with connection:
                yield connection
            return
        raise Unreachable("does not take connections" if isinstance(refused, ConnectionRefusedError) else _no_way())

    def _addresses(self, target: Target, deadline: float) -> list[str]:
        """All addresses of the target, if events may be sent to every one of them. Raises Unreachable."""
        found = [target.host] if is_address(target.host) else self._look_up(target, deadline)
        # That a name is not there, and that it leads to where events do not go, is told alike: names of our own
        # network are nobody's business.
        if not found or not all(self._reach.allows(address) for address in found):
            raise Unreachable("the name leads to no address that events are sent to")
        return list(dict.fromkeys(found))

    def _look_up(self, target: Target, deadline: float) -> list[str]:
        """What the resolver finds in time; it cannot be told to hurry, so it is not waited for any longer."""
        answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(target.host, target.port))
            except (OSError, ValueError):
                answers.put([])

        threading.Thread(target=ask, name="resolver", daemon=True).start()
        try:
            return answers.get(timeout=max(deadline - time.monotonic(), 0.0))
        except queue.Empty:
            return []

    def _secured(self, connection: socket.socket, target: Target) -> socket.socket:
        if target.scheme == "http":
            return connection
        return self._trust.wrap_socket(connection, server_hostname=target.host)


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address, never to a name."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _ended_at(connection: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """Ends a connection at a moment, whoever waits for it: a timeout starts anew with every octet that arrives."""
    ended = threading.Event()
    # Of its own, as wrapping a socket takes its descriptor away.
    handle = connection.dup()

    def end() -> None:
        ended.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    left = max(deadline - time.monotonic(), 0.0)
    connection.settimeout(left + 1)
    timer = threading.Timer(left, end)
    timer.daemon = True
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()
        handle.close()


def _exchange(
    connection: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, ended: threading.Event
) -> Outcome:
    client = http.client.HTTPConnection(target.host, target.port)
    # What it was given is all it has: it never connects by itself.
    client.auto_open = 0
    client.sock = connection
    try:
        client.request("POST", target.path, body, {**headers, "Host": target.authority, "Connection": "close"})
        answer = client.getresponse()
        if ended.is_set():  # which looks like the end of a head that goes on for ever
            raise TimeoutError
        status = answer.status
        with suppress(OSError, http.client.HTTPException):
            answer.read(_LARGEST_ANSWER)
        answer.close()
        if 300 <= status < 400:
            return Outcome(status, "redirects, which is not followed")
        return Outcome(status, None if 200 <= status < 300 else f"answered {status}")
    finally:
        client.close()
        connection.close()


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not accepted: {error.verify_message}"
        case ssl.SSLError():
            return "does not speak TLS as we do"
        case TimeoutError():
            return _late()
        case OSError():
            return "closed the connection without an answer"
    return "did not answer in HTTP"


def _late() -> str:
    return "did not answer in time"


def _no_way() -> str:
    return "could not be connected to"
