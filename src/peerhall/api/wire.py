"""HTTP/1.1 on the wire: bounds the head of a request, and answers with problem documents what no application sees."""

import json
from asyncio import BaseTransport, TimerHandle
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from peerhall.api.problems import MEDIA_TYPE, instance_of
from peerhall.contract import problems
from peerhall.contract.problems import ProblemType

LARGEST_HEAD: Final = 64 * 1024
"""Octets of the request line and all headers together; room for a filter with a thousand ids."""

SLOWEST_REQUEST_SECONDS = 120
"""How long a client may take to send a whole request: whoever sends drop by drop would keep the line from others."""

ON_SHUTDOWN: Final = "peerhall.on_shutdown"
"""Under which the scope of a request that may go on for long holds what to call when the server is to stop."""

_LINGER_SECONDS: Final = 5
_LINGER_OCTETS: Final = 16 * 1024 * 1024


class _HeadTooLarge(Exception):
    """Ends the parsing of a request."""


class Protocol(HttpToolsProtocol):
    """One connection. A request that cannot be read ends it, but not before the client could read why."""

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._in_head = True
        """Whether what comes next belongs to a head."""
        self._ended = False
        """Whether a request has ended in the data at hand."""
        self._unparsed = 0
        self._head = 0
        self._discarded: int | None = None
        self._linger: TimerHandle | None = None
        self._patience: TimerHandle | None = None
        self._expect_request()

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is not None:
            end: Any = self.cycle.scope.get(ON_SHUTDOWN, lambda: None)
            end()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._linger is not None:
            self._linger.cancel()
        self._request_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._discarded is not None:
            self._discard(data)
            return
        self._ended = False
        self._expect_request()
        super().data_received(data)
        # The parser hands over what is complete; this counts what it keeps of a line that does not end.
        self._unparsed = self._unparsed + len(data) if self._in_head and not self._ended else 0
        if self._unparsed > LARGEST_HEAD and self._discarded is None:
            self._refuse(problems.HEAD_TOO_LARGE, f"The head is larger than {LARGEST_HEAD} octets.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_request()
        self._in_head, self._head = True, 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._request_is_there()
        self._in_head = self._ended = True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - we say it in our own words
        """Called by the parser's loop for whatever it could not go on with."""
        if self._head > LARGEST_HEAD:
            self._refuse(problems.HEAD_TOO_LARGE, f"The head is larger than {LARGEST_HEAD} octets.")
        else:
            self._refuse(problems.VALIDATION_ERROR, "This is not a valid HTTP request.", properties=[])

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing to warn of: who asks for another protocol is answered in this one."""

    def _expect_request(self) -> None:
        """From now on, if not before, the client's time runs."""
        if self._patience is None:
            self._patience = self.loop.call_later(SLOWEST_REQUEST_SECONDS, self.transport.abort)

    def _request_is_there(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _count(self, octets: int) -> None:
        self._head += octets
        if self._head > LARGEST_HEAD:
            raise _HeadTooLarge

    def _refuse(self, type_: ProblemType, detail: str, **members: Any) -> None:
        document = {
            "type": type_.uri,
            "title": type_.title,
            "status": type_.status,
            "detail": detail,
            "instance": instance_of("unreadable"),
            **members,
        }
        body = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {type_.status} {type_.title}\r\ncontent-type: {MEDIA_TYPE}\r\ncache-control: no-store\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.logger.warning("unreadable request", extra={"status": type_.status})
        self._discarded = 0
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # The application has begun with what came before; it is not to answer any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self.transport.write(head.encode() + body)
        # Closed with something unread, the connection would be reset and the answer lost on its way.
        self.transport.write_eof()
        self._linger = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _discard(self, data: bytes) -> None:
        assert self._discarded is not None
        self._discarded += len(data)
        if self._discarded > _LINGER_OCTETS:
            self.transport.abort()
