"""The accounts of the API through OAuth2 client credentials (RFC 6749, 4.4); key and secret are the client's."""

import base64
from typing import Final
from urllib.parse import parse_qs, unquote_plus

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.problems import Problem, invalid, try_again
from peerhall.api.requests import read_bytes
from peerhall.api.resources.authentication import log_in, wrong_credentials
from peerhall.api.resources.documents import MEDIA_TYPE
from peerhall.api.runtime import Runtime
from peerhall.api.tokens import ACCESS_LIFETIME
from peerhall.contract import problems
from peerhall.contract.validation import Fault
from peerhall.store.database import DatabaseUnavailable

_LARGEST_FORM: Final = 16 * 1024

_ERRORS: Final = {401: "invalid_client", 429: "temporarily_unavailable", 503: "temporarily_unavailable"}
"""What RFC 6749 calls a problem, by its status; any other is an `invalid_request`."""


async def answer_token(request: Request, runtime: Runtime) -> Response:
    """An access token for credentials sent as HTTP Basic or in the form.

    Problems also carry `error`, so that both kinds of client understand them.
    """
    try:
        return await _issue(request, runtime)
    except DatabaseUnavailable:
        raise _in_both_languages(try_again("The server is busy; please try again.")) from None
    except Problem as problem:
        raise _in_both_languages(problem) from None


async def _issue(request: Request, runtime: Runtime) -> Response:
    if request.method != "POST":
        raise Problem(problems.METHOD_NOT_ALLOWED, "Only POST is possible here.", headers={"Allow": "POST"})
    form = _parse_form(await read_bytes(request, _LARGEST_FORM), request.headers.get("content-type", ""))
    if "grant_type" not in form:
        raise invalid(Fault("grant_type", "is required; it must be client_credentials"))
    if form["grant_type"] != "client_credentials":
        raise _unsupported_grant()
    session, account = await log_in(runtime, request, *_client_credentials(request, form))
    answer = {
        "access_token": await runtime.tokens.issue_access(session, account),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "scope": form.get("scope", "ix-api"),
    }
    return Response(to_json(answer), media_type=MEDIA_TYPE)


def _parse_form(body: bytes, content_type: str) -> dict[str, str]:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise Problem(problems.UNSUPPORTED_MEDIA_TYPE, "Send application/x-www-form-urlencoded here.")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise invalid(Fault("", "The form is not URL-encoded UTF-8")) from None
    if repeated := [name for name, values in fields.items() if len(values) > 1]:
        raise invalid(*(Fault(name, "is given more than once") for name in repeated))
    return {name: values[0] for name, values in fields.items()}


def _client_credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except ValueError:
            raise wrong_credentials() from None
        if separator:
            return unquote_plus(key), unquote_plus(secret)
        raise wrong_credentials()
    missing = [name for name in ("client_id", "client_secret") if name not in form]
    if missing:
        raise invalid(*(Fault(name, "is required, here or as HTTP Basic") for name in missing))
    return form["client_id"], form["client_secret"]


def _unsupported_grant() -> Problem:
    problem = invalid(Fault("grant_type", "must be client_credentials"))
    problem.members["error"] = "unsupported_grant_type"
    return problem


def _in_both_languages(problem: Problem) -> Problem:
    error = problem.members.get("error") or _ERRORS.get(problem.type.status, "invalid_request")
    problem.members |= {"error": error, "error_description": problem.detail}
    if problem.type.status == 401:
        problem.headers = {"WWW-Authenticate": 'Basic realm="oauth2"'}
    return problem
