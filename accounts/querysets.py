"""The questions that the domain asks of accounts' tables, each with its instant."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.db.settled import settled
from accounts.enums import DeliveryState, LicenceStatus, SuspensionReason

if TYPE_CHECKING:
    from accounts.models import LicensedUser, Organization, OutboxMessage, WebhookDelivery, WebhookEndpoint


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

    def to_fan_out(self) -> Self:
        """Not yet given to the webhooks, and no running transaction can still write one before them."""
        return self.filter(settled(), fanned_out_at__isnull=True).order_by("pk")


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def hearing(self, *, disabled_after: datetime) -> Self:
        """Those for which announcements are kept: enabled or disabled since, of the vendor or a client not closed."""
        return self.filter(
            Q(enabled=True) | Q(disabled_at__gt=disabled_after),
            Q(organization__isnull=True) | Q(organization__closed_at__isnull=True),
        ).order_by("pk")


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def waiting(self) -> Self:
        return self.filter(state=DeliveryState.WAITING)

    def due_for_call(self, *, at: datetime) -> Self:
        """The first that waits in its lane, to be tried now, claimed by nobody, to an endpoint that may be called."""
        from accounts.models import WebhookDelivery

        earlier = WebhookDelivery.objects.waiting().filter(
            endpoint=OuterRef("endpoint"), lane=OuterRef("lane"), message__lt=OuterRef("message")
        )
        return (
            self.waiting()
            .filter(
                Q(claimed_until__isnull=True) | Q(claimed_until__lte=at),
                Q(endpoint__rests_until__isnull=True) | Q(endpoint__rests_until__lte=at),
                ~Exists(earlier),
                next_attempt_at__lte=at,
                endpoint__enabled=True,
            )
            .order_by("message", "pk")
        )


def _grant_in_force(organization: OuterRef, *, at: datetime) -> Exists:
    from accounts.models import LicenceGrant

    return Exists(
        LicenceGrant.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=at), organization=organization, valid_from__lte=at
        )
    )
