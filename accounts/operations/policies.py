"""A client's own terms of access: how long an answer is kept, what a restriction leaves, the grace of a deletion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, phrase
from accounts.models import AccessPolicy, Organization
from accounts.operations import audit, outbox, states
from accounts.rules import checks

LONGEST_KEEP = 3600
LONGEST_GRACE = 365


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in force. ``keep_seconds`` in seconds, ``deletion_grace_days`` in days of 24 hours."""

    keep_seconds: int = 60
    restricted_features: tuple[str, ...] = ()
    deletion_grace_days: int = 30


DEFAULT = Terms()


def of(organization: Organization) -> Terms:
    """Return the terms of an organization, or the default ones."""
    found = AccessPolicy.objects.filter(organization=organization).first()
    if found is None:
        return DEFAULT
    return Terms(found.keep_seconds, tuple(found.restricted_features), found.deletion_grace_days)


@transaction.atomic
def change(
    organization: Organization,
    *,
    now: datetime,
    by: str,
    keep_seconds: int | None = None,
    restricted_features: Sequence[str] | None = None,
    deletion_grace_days: int | None = None,
) -> Terms:
    """Change some of the terms; those not given stay. No change writes nothing. Running schedules keep their instants.

    :raises InvalidInput: more than an hour, more than a year, or a feature that is no code.
    """
    states.take_turns(organization)
    before = of(organization)
    after = Terms(
        before.keep_seconds if keep_seconds is None else keep_seconds,
        before.restricted_features if restricted_features is None else tuple(dict.fromkeys(restricted_features)),
        before.deletion_grace_days if deletion_grace_days is None else deletion_grace_days,
    )
    faults = checks.features("restricted_features", after.restricted_features)
    if not 0 <= after.keep_seconds <= LONGEST_KEEP:
        faults.append(
            FieldError("keep_seconds", "out_of_range", phrase("From 0 to %(most)s seconds.", most=LONGEST_KEEP))
        )
    if not 0 <= after.deletion_grace_days <= LONGEST_GRACE:
        faults.append(
            FieldError("deletion_grace_days", "out_of_range", phrase("From 0 to %(most)s days.", most=LONGEST_GRACE))
        )
    if faults:
        raise InvalidInput(faults)
    if after != before:
        values = {
            "keep_seconds": after.keep_seconds,
            "restricted_features": list(after.restricted_features),
            "deletion_grace_days": after.deletion_grace_days,
        }
        AccessPolicy.objects.update_or_create(organization=organization, defaults=values)
        audit.record("access_policy.changed", organization, by=by, at=now, data=values)
        outbox.publish("access_policy.changed", organization, at=now)
    return after
