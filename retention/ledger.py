"""Scopes on the ledger database: which keys and erasures a transaction may see. Never one transaction with default."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections, transaction

from accounts.tenancy import APP_ROLE, ERASER_ROLE, VENDOR_ROLE

ALIAS = "ledger"
# The advisory lock under which entries are appended.
CHAIN = 7_367_001


@contextmanager
def tenant(organization_ref: UUID) -> Iterator[None]:
    """Run a ledger transaction that reads and adds the keys of one organization (its public id).

    :raises RuntimeError: another ledger transaction is open. A key must be committed before content is sealed with
        it, so scopes of the ledger do not nest.
    """
    with _entered(APP_ROLE, organization_ref):
        yield


@contextmanager
def vendor() -> Iterator[None]:
    """Run a ledger transaction that sees the keys and erasures of every organization: sweeps, the restore gate.

    :raises RuntimeError: another ledger transaction is open.
    """
    with _entered(VENDOR_ROLE, None):
        yield


@contextmanager
def eraser(organization_ref: UUID) -> Iterator[None]:
    """Run a ledger transaction that may delete the keys of one organization. Only the erasure engine enters it.

    :raises RuntimeError: another ledger transaction is open.
    """
    with _entered(ERASER_ROLE, organization_ref):
        yield


def head() -> str:
    """Return the digest of the ledger's last entry, whosever it is; empty before the first.

    Call it in the eraser's scope: until that transaction ends nobody else appends, so the chain does not fork.
    """
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN])
        cursor.execute("SELECT set_config('role', %s, true)", [VENDOR_ROLE])
        cursor.execute("SELECT digest FROM retention_erasureentry ORDER BY id DESC LIMIT 1")
        found = cursor.fetchone()
        cursor.execute("SELECT set_config('role', %s, true)", [ERASER_ROLE])
    return found[0] if found else ""


@contextmanager
def _entered(role: str, organization_ref: UUID | None) -> Iterator[None]:
    with transaction.atomic(using=ALIAS, durable=True):
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT set_config('role', %s, true), set_config('terme.organization_ref', %s, true)",
                ["none" if role == APP_ROLE else role, "" if organization_ref is None else str(organization_ref)],
            )
        yield
