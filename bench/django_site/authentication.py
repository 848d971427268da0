"""Who may come in."""

from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class BearerAuthentication(TokenAuthentication):
    """The framework's tokens, with the user's account fetched in the same statement."""

    keyword = "Bearer"

    def authenticate_credentials(self, key):
        token = self.get_model().objects.select_related("user__membership").filter(key=key).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed("Invalid token.")
        return token.user, token
