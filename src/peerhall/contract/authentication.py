"""Logging in with an API key, and renewing the pair of tokens."""

from typing import Annotated

from annotated_types import MaxLen, MinLen

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Text


class AuthTokenRequest(Schema):
    """An API key and its secret."""

    api_key: Annotated[Text, MinLen(16), MaxLen(16)]
    api_secret: Annotated[Text, MinLen(86), MaxLen(86)]


class RefreshTokenRequest(Schema):
    """The refresh token of the pair to be renewed."""

    refresh_token: Text


class AuthToken(Schema):
    """Two JWTs: one to send as bearer, one to renew both with."""

    access_token: Text
    refresh_token: Text
