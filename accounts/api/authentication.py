"""Who calls the API: a bearer token, or the browser's session."""

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tenancy
from accounts.models import ApiToken, User
from accounts.operations import tokens


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer terme_…``. The token is looked up by its digest, in the vendor's scope."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(_("Write: Authorization: Bearer <token>."))
        with tenancy.vendor():
            now = timezone.now()
            token = tokens.find(parts[1], at=now)
            if token is None:
                raise AuthenticationFailed(_("The token is unknown, expired or revoked."))
            tokens.note_use(token, now=now)
            return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF protection; anonymous callers get 401."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
