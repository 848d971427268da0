"""What is read from a request before anybody looks at what it asks for: its id, media types, and body."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from typing import Any, Final
from uuid import uuid4

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.requests import Request

from peerhall.api.problems import Problem, invalid
from peerhall.contract import problems
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import within_int64, without_nul

LARGEST_BODY: Final = 256 * 1024
"""Octets; the largest order is a small part of it."""

_MOST_THROWN_AWAY: Final = 16 * 1024 * 1024
_DEEPEST: Final = 200
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,128}", re.ASCII)
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_JSON: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_SUSPICIOUS: Final = re.compile(rb"\\u|[0-9]{19}|[0-9][eE][+0-9]")
"""What a text must contain to stand for a value that could not be stored: an escape, many digits, an exponent."""
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
    """The body; a 413 problem when it is longer than `most` octets.

    Most clients send all of a body before they look for an answer, so what is too much is read and thrown away, within
    bounds; those that ask first (Expect: 100-continue) are told at once.
    """
    declared = request.headers.get("content-length", "")
    too_large = declared.isdecimal() and int(declared) > most
    if too_large and request.headers.get("expect", "").lower() == "100-continue":
        raise _too_large(most)
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        too_large = too_large or length > most
        if not too_large:
            chunks.append(chunk)
        elif length > _MOST_THROWN_AWAY:
            break
    if too_large:
        raise _too_large(most)
    return b"".join(chunks)


async def throw_away(request: Request) -> None:
    """Reads a body that nobody wants, within the bounds of `read_bytes`, so that its sender looks for the answer."""
    with suppress(Problem):
        await read_bytes(request, 0)


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
    """The value of a JSON text in UTF-8, nested at most 200 deep, with nothing in it that could not be stored."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        value = _parse_with_surrogates(body, error)
    if _SUSPICIOUS.search(body) and (fault := _find_unstorable(value, _DEEPEST)) is not None:
        raise invalid(fault)
    return value


def _parse_with_surrogates(body: bytes, error: ValueError) -> Any:
    """The value of a text whose only flaw are lone surrogates, so that the member they are in can be named."""
    if b"\\u" in body:
        with suppress(ValueError, RecursionError):
            return json.loads(body, parse_constant=_refuse_constant)
    raise invalid(Fault("", f"The body is not JSON: {error}"))


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _find_unstorable(value: Any, deepest: int) -> Fault | None:
    """The first text or number that PostgreSQL could not keep, wherever it is."""
    match value:
        case str():
            return _find_flaw(without_nul, value)
        case bool() | None:
            return None
        case int():
            return _find_flaw(within_int64, value)
        case float():
            return None if isfinite(value) else Fault("", "is beyond the range of a double-precision number")
    if deepest == 0:
        return Fault("", f"is nested more than {_DEEPEST} deep")
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        flaw = _find_flaw(without_nul, name) if isinstance(name, str) else None
        if (fault := flaw or _find_unstorable(part, deepest - 1)) is not None:
            # A name that is itself the flaw is told with it escaped.
            place = str(name).replace("\0", r"\u0000").encode(errors="backslashreplace").decode()
            return Fault(f"{place}.{fault.name}" if fault.name else place, fault.reason)
    return None


def _find_flaw(check: Callable[[Any], Any], value: str | int) -> Fault | None:
    try:
        check(value)
    except ValueError as error:
        return Fault("", str(error))
    return None


def _too_large(most: int) -> Problem:
    return Problem(
        problems.CONTENT_TOO_LARGE,
        f"The body is larger than {most} octets, the most that is taken here.",
        headers={"Connection": "close"},
    )
