"""Licences: what contracts grant, and the users' states that follow from it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.enums import LicenceStatus, SuspensionReason
from accounts.models import LicenceGrant, LicensedUser, Organization
from accounts.operations import audit, outbox


@dataclass(frozen=True, slots=True)
class Alignment:
    """How many users an alignment touched."""

    activated: int = 0
    suspended: int = 0


def grant(
    organization_id: int, *, source: UUID, valid_from: datetime, valid_until: datetime | None, seats: int | None = None
) -> LicenceGrant:
    """Write what a contract grants: one grant per contract, changed in place when the contract's end changes."""
    found, _created = LicenceGrant.objects.update_or_create(
        organization_id=organization_id,
        source=source,
        defaults={"valid_from": valid_from, "valid_until": valid_until, "seats": seats},
    )
    return found


def align(organization: Organization, *, now: datetime, by: str) -> Alignment:
    """Suspend all active users where no licence is in force; where one is, activate those who wait for it.

    Users suspended for another reason stay suspended. Doing it again changes nothing. The rulebook (§2) wants the
    suspension at once when the last licence ends, and the reinstatement in one act when a successor is signed.
    """
    users = LicensedUser.objects.filter(organization=organization)
    if Organization.objects.with_licence(at=now).filter(pk=organization.pk).exists():
        activated = users.awaiting_licence().update(
            status=LicenceStatus.ACTIVE, suspended_at=None, suspension_reason=""
        )
        return _announce(organization, "licences.activated", activated, now=now, by=by)
    suspended = users.active().update(
        status=LicenceStatus.SUSPENDED, suspended_at=now, suspension_reason=SuspensionReason.LICENCE_ENDED
    )
    return _announce(organization, "licences.suspended", suspended, now=now, by=by)


def _announce(organization: Organization, name: str, count: int, *, now: datetime, by: str) -> Alignment:
    if not count:
        return Alignment()
    audit.record(name, organization, by=by, at=now, data={"users": count})
    outbox.publish(name, organization, at=now, payload={"users": count})
    return Alignment(activated=count) if name == "licences.activated" else Alignment(suspended=count)
