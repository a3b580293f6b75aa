"""Webhooks: what a call says, when the next attempt is made, and when an endpoint is given up."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# After each attempt that fails. The steps are those that the Standard Webhooks specification proposes.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS = len(SCHEDULE) + 1
JITTER = 0.2
LONGEST_REST = timedelta(hours=24)
# An endpoint that answered nothing but failures for so long is disabled.
STREAK = timedelta(days=5)
GONE = 410
ASKS_TO_WAIT = frozenset({429, 503})
# How long the old secret signs beside the new one, unless said otherwise, and at most.
OVERLAP, LONGEST_OVERLAP = timedelta(hours=24), timedelta(days=7)

_ID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_CODE = re.compile(r"[a-z][a-z0-9_.]{0,79}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?")
# What steers our own mails, and who of the vendor has the client in hand: nothing that a client is told.
VENDORS = frozenset({"owner", "tells_client"})


def body(
    *,
    topic: str,
    occurred_at: datetime,
    message: str,
    organization: str | None,
    subject_type: str,
    subject: str,
    payload: Mapping[str, Any],
    for_client: bool,
) -> dict[str, Any]:
    """Return what a call says (Standard Webhooks: type, timestamp, data): ids and codes. The rest is asked by REST.

    The same message is always told in the same words to the same endpoint.
    """
    return {
        "type": topic,
        "timestamp": occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "message": message,
            "organization": organization,
            "subject_type": subject_type,
            "subject": subject,
            "details": details(payload, for_client=for_client),
        },
    }


def details(payload: Mapping[str, Any], *, for_client: bool) -> dict[str, Any]:
    """Return of a payload what is a public id, a code, a digest, a day, a count, or yes or no. Never free text."""
    return {name: value for name, value in payload.items() if _is_told(value) and not (for_client and name in VENDORS)}


def next_attempt(
    attempts: int, *, now: datetime, jitter: float, retry_after: datetime | None = None
) -> datetime | None:
    """Return when to try again after so many attempts; ``None``: never, the message is given up.

    ``jitter`` is between 0 and 1: how much of a fifth the wait is longer, so that many waits do not end together. What
    the receiver asks for with ``Retry-After`` prolongs the wait, and never shortens it.
    """
    if attempts >= ATTEMPTS:
        return None
    usual = now + SCHEDULE[attempts - 1] * (1 + JITTER * jitter)
    return usual if retry_after is None else max(usual, retry_after)


def retry_after(text: str | None, *, now: datetime) -> datetime | None:
    """Read the header ``Retry-After`` (RFC 9110, 10.2.3): seconds, or a date. At most 24 hours ahead; else nothing."""
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return now + min(timedelta(seconds=int(text)), LONGEST_REST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(at, now + LONGEST_REST) if at > now else None


def is_over(failing_since: datetime, *, now: datetime) -> bool:
    """Say whether an endpoint has failed for so long without a single success that it is disabled."""
    return now - failing_since >= STREAK


def _is_told(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_told(one) and not isinstance(one, list) for one in value)
    if isinstance(value, str):
        return any(form.fullmatch(value) for form in (_ID, _CODE, _DIGEST, _DAY))
    return value is None or isinstance(value, bool | int)
