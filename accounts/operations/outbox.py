"""Announcements: written in the transaction of the change, delivered later at least once."""

from datetime import datetime
from typing import Any

from accounts.models import OutboxMessage
from accounts.operations.audit import Subject, organization_of


def publish(
    topic: str,
    subject: Subject,
    *,
    at: datetime,
    payload: dict[str, Any] | None = None,
    organization_id: int | None = None,
) -> OutboxMessage:
    """Announce ``topic`` about ``subject``. The payload holds codes, dates and public ids, never personal data."""
    return OutboxMessage.objects.create(
        organization_id=organization_id if organization_id is not None else organization_of(subject),
        topic=topic,
        subject_type=type(subject).__name__,
        subject_id=subject.public_id,
        payload=payload or {},
        occurred_at=at,
        next_attempt_at=at,
    )
