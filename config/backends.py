"""Sign-in by e-mail and password. Users are read in the vendor's scope: nobody's tenant is known yet."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts import tenancy
from accounts.models import User
from accounts.operations import factors


class EmailBackend(ModelBackend):
    """Django's own check, with the scope opened around it and the memberships read along."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        address = email or username
        if address is None or "\x00" in address or not password:
            return None
        with tenancy.vendor():
            return _with_seats(super().authenticate(request, username=address, password=password))

    def get_user(self, user_id: Any) -> User | None:
        with tenancy.vendor():
            user = _with_seats(super().get_user(user_id))
            if user is not None:
                user.lacks_factor = factors.lacks_one(user)
            return user


def _with_seats(user: Any) -> User | None:
    """Read the memberships while a scope is open that sees them."""
    if not isinstance(user, User):
        return None
    user.read_seats()
    return user
