"""Logging in with an API key, and renewing the login."""

from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.login_limits import WINDOW, seconds_to_wait
from peerhall.api.problems import Problem, invalid, unauthorized
from peerhall.api.requests import read_json
from peerhall.api.resources.documents import MEDIA_TYPE
from peerhall.api.runtime import Runtime
from peerhall.api.tokens import REFRESH_GRACE, REFRESH_LIFETIME, ExpiredToken, InvalidToken
from peerhall.contract import problems
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, InvalidBody, check_body
from peerhall.store import credentials
from peerhall.store.database import SyncConnection


async def answer_token_create(request: Request, runtime: Runtime, operation: Operation, _: tuple[str, ...]) -> Response:
    """A pair of tokens for a key and its secret."""
    body = await _read_login(request, operation)
    session, account = await log_in(runtime, request, body["api_key"], body["api_secret"])
    pair = await runtime.tokens.issue_pair(session, account)
    return _json({"access_token": pair.access_token, "refresh_token": pair.refresh_token}, 201)


async def answer_token_refresh(
    request: Request, runtime: Runtime, operation: Operation, _: tuple[str, ...]
) -> Response:
    """A new pair of tokens; the old refresh token is honoured a little longer. Authorization headers are ignored."""
    body = await _read_login(request, operation)
    try:
        claims = await runtime.tokens.check(body["refresh_token"], "refresh")
    except ExpiredToken:
        raise unauthorized(problems.SIGNATURE_EXPIRED, "The refresh token has expired; log in again.") from None
    except InvalidToken:
        raise unauthorized(problems.AUTHENTICATION_ERROR, "This is not a refresh token of this server.") from None
    now = runtime.clock()

    def renew(connection: SyncConnection) -> tuple[str, str | None] | None:
        key = credentials.supersede_session(connection, str(claims["sid"]), now, REFRESH_GRACE)
        if key is None:
            return None
        return credentials.open_session(connection, key.id, now, REFRESH_LIFETIME), key.account

    renewed = await runtime.threads.run(runtime.orders.run, renew)
    if renewed is None:
        raise unauthorized(
            problems.AUTHENTICATION_ERROR, "The refresh token was used before, or its key revoked; log in again."
        )
    pair = await runtime.tokens.issue_pair(*renewed)
    return _json({"access_token": pair.access_token, "refresh_token": pair.refresh_token}, 201)


async def _read_login(request: Request, operation: Operation) -> Body:
    body = await read_json(request)
    assert operation.body is not None
    try:
        return check_body(operation.body, body)
    except InvalidBody as error:
        if _is_text_of_wrong_length(body, error):
            # Other exchanges' keys are of other lengths; whoever mixes them up is to be told that the key is wrong.
            return dict(body)
        raise invalid(*error.faults) from None


def _is_text_of_wrong_length(body: Any, error: InvalidBody) -> bool:
    return isinstance(body, dict) and all(isinstance(body.get(fault.name), str) for fault in error.faults)


async def log_in(runtime: Runtime, request: Request, key: str, secret: str) -> tuple[str, str | None]:
    """Opens a session; returns its id and the account. Raises 401, or 429 after too many failures."""
    address = request.client.host if request.client else ""
    now = runtime.clock()

    def log_in(connection: SyncConnection) -> tuple[str, str | None] | int:
        found = credentials.check_secret(connection, key, secret, now)
        if found is not None:
            return credentials.open_session(connection, found.id, now, REFRESH_LIFETIME), found.account
        wait = seconds_to_wait(connection, address, key, now)
        if not wait:
            credentials.record_login_failure(connection, address, key, now, WINDOW)
        return wait

    if "\x00" in key or "\x00" in secret:
        raise wrong_credentials()
    outcome = await runtime.threads.run(runtime.orders.run, log_in)
    if isinstance(outcome, tuple):
        return outcome
    if outcome:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            f"Too many logins have failed; try again in {outcome} seconds, with the right secret.",
            headers={"Retry-After": str(outcome)},
        )
    raise wrong_credentials()


def wrong_credentials() -> Problem:
    return unauthorized(problems.AUTHENTICATION_ERROR, "There is no such key with this secret.")


def _json(value: dict[str, Any], status: int) -> Response:
    return Response(to_json(value), status_code=status, media_type=MEDIA_TYPE)
