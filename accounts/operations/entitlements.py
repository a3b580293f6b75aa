"""The entitlement check: one indexed read answers whether a person may use the product. Nothing is cached here.

A positive answer is read from the rows that every change writes, so a yes is never stale on our side, with or without a
cache server. How long the product may keep it is part of the answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import LicenceGrant, LicensedUser, LicensedUserChange, Organization
from accounts.operations import policies
from accounts.rules import entitlements
from accounts.rules.entitlements import Entitlement, Grant
from accounts.rules.licence_states import LIVE, SCHEDULED, STATES, SUSPENDED, Standing

LARGEST_BATCH = 1000
_READ = """
SELECT u.id, u.external_id, u.status, u.suspension_reason, u.suspended_at, u.suspended_until, u.features, u.delete_at,
    u.deleted_at, coalesce(p.keep_seconds, %(keep)s), g.froms, g.untils, g.features,
    (SELECT stands_at FROM accounts_simulatedclock)
FROM accounts_organization o
LEFT JOIN accounts_accesspolicy p ON p.organization_id = o.id
CROSS JOIN unnest(%(ids)s::text[]) AS asked (external_id)
LEFT JOIN accounts_licenseduser u
    ON u.organization_id = o.id AND u.external_id = asked.external_id AND u.status IN ({states})
CROSS JOIN LATERAL (
    SELECT array_agg(valid_from) AS froms, array_agg(valid_until) AS untils,
        array_agg(array_to_string(features, ' ')) AS features
    FROM accounts_licencegrant
    WHERE organization_id = o.id AND (valid_until IS NULL OR valid_until > %(at)s)
) g
WHERE {organization}
"""
_LIVE, _ALL = (", ".join(repr(state) for state in states) for states in (LIVE, STATES))


class UnknownOrganization(LookupError):
    """No organization of the caller's scope has this id."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The answers by external id, ``None`` for whom nobody licensed, and the instant for which they hold."""

    at: datetime
    answers: dict[str, Entitlement | None]


def check(
    external_ids: Sequence[str], *, now: datetime, organization_id: int | None = None, public_id: UUID | None = None
) -> Checked:
    """Answer for people of one organization, named by its key or its public id.

    Who is on the way out is answered too, unless somebody new has the external id. The instant is ``now``, or where the
    simulated clock stands if it is ahead: read along, so that the answer costs one round trip.

    :raises UnknownOrganization: there is none in the caller's scope.
    """
    which = "o.id = %(organization)s" if public_id is None else "o.public_id = %(organization)s"
    place = organization_id if public_id is None else public_id
    rows = _read(_LIVE, which, place, external_ids, now=now)
    at = max(rows[0][-1] or now, now)
    found = _answers(rows, at=at)
    missing = [one for one in external_ids if one not in found]
    if missing:
        # The living again too: somebody may have come back between the two reads.
        found |= _answers(_read(_ALL, which, place, missing, now=now), at=at)
    return Checked(at, {one: found.get(one) for one in external_ids})


def at_instant(organization: Organization, external_id: str, *, at: datetime) -> Entitlement | None:
    """Answer for an instant that has passed, from the history of the person; ``None`` if nobody was known by then.

    Licences are taken as they are known now: a contract that was corrected later counts as corrected.
    """
    people = LicensedUser.objects.filter(organization=organization, external_id=external_id)
    changes = LicensedUserChange.objects.filter(
        organization=organization, licensed_user__in=people.values("pk"), occurred_at__lte=at
    )
    last: dict[int, LicensedUserChange] = {}
    for change in changes.order_by("occurred_at", "pk"):
        last[change.licensed_user_id] = change
    if not last:
        return None
    chosen = max(last.values(), key=lambda change: (change.status in LIVE, change.licensed_user_id))
    standing = Standing(
        chosen.status,
        chosen.suspension_reason,
        suspended_until=chosen.until if chosen.status == SUSPENDED else None,
        features=None if chosen.features is None else tuple(chosen.features),
        delete_at=chosen.until if chosen.status == SCHEDULED else None,
    )
    grants = [
        Grant(grant.valid_from, grant.valid_until, tuple(grant.features))
        for grant in LicenceGrant.objects.filter(organization=organization)
    ]
    keep = timedelta(seconds=policies.of(organization).keep_seconds)
    return entitlements.judge(standing, grants, at=at, keep=keep)


def _read(
    states: str, organization: str, place: int | UUID | None, external_ids: Sequence[str], *, now: datetime
) -> list[tuple[Any, ...]]:
    parameters = {
        "ids": list(external_ids),
        "organization": place,
        "at": now,
        "keep": policies.DEFAULT.keep_seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(states=states, organization=organization), parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if not rows:
        raise UnknownOrganization
    return rows


def _answers(rows: Iterable[tuple[Any, ...]], *, at: datetime) -> dict[str, Entitlement]:
    found = {}
    for row in sorted((row for row in rows if row[0] is not None), key=_precedence):
        _key, external_id, status, reason, since, until, features, delete_at, deleted_at, keep, *granted, _clock = row
        standing = Standing(
            status, reason, since, until, None if features is None else tuple(features), delete_at, deleted_at
        )
        grants = (
            [Grant(since, until, tuple(codes.split())) for since, until, codes in zip(*granted, strict=True)]
            if granted[0]
            else []
        )
        found[external_id] = entitlements.judge(standing, grants, at=at, keep=timedelta(seconds=keep))
    return found


def _precedence(row: tuple[Any, ...]) -> tuple[bool, bool, int]:
    """Of several who had one external id the living counts, then who is to be deleted, then the latest."""
    return row[2] in LIVE, row[2] == SCHEDULED, row[0]
