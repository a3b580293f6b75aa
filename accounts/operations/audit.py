"""The trail: one call in the transaction of every change."""

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from accounts.models import AuditDetail, AuditEvent, Organization


class Subject(Protocol):
    """Anything with a public id; most rows also have a tenant."""

    public_id: UUID


def record(
    name: str,
    subject: Subject,
    *,
    by: str,
    at: datetime,
    data: dict[str, Any] | None = None,
    detail: dict[str, str] | None = None,
    organization_id: int | None = None,
    vendor_only: bool = False,
) -> AuditEvent:
    """Record that ``by`` did ``name`` to ``subject`` at the instant.

    ``data`` holds codes, numbers, dates and public ids only, and is never erased. Free text, addresses and names go
    to ``detail``, which can be erased; the event then keeps a digest that says nothing without the erased salt. What
    the vendor plans or weighs is ``vendor_only``: no client reads it, nor its detail.
    """
    found = organization_id if organization_id is not None else organization_of(subject)
    salt = secrets.token_bytes(16) if detail else b""
    event = AuditEvent.objects.create(
        organization_id=found,
        name=name,
        subject_type=type(subject).__name__,
        subject_id=subject.public_id,
        actor=by,
        data=data or {},
        detail_digest=digest_of(salt, detail) if detail else "",
        occurred_at=at,
        vendor_only=vendor_only,
    )
    if detail:
        AuditDetail.objects.create(
            event_id=event.pk, organization_id=found, salt=salt, text=detail, vendor_only=vendor_only
        )
    return event


def organization_of(subject: Subject) -> int | None:
    """Return the tenant of a row: its ``organization_id``, or the row itself if it is an organization."""
    if isinstance(subject, Organization):
        return subject.pk
    found = getattr(subject, "organization_id", None)
    return None if found is None else int(found)


def digest_of(salt: bytes, detail: dict[str, str]) -> str:
    """Return what an event keeps of its detail: it says nothing without the salt."""
    return hashlib.sha256(salt + json.dumps(detail, sort_keys=True).encode()).hexdigest()
