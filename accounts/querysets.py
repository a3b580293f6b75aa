"""The questions that the domain asks of accounts' tables, each with its instant."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.enums import LicenceStatus, SuspensionReason

if TYPE_CHECKING:
    from accounts.models import LicensedUser, Organization, OutboxMessage


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def with_licence(self, *, at: datetime) -> Self:
        """Those with a grant in force at the instant."""
        return self.filter(_grant_in_force(OuterRef("pk"), at=at))

    def due_for_licence_alignment(self, *, at: datetime) -> Self:
        """Those whose users' states do not follow their licences: active without one, or waiting with one."""
        from accounts.models import LicensedUser

        users = LicensedUser.objects.filter(organization=OuterRef("pk"))
        licensed = _grant_in_force(OuterRef("pk"), at=at)
        return self.filter(
            (Exists(users.active()) & ~licensed) | (Exists(users.awaiting_licence()) & licensed)
        ).order_by("pk")


class LicensedUserQuerySet(models.QuerySet["LicensedUser"]):
    def active(self) -> Self:
        return self.filter(status=LicenceStatus.ACTIVE)

    def awaiting_licence(self) -> Self:
        """Invited, or suspended only because the last licence ended: a new licence activates them."""
        return self.filter(Q(status=LicenceStatus.INVITED) | Q(suspension_reason=SuspensionReason.LICENCE_ENDED))


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def due_for_delivery(self, *, at: datetime) -> Self:
        """Not delivered, not given up, and not waiting for its next attempt."""
        return self.filter(delivered_at__isnull=True, failed_at__isnull=True, next_attempt_at__lte=at).order_by("pk")


def _grant_in_force(organization: OuterRef, *, at: datetime) -> Exists:
    from accounts.models import LicenceGrant

    return Exists(
        LicenceGrant.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=at), organization=organization, valid_from__lte=at
        )
    )
