"""A bare ASGI server: it looks a request up in a dictionary and sends the very bytes that Peerhall sent.

A process of its own, `python -m bench.bare FILE`, where FILE was written by `write_answers`. The server around it is
Peerhall's own, configured as there.
"""

import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Message, Receive, Scope, Send

from peerhall.daemon.listening import listen
from peerhall.daemon.running import make_server
from peerhall.daemon.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


Answers = Mapping[tuple[str, str], tuple[Message, Message]]
"""By method and path with query: the two messages that an answer is in ASGI."""


def write_answers(file: Path, answers: Mapping[tuple[str, str], Answer]) -> None:
    """Keeps answers for the server to read."""
    file.write_bytes(pickle.dumps({key: _messages(answer) for key, answer in answers.items()}))


def _messages(answer: Answer) -> tuple[Message, Message]:
    return (
        {"type": "http.response.start", "status": answer.status, "headers": answer.headers},
        {"type": "http.response.body", "body": answer.body},
    )


class Application:
    """Does as little as one can."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope["path"]
        if query := scope["query_string"]:
            path += "?" + query.decode()
        if scope["method"] == "POST":
            await receive()
        head, body = self._answers[scope["method"], path]
        await send(head)
        await send(body)


def main() -> None:
    answers: Answers = pickle.loads(Path(sys.argv[1]).read_bytes())
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    make_server(Settings(), Application(answers), lambda: print(port, flush=True)).run([listening])


if __name__ == "__main__":
    main()
