"""Who may come in: turns the Authorization header into a Login, without which nothing can be read or ordered."""

from starlette.requests import Request

from peerhall.api.problems import unauthorized
from peerhall.api.tokens import ExpiredToken, InvalidToken, Tokens
from peerhall.contract import problems
from peerhall.store.reading import Login


async def admit(request: Request, tokens: Tokens) -> Login:
    """The login of a bearer token. Raises 401 problems that tell missing, wrong and expired credentials apart."""
    header = request.headers.get("authorization")
    if header is None:
        raise unauthorized(
            problems.NOT_AUTHENTICATED, "Send an access token as bearer; POST /auth/token gives you one."
        )
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthorized(
            problems.AUTHENTICATION_ERROR, "The Authorization header must be: Bearer, and an access token."
        )
    try:
        return await tokens.check_access(token)
    except ExpiredToken:
        raise unauthorized(
            problems.SIGNATURE_EXPIRED, "The access token has expired; renew it or log in again."
        ) from None
    except InvalidToken:
        raise unauthorized(
            problems.AUTHENTICATION_ERROR, "This is not a valid access token; log in with POST /auth/token."
        ) from None
