"""Scopes: which rows a transaction may see. One tenant, the whole vendor, or the eraser of one tenant or of
what belongs to none; else nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, transaction

APP_ROLE = "terme_app"
VENDOR_ROLE = "terme_vendor"
ERASER_ROLE = "terme_eraser"


@dataclass(frozen=True, slots=True)
class Scope:
    """The database role and the tenant that row-level security goes by; ``organization_id`` is the internal key."""

    role: str
    organization_id: int | None


_current: ContextVar[Scope | None] = ContextVar("terme_scope", default=None)


class NoScope(RuntimeError):
    """Code that needs to know its tenant ran outside a scope."""


def current() -> Scope | None:
    """Return the scope in force, or ``None``."""
    return _current.get()


def current_organization_id() -> int:
    """Return the tenant in force. :raises NoScope: outside a tenant's or eraser's scope."""
    scope = _current.get()
    if scope is None or scope.organization_id is None:
        raise NoScope("This needs a tenant's scope: wrap the entry point in tenancy.tenant(organization_id).")
    return scope.organization_id


@contextmanager
def tenant(organization_id: int) -> Iterator[None]:
    """Run a transaction that sees the rows of one organization and writes no others."""
    with _entered(Scope(APP_ROLE, organization_id)):
        yield


@contextmanager
def vendor() -> Iterator[None]:
    """Run a transaction that sees the rows of every organization: the vendor's own staff, and sweeps."""
    with _entered(Scope(VENDOR_ROLE, None)):
        yield


@contextmanager
def eraser(organization_id: int) -> Iterator[None]:
    """Run a transaction that may delete the rows of one organization. Only the erasure engine enters it."""
    with _entered(Scope(ERASER_ROLE, organization_id)):
        yield


@contextmanager
def vendors_eraser() -> Iterator[None]:
    """Run a transaction that may delete what belongs to no client: of the vendor's own acts, and of letters."""
    with _entered(Scope(ERASER_ROLE, None)):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    outer = _current.get()
    nested = connection.in_atomic_block
    with transaction.atomic():
        _apply(scope)
        token = _current.set(scope)
        try:
            yield
        finally:
            _current.reset(token)
        # On an exception the savepoint's rollback restores the outer scope, so this is for success only.
        if nested and not connection.needs_rollback:
            _apply(outer)


def _apply(scope: Scope | None) -> None:
    """Set role and tenant until the transaction ends, in one round trip. APP_ROLE is the login's own: role ``none``."""
    role = "none" if scope is None or scope.role == APP_ROLE else scope.role
    organization = "" if scope is None or scope.organization_id is None else str(scope.organization_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('terme.organization_id', %s, true)", [role, organization]
        )
