"""What the parts of a package have in common: a table of rows that are read once, and which clients it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from django.db.models import QuerySet

from accounts.models import AuditEvent, Organization
from retention.rules import audit_package as rules

BATCH = 500
type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the package: the name of its files, and its rows, which are read as they are written."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


def instant(value: datetime | None) -> str | None:
    """Return an instant as text (ISO 8601, UTC)."""
    return None if value is None else value.isoformat()


def fact(value: Any) -> Any:
    """Return a value as a table tells it: days and instants as text (ISO 8601)."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def in_batches(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield rows in batches, through a cursor of the server: as many as there may be, in the same memory."""
    yield from batched(rows.iterator(chunk_size=BATCH), BATCH)


def public_ids(rows: Iterable[Any]) -> dict[int, str]:
    """Return the public ids of the organizations of rows, by internal key."""
    keys = {row.organization_id for row in rows if row.organization_id is not None}
    found = Organization.objects.filter(pk__in=keys).values_list("pk", "public_id")
    return {pk: str(public_id) for pk, public_id in found}


def event(row: AuditEvent, organizations: dict[int, str]) -> Row:
    """Return an event of the trail as an auditor is told: without any licensed user's id."""
    about_a_person = row.subject_type in rules.PEOPLE
    return {
        "event": str(row.public_id),
        "name": row.name,
        "organization": organizations.get(row.organization_id or 0),
        "subject_type": row.subject_type,
        "subject": None if about_a_person else str(row.subject_id),
        "by": rules.actor(row.actor),
        "occurred_at": instant(row.occurred_at),
        "recorded_at": instant(row.recorded_at),
        "data": {} if about_a_person else rules.told(row.data),
    }


EVENT = ("event", "name", "organization", "subject_type", "subject", "by", "occurred_at", "recorded_at", "data")
