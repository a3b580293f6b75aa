"""Who calls the API: a bearer token, or the browser's session."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import recent, tenancy
from accounts.models import ApiToken, Caller
from accounts.operations import tokens


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer terme_…``. The token is looked up by its digest, in the vendor's scope."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Caller, ApiToken] | None:
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
            return token.caller, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF protection; anonymous callers get 401.

    Who must have a second factor and has none gets 403 ``mfa_required``. A token is no sign-in, and is not concerned.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None and recent.lacks_factor(request._request):
            raise PermissionDenied(_("Your role asks for a second factor. Set one up in the browser."), "mfa_required")
        return found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
