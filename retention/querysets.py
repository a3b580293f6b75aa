"""The questions that the domain asks of retention's tables, each with its instant."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from retention.enums import Decision, RequestScope, RequestStatus, RotationState, RuleState, RunPhase, VaultState

# A request that is over. (Certified: what was to do is done, though backups still age.)
OVER = [
    RequestStatus.CERTIFIED.value,
    RequestStatus.COMPLETE.value,
    RequestStatus.DONE.value,
    RequestStatus.CANCELLED.value,
    RequestStatus.REFUSED.value,
]
GONE = [RequestStatus.ERASED.value, RequestStatus.VERIFIED.value]
# A run that nobody need work on: it is done, or waits for people.
RESTING = [RunPhase.CERTIFIED, RunPhase.COMPLETE, RunPhase.CANCELLED, RunPhase.RESIDUE_FOUND]

if TYPE_CHECKING:
    from retention.models import DeletionRequest, ErasureRun, KeyRotation, LegalHold, RetentionRule


class DeletionRequestQuerySet(models.QuerySet["DeletionRequest"]):
    def open(self) -> Self:
        return self.exclude(status__in=OVER)

    def unerased(self) -> Self:
        """Open, and the content not gone yet: what comes after is told by mails of its own."""
        return self.open().exclude(status__in=GONE)

    def due_for_erasure(self, *, at: datetime) -> Self:
        """Approved for good, past the retrieval period, the export decided. An archive nobody decided on lapses."""
        return (
            self.filter(Q(grace_until__isnull=True) | Q(grace_until__lte=at))
            .filter(status=RequestStatus.APPROVED, erase_from__lte=at)
            .exclude(export_decision=Decision.PENDING)
            .order_by("erase_from", "pk")
        )


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def in_force(self) -> Self:
        return self.filter(released_at__isnull=True)


class ErasureRunQuerySet(models.QuerySet["ErasureRun"]):
    def unfinished(self) -> Self:
        """Not certified, not stopped by residue, not paused, and not given up."""
        return (
            self.filter(paused_at__isnull=True)
            .exclude(phase__in=RESTING)
            .exclude(request__status__in=[RequestStatus.CANCELLED, RequestStatus.PARTIALLY_DONE])
        )

    def due(self, *, at: datetime) -> Self:
        """Unfinished, and nobody's: no lease, or one that has run out (its worker was killed)."""
        return self.unfinished().filter(Q(leased_until__isnull=True) | Q(leased_until__lte=at)).order_by("pk")

    def certified(self) -> Self:
        return self.filter(phase__in=[RunPhase.CERTIFIED, RunPhase.COMPLETE])

    def to_check(self, *, at: datetime) -> Self:
        """Certified, due for another look, and nobody's."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
        return self.certified().filter(free, next_check_at__lte=at)


class KeyRotationQuerySet(models.QuerySet["KeyRotation"]):
    def running(self) -> Self:
        return self.filter(state=RotationState.RUNNING)

    def due(self, *, at: datetime) -> Self:
        """Running, and not resting because something did not open."""
        return self.running().filter(Q(retry_at__isnull=True) | Q(retry_at__lte=at)).order_by("pk")


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def enforced(self) -> Self:
        return self.filter(state=RuleState.ENFORCED)

    def awake(self) -> Self:
        """Enforced, of organizations whose content is not left to an erasure of everything, nor destroyed."""
        from retention.models import DeletionRequest, Vault

        whole = DeletionRequest.objects.open().filter(
            organization=OuterRef("organization"), scope=RequestScope.ORGANIZATION
        )
        closed = Vault.objects.exclude(state=VaultState.OPEN).filter(organization=OuterRef("organization"))
        return self.enforced().filter(~Exists(whole), ~Exists(closed), organization__closed_at__isnull=True)

    def due_for_a_night(self, *, at: datetime) -> Self:
        """Those whose night may begin, or has begun and is not over."""
        return self.awake().filter(next_at__lte=at).order_by("next_at", "pk")
