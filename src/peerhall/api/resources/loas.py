"""Letters of authorisation, the only bodies that are not JSON: uploaded as they are, and downloaded again."""

from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from email.utils import collapse_rfc2231_value
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.admission import admit
from peerhall.api.preferences import read_dry_run
from peerhall.api.problems import Problem, of_refusal, try_again
from peerhall.api.requests import read_bytes, read_idempotency_key, throw_away
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended, not_found
from peerhall.api.resources.orders import place
from peerhall.api.runtime import Runtime
from peerhall.contract import problems
from peerhall.contract.operations import Operation
from peerhall.exchange.ordering.uploads import LARGEST_UPLOAD, PDF
from peerhall.exchange.refusals import Refused
from peerhall.orderdesk import loa_downloads
from peerhall.orderdesk.commands import Command
from peerhall.orderdesk.letters import Letter, draw_letter
from peerhall.orderdesk.order import Order
from peerhall.store.loas import StoredFile
from peerhall.store.reading import LoginEnded

_FIND: Final[dict[str, Callable[[Order, str], StoredFile | Letter]]] = {
    "connections": loa_downloads.find_for_connection,
    "port-reservations": loa_downloads.find_for_reservation,
}

_WRAPPED: Final = ("multipart/", "application/json")
"""Media types of clients that put the document into something else, which nobody could open again."""

_SECONDS_TO_NEXT: Final = 5

_LONGEST_NAME: Final = 1000
"""Characters of a file name that are looked at."""


async def answer_upload(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """Keeps the document that the body is, whatever the client says that it is."""
    login = await admit(request, runtime.tokens)
    trial = read_dry_run(request, runtime)
    document = path[0]
    if "\x00" in document:
        raise not_found()
    key = read_idempotency_key(request)
    try:
        # Nobody is listened to for ten megabytes about what is not theirs.
        if await runtime.reader.read(login, runtime.clock(), operation.group, document) is None:
            raise not_found()
    except LoginEnded:
        raise login_ended() from None
    await _refuse_wrapped(request)
    if not runtime.uploads.is_free_for(login.name):
        await throw_away(request)
        raise try_again("Other letters are being uploaded at this moment; please try again.", _SECONDS_TO_NEXT)
    with runtime.uploads.hold(login.name):
        content = await read_bytes(request, LARGEST_UPLOAD)
        about = {
            "file_name": read_file_name(request.headers.get("content-disposition", "")),
            "octets": len(content),
            "sha256": sha256(content).hexdigest(),
        }
        command = Command(operation, about, document, key, request.state.id, content, trial)
        answer, headers = await place(runtime, login, command)
    return Response(answer.text, status_code=answer.status, headers=headers, media_type=MEDIA_TYPE)


async def _refuse_wrapped(request: Request) -> None:
    """Raises a 415 problem for a document inside of something else."""
    if request.headers.get("content-type", "").strip().lower().startswith(_WRAPPED):
        await throw_away(request)
        raise Problem(
            problems.UNSUPPORTED_MEDIA_TYPE,
            "Send the document itself as the body, not a form or JSON around it: a PDF, PNG, JPEG or plain text.",
        )


async def answer_download(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """The document, to be saved rather than shown: it may be anybody's."""
    login = await admit(request, runtime.tokens)
    if "\x00" in path[0]:
        raise not_found()
    find = _FIND[operation.group]
    try:
        found = await runtime.threads.run(runtime.desk.look, login, lambda order: find(order, path[0]))
    except Refused as refused:
        raise of_refusal(refused.refusal) from refused
    except LoginEnded:
        raise login_ended() from None
    if isinstance(found, Letter):
        content = await runtime.threads.run(draw_letter, found)
        found = StoredFile(PDF, f"{found.reference}.pdf", content)
    headers = {"Content-Disposition": write_disposition(found.name), "Content-Security-Policy": "sandbox"}
    return Response(found.content, media_type=found.media_type, headers=headers)


def read_file_name(disposition: str) -> str | None:
    """The file name of a Content-Disposition header, as yet untidied; of its two spellings the one with an encoding."""
    message = Message()
    message["content-disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    try:
        parameters: list[tuple[str, Any]] = message.get_params(header="content-disposition") or []
        names = [value for name, value in parameters if name.lower() == "filename"]
        if not names:
            return None
        encoded = [value for value in names if isinstance(value, tuple)]
        name = collapse_rfc2231_value((encoded or names)[0])[:_LONGEST_NAME]
    except (ValueError, LookupError, TypeError):  # what the parser stumbles over names nothing
        return None
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode()  # sent as UTF-8 without saying so
    return name.encode(errors="replace").decode().replace("\0", "")


def write_disposition(name: str) -> str:
    """The header for a tidied name: in ASCII for those that know no better, and as it is."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("\\", "_").replace('"', "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
