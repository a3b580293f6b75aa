"""The questions that the domain asks of accounts' tables, each with its instant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Aggregate, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.db.settled import settled
from accounts.enums import DeliveryState, FindingState, LicenceStatus, RuleAction, RuleMode, SuspensionReason
from accounts.rules.licence_states import LIVE, SEATED

if TYPE_CHECKING:
    from accounts.models import (
        AccessRule,
        LicenceGrant,
        LicensedUser,
        Organization,
        OutboxMessage,
        WebhookDelivery,
        WebhookEndpoint,
    )

# How often a client's rule looks for people by itself: its conditions count in days.
LOOKS_EVERY = timedelta(days=1)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def with_licence(self, *, at: datetime) -> Self:
        """Those with a grant in force at the instant."""
        return self.filter(_grant_in_force(OuterRef("pk"), at=at))

    def open(self) -> Self:
        """Those whose people are not being erased, nor erased."""
        return self.filter(closed_at__isnull=True)

    def due_for_licence_alignment(self, *, at: datetime) -> Self:
        """Those whose users' states do not follow their licences: seated without one, or waiting with a free seat."""
        from accounts.models import LicenceGrant, LicensedUser

        users = LicensedUser.objects.filter(organization=OuterRef("pk"))
        grants = LicenceGrant.objects.filter(organization=OuterRef("pk")).in_force(at=at)
        licensed, unlimited = Exists(grants), Exists(grants.filter(seats__isnull=True))
        a_seat_is_free = unlimited | Q(seats_granted__gt=F("seats_taken"))
        return (
            self.open()
            .alias(
                seats_granted=_per_organization(grants, Sum("seats")),
                seats_taken=Coalesce(_per_organization(users.seated(), Count("pk")), 0),
            )
            .filter((Exists(users.seated()) & ~licensed) | (Exists(users.awaiting_licence()) & a_seat_is_free))
            .order_by("pk")
        )

    def with_suspensions_that_end(self, *, at: datetime) -> Self:
        """Those with users whose suspension ends at the instant or earlier."""
        return self._with_users(lambda users: users.due_to_be_reinstated(at=at))

    def with_deletions_due(self, *, at: datetime) -> Self:
        """Those with users whose grace period before deletion is over."""
        return self._with_users(lambda users: users.due_to_be_deleted(at=at))

    def _with_users(self, choose: "Callable[[LicensedUserQuerySet], LicensedUserQuerySet]") -> Self:
        from accounts.models import LicensedUser

        return self.open().filter(pk__in=choose(LicensedUser.objects.all()).values("organization")).order_by("pk")


class LicenceGrantQuerySet(models.QuerySet["LicenceGrant"]):
    def in_force(self, *, at: datetime) -> Self:
        """From their first instant to before their end."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=at), valid_from__lte=at)


class LicensedUserQuerySet(models.QuerySet["LicensedUser"]):
    def live(self) -> Self:
        """Those who still count: their names are taken. Not those scheduled for deletion, nor the deleted."""
        return self.filter(status__in=LIVE)

    def seated(self) -> Self:
        """Those who use the product: each takes a seat of the licence."""
        return self.filter(status__in=SEATED)

    def awaiting_licence(self) -> Self:
        """Invited, or suspended only because the last licence ended: a licence with a free seat lets them in."""
        suspended = Q(status=LicenceStatus.SUSPENDED, suspension_reason=SuspensionReason.LICENCE_ENDED)
        return self.filter(Q(status=LicenceStatus.INVITED) | suspended)

    def concerned_by(self, rule: "AccessRule", *, at: datetime) -> Self:
        """Whom a client's rule means at an instant: all its conditions hold, and nothing exempts the person.

        Inactivity counts from the last use, and at the earliest from the day the person came into the present status:
        who was let in again yesterday is not inactive. An assignment ends with a local day of the organization.
        """
        from accounts.models import RuleExemption

        found = self.filter(organization=rule.organization_id, status__in=rule.statuses)
        if rule.inactive_days is not None:
            found = found.filter(status_at__lte=at - timedelta(days=rule.inactive_days)).filter(
                Q(last_active_at__isnull=True) | Q(last_active_at__lte=at - timedelta(days=rule.inactive_days))
            )
        if rule.assignment_over:
            found = found.filter(assignment_ends_on__lte=at.astimezone(ZoneInfo(rule.organization.time_zone)).date())
        if rule.departments:
            found = found.filter(department__in=rule.departments)
        if rule.exempt_departments:
            found = found.exclude(department__in=rule.exempt_departments)
        match rule.action:
            case RuleAction.RESTRICT:
                found = found.filter(status=LicenceStatus.ACTIVE)
            case RuleAction.SUSPEND:
                # Whom the end of the licence keeps out can be kept out for the client's own reason.
                found = found.filter(
                    ~Q(status=LicenceStatus.SUSPENDED) | Q(suspension_reason=SuspensionReason.LICENCE_ENDED)
                )
        exemptions = RuleExemption.objects.filter(organization=rule.organization_id, rule=rule)
        return found.exclude(Exists(exemptions.filter(licensed_user=OuterRef("pk"))))

    def due_to_be_reinstated(self, *, at: datetime) -> Self:
        return self.filter(status=LicenceStatus.SUSPENDED, suspended_until__lte=at)

    def due_to_be_deleted(self, *, at: datetime) -> Self:
        return self.filter(status=LicenceStatus.SCHEDULED, delete_at__lte=at)


class AccessRuleQuerySet(models.QuerySet["AccessRule"]):
    def looking(self) -> Self:
        """Those that look for people: they observe, or act."""
        return self.filter(mode__in=[RuleMode.OBSERVE, RuleMode.ENFORCED])

    def due_for_a_look(self, *, at: datetime) -> Self:
        """Those that have not looked for a day, and those with a finding whose warning period is over."""
        from accounts.models import RuleFinding

        ripe = RuleFinding.objects.filter(
            organization=OuterRef("organization"), rule=OuterRef("pk"), state=FindingState.OPEN, acts_at__lte=at
        )
        never_or_long_ago = Q(evaluated_at__isnull=True) | Q(evaluated_at__lte=at - LOOKS_EVERY)
        rules = self.looking().filter(organization__closed_at__isnull=True)
        return rules.filter(never_or_long_ago | Exists(ripe)).order_by("pk")


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def due_for_delivery(self, *, at: datetime) -> Self:
        """Not delivered, not given up, not held, and not waiting for its next attempt."""
        waiting = self.filter(delivered_at__isnull=True, failed_at__isnull=True, held_at__isnull=True)
        return waiting.filter(next_attempt_at__lte=at).order_by("pk")

    def to_fan_out(self) -> Self:
        """Not yet given to the webhooks, not held, and no running transaction can still write one before them."""
        return self.filter(settled(), fanned_out_at__isnull=True, held_at__isnull=True).order_by("pk")

    def held(self) -> Self:
        """Held since a restore, until somebody releases or drops them."""
        return self.filter(held_at__isnull=False).order_by("pk")


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

    return Exists(LicenceGrant.objects.filter(organization=organization).in_force(at=at))


def _per_organization(rows: models.QuerySet[Any], what: Aggregate) -> Subquery:
    """Count or sum the rows of the outer organization."""
    return Subquery(
        rows.order_by().values("organization").annotate(found=what).values("found"), output_field=IntegerField()
    )
