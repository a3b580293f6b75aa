"""Which right a view asks for. A view that names none is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.rules.permissions import Permission

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Denied(BasePermission):
    """The default: a view must say what it asks for."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class SignedIn(BasePermission):
    """Anybody with an account."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.is_staff


class _HasPermission(BasePermission):
    needed: ClassVar[Permission]

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.has_perm(self.needed):
            return False
        token = request.auth
        return not isinstance(token, ApiToken) or self.needed in token.permissions


def has(permission: Permission) -> type[BasePermission]:
    """Return the permission class that asks for one right, of the user and, where a token calls, of the token."""
    return type(f"Has{permission.name.title().replace('_', '')}", (_HasPermission,), {"needed": permission})
