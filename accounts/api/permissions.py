"""Which right a view asks for. A view that names none is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, Program, User
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
        return isinstance(request.user, User | Program) and request.user.is_staff


class _HasPermission(BasePermission):
    needed: ClassVar[Permission]

    def has_permission(self, request: Request, view: APIView) -> bool:
        return holds(request, self.needed)


def holds(request: Request, permission: Permission) -> bool:
    """Say whether a call may do something: the user, and the token where one calls."""
    user, token = request.user, request.auth
    if not isinstance(user, User | Program) or not user.has_perm(permission):
        return False
    return not isinstance(token, ApiToken) or permission in token.permissions


def has(permission: Permission) -> type[BasePermission]:
    """Return the permission class that asks for one right, of the user and, where a token calls, of the token."""
    return type(f"Has{permission.name.title().replace('_', '')}", (_HasPermission,), {"needed": permission})
