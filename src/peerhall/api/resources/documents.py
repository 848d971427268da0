"""Every list and read of a stored object: the text goes from the database to the client as it is."""

from starlette.requests import Request
from starlette.responses import Response

from peerhall.api import cloud_keys
from peerhall.api.admission import admit
from peerhall.api.filters import parse_filters
from peerhall.api.paging import page_headers, take_paging
from peerhall.api.problems import Problem, unauthorized
from peerhall.api.runtime import Runtime
from peerhall.contract import problems
from peerhall.contract.operations import Operation
from peerhall.store.reading import LoginEnded

MEDIA_TYPE = "application/json"


async def answer_list(request: Request, runtime: Runtime, operation: Operation, _: tuple[str, ...]) -> Response:
    """All of a collection that the caller sees and the filters match, or a page of it."""
    login = await admit(request, runtime.tokens)
    filters = parse_filters(operation, request.scope["query_string"])
    paging = await take_paging(operation.id, login, filters, runtime.tokens)
    wanted = await cloud_keys.look_up(runtime, filters)
    now = runtime.clock()
    try:
        if paging is None:
            text = await runtime.reader.list(login, now, operation.group, wanted)
            return Response(text, media_type=MEDIA_TYPE)
        listing = await runtime.reader.list_window(login, now, operation.group, wanted, paging.window)
    except LoginEnded:
        raise login_ended() from None
    complete = listing.count == listing.total
    return Response(
        listing.text,
        status_code=200 if complete else 206,
        headers=page_headers(paging, listing, runtime.tokens, runtime.base_url + operation.path, filters),
        media_type=MEDIA_TYPE,
    )


async def answer_read(request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]) -> Response:
    """One object, as far as the caller may see it; what it may not see is not there."""
    login = await admit(request, runtime.tokens)
    if "\x00" in path[0]:
        raise not_found()
    try:
        text = await runtime.reader.read(login, runtime.clock(), operation.group, path[0])
    except LoginEnded:
        raise login_ended() from None
    if text is None:
        raise not_found()
    return Response(text, media_type=MEDIA_TYPE)


async def answer_own_account(request: Request, runtime: Runtime, _: Operation, __: tuple[str, ...]) -> Response:
    """The caller's account; an operator's key has none."""
    login = await admit(request, runtime.tokens)
    try:
        text = await runtime.reader.read_own_account(login, runtime.clock())
    except LoginEnded:
        raise login_ended() from None
    if text is None:
        raise Problem(problems.NOT_FOUND, "An operator's key belongs to no account.")
    return Response(text, media_type=MEDIA_TYPE)


def not_found() -> Problem:
    return Problem(problems.NOT_FOUND, "There is no such object, or it is not for you to see.")


def login_ended() -> Problem:
    return unauthorized(problems.AUTHENTICATION_ERROR, "This login has ended: its key was revoked or has expired.")
