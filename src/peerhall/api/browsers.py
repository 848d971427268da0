"""Cross-origin requests: which web pages may use the API from a browser, and what of its answers they may read."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from peerhall.api.problems import Problem, render_problem
from peerhall.api.requests import read_request_id
from peerhall.contract import problems

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ASKED: Final = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", "X-Request-Id")
_TOLD: Final = (
    "Link",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "X-Request-Id",
    *(f"X-Pagination-{name}" for name in ("Items", "Limit", "Next", "Offset", "Page", "Pages", "Token")),
)


class CrossOrigin(CORSMiddleware):
    """Lets pages of the given origins in; to others, a browser shows nothing."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(app, allow_origins=origins, allow_methods=_METHODS, allow_headers=_ASKED, expose_headers=_TOLD)

    def preflight_response(self, request_headers: Headers) -> Response:
        """The framework's answer, but for refusals, which are problem documents like all others."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        detail = f"Pages of this origin may not send such a request: {bytes(response.body).decode()}."
        refused = render_problem(Problem(problems.PERMISSION_DENIED, detail), read_request_id(request_headers))
        refused.headers["Vary"] = "Origin"
        return refused
