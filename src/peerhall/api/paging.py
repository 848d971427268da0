"""Lists in parts, for clients that ask for it; the others get everything, as no client in use can turn a page."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from pydantic_core import to_json

from peerhall.api.problems import invalid
from peerhall.api.tokens import ExpiredToken, InvalidToken, Tokens
from peerhall.contract.validation import Fault
from peerhall.store.reading import Listing, Login, Window

_PARAMETERS: Final = ("page_limit", "page_offset", "page_token")


@dataclass(frozen=True, slots=True)
class Paging:
    """What a client asked for; a token pins the list to what there was when it was first asked for."""

    window: Window
    query: str
    """Digest of what the list is of."""


async def take_paging(operation_id: str, login: Login, filters: dict[str, Any], tokens: Tokens) -> Paging | None:
    """Takes the page parameters out of the filters; None when there are none. Raises ValidationErrors."""
    given = {name: filters.pop(name) for name in _PARAMETERS if name in filters}
    if not given:
        return None
    query = hashlib.sha256(to_json([operation_id, login.name, sorted(filters.items())])).hexdigest()[:32]
    newest = None
    if "page_token" in given:
        newest = await _check_token(given["page_token"], query, tokens)
    return Paging(Window(given.get("page_offset", 0), given.get("page_limit"), newest), query)


async def _check_token(token: str, query: str, tokens: Tokens) -> int:
    try:
        listed, newest = await tokens.check_page(token)
    except ExpiredToken:
        raise invalid(Fault("page_token", "has expired; start again with the first page")) from None
    except InvalidToken:
        raise invalid(Fault("page_token", "is not one of ours")) from None
    if listed != query:
        raise invalid(Fault("page_token", "belongs to another list, or to other filters"))
    return newest


def page_headers(
    paging: Paging, listing: Listing, tokens: Tokens, path: str, filters: dict[str, Any]
) -> dict[str, str]:
    """Where in the list the answer is, and where it goes on."""
    offset, limit = paging.window.offset, paging.window.limit
    token = tokens.issue_page(paging.query, listing.newest)
    size = limit or max(listing.total, 1)
    headers = {
        "X-Pagination-Limit": str(size),
        "X-Pagination-Offset": str(offset),
        "X-Pagination-Items": str(listing.total),
        "X-Pagination-Pages": str(-(-listing.total // size)),
        "X-Pagination-Page": str(offset // size + 1),
        "X-Pagination-Token": token,
    }
    if offset + listing.count < listing.total and listing.count:
        parameters = {name: ",".join(value) if isinstance(value, list) else value for name, value in filters.items()}
        parameters |= {"page_limit": size, "page_offset": offset + size, "page_token": token}
        following = f"{path}?{urlencode(parameters)}"
        headers["X-Pagination-Next"] = following
        headers["Link"] = f'<{following}>; rel="next"'
    return headers
