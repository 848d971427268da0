"""What is read from a request before anybody looks at what it asks for: its id, media types, and body."""

import json
import re
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.requests import Request

from peerhall.api.problems import Problem, invalid
from peerhall.contract import problems
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import without_nul

LARGEST_BODY: Final = 256 * 1024
"""Octets; the largest order is a small part of it."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,128}", re.ASCII)
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_JSON: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_ACCEPTED_AT_ONCE: Final = frozenset({"", "*/*", "application/json", "application/json;"})


def read_request_id(headers: Headers) -> str:
    """The client's name for the request where it is usable, else one of ours."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid4())


def refuse_unacceptable(request: Request) -> None:
    """Raises a 406 problem when the client takes no JSON."""
    accept = request.headers.get("accept", "")
    if accept in _ACCEPTED_AT_ONCE:
        return
    for part in accept.split(","):
        media_type, _, parameters = part.partition(";")
        media_type = media_type.strip().lower()
        refused = re.search(r"\bq=0(?:\.0*)?\s*(?:;|$)", parameters.replace(" ", ""))
        if not refused and (media_type in ("", "*/*", "application/*") or _JSON.fullmatch(media_type)):
            return
    raise Problem(problems.NOT_ACCEPTABLE, "Answers are application/json; please accept that.")


def read_idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header; a ValidationError when it is not one."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid(Fault("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    return key


async def read_bytes(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The body; a 413 problem when it is longer than `most` octets."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > most:
            raise _too_large(most)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: Request, *, required: bool = True) -> Any:
    """The body as JSON; None when it is empty and not required.

    Raises problems: 415 for another media type, 413 for too much of it, 400 for what is not JSON or cannot be stored.
    """
    body = await read_bytes(request)
    if not body and not required:
        return None
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type and not _JSON.fullmatch(media_type):
        raise Problem(problems.UNSUPPORTED_MEDIA_TYPE, f"Send application/json; {media_type} is not understood.")
    return parse_json(body)


def parse_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8, nested at most 200 deep, with no text in it that could not be stored."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        value = _parse_with_surrogates(body, error)
    if b"\\u" in body and (fault := _find_unstorable(value, "")) is not None:
        raise invalid(fault)
    return value


def _parse_with_surrogates(body: bytes, error: ValueError) -> Any:
    """The value of a text whose only flaw are lone surrogates, so that the member they are in can be named."""
    if b"\\u" in body and "recursion" not in str(error):
        with suppress(ValueError, RecursionError):
            return json.loads(body, parse_constant=_refuse_constant)
    raise invalid(Fault("", f"The body is not JSON: {error}"))


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _find_unstorable(value: Any, path: str) -> Fault | None:
    """The first string that PostgreSQL could not keep, wherever it is."""
    if isinstance(value, str):
        try:
            without_nul(value)
        except ValueError as error:
            return Fault(path, str(error))
        return None
    if isinstance(value, dict):
        parts = [
            *((name, f"{path}.{name}") for name in value),
            *((each, f"{path}.{name}") for name, each in value.items()),
        ]
    elif isinstance(value, list):
        parts = [(each, f"{path}.{index}") for index, each in enumerate(value)]
    else:
        return None
    found = (_find_unstorable(each, place.removeprefix(".")) for each, place in parts)
    return next((fault for fault in found if fault is not None), None)


def _too_large(most: int) -> Problem:
    return Problem(
        problems.CONTENT_TOO_LARGE,
        f"The body is larger than {most} octets; no request needs as much.",
        headers={"Connection": "close"},
    )
