"""When people last used the product, as the product tells: client rules ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization
from accounts.operations import audit

TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Use:
    """A person, by external id, and an instant at which they used the product."""

    external_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """How many people's last use moved on, and whom nobody licensed."""

    noted: int
    unknown: tuple[str, ...]


@transaction.atomic
def note(organization: Organization, uses: Sequence[Use], *, now: datetime, by: str) -> Noted:
    """Note uses of the product. An earlier instant never takes the place of a later one; again writes nothing.

    :raises InvalidInput: an instant is still to come (five minutes of another clock are let pass).
    """
    faults = [
        FieldError("at", "in_the_future", "This instant is still to come.", row)
        for row, use in enumerate(uses, start=1)
        if use.at > now + TOLERANCE
    ]
    if faults:
        raise InvalidInput(faults)
    latest: dict[str, datetime] = {}
    for use in uses:
        latest[use.external_id] = max(use.at, latest.get(use.external_id, use.at))
    with connection.cursor() as cursor:
        # Locked in the order of their keys, so that two reports at once do not wait for each other for ever.
        cursor.execute(
            """
            WITH said AS (SELECT * FROM unnest(%(ids)s::text[], %(instants)s::timestamptz[]) AS s (external_id, at)),
            known AS (
                SELECT u.id, u.external_id, u.last_active_at, s.at FROM accounts_licenseduser u
                JOIN said s USING (external_id)
                WHERE u.organization_id = %(organization)s AND u.status NOT IN ('scheduled', 'deleted')
                ORDER BY u.id FOR NO KEY UPDATE OF u
            ),
            moved AS (
                UPDATE accounts_licenseduser u SET last_active_at = k.at FROM known k
                WHERE u.id = k.id AND (k.last_active_at IS NULL OR k.last_active_at < k.at) RETURNING u.id
            )
            SELECT (SELECT count(*) FROM moved), (SELECT coalesce(array_agg(external_id), '{}') FROM known)
            """,
            {"ids": list(latest), "instants": list(latest.values()), "organization": organization.pk},
        )
        moved, known = cursor.fetchone()
    if moved:
        audit.record("activity.noted", organization, by=by, at=now, data={"users": moved})
    return Noted(moved, tuple(sorted(set(latest) - set(known))))
