"""The erasure run and its journal, what the verifier saw, and the certificate."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from retention.enums import AddendumKind, RowsHeldBy, RunPhase, StepStatus, Vacuumed
from retention.models.request import DeletionRequest
from retention.querysets import ErasureRunQuerySet


class ErasureRun(TenantModel):
    """One erasure of one request. ``public_id`` makes the ledger's entry idempotent; the lease says who works on it.

    ``identifiers`` are what the verifier searches for, sealed under a data key in this row, destroyed with the last
    scheduled check.
    """

    request = TenantForeignKey(DeletionRequest, related_name="runs")
    phase = models.CharField(_("phase"), max_length=16, choices=RunPhase.choices, default=RunPhase.PLANNED)
    planned_at = models.DateTimeField(_("planned at"))
    identifiers = models.BinaryField(null=True, blank=True)
    identifiers_key = models.BinaryField(null=True, blank=True)
    identifiers_key_version = models.PositiveIntegerField(null=True, blank=True)
    # When they were destroyed: backups hold them until a horizon after it.
    forgotten_at = models.DateTimeField(_("identifiers destroyed at"), null=True, blank=True)
    keys_destroyed = models.PositiveIntegerField(_("keys destroyed"), null=True, blank=True)
    keys_destroyed_at = models.DateTimeField(_("keys destroyed at"), null=True, blank=True)
    # After a restore of the ledger, from a backup that holds them: what follows from their absence counts from then.
    keys_destroyed_again_at = models.DateTimeField(_("keys destroyed again at"), null=True, blank=True)
    ledger_digest = models.CharField(_("digest of the ledger entry"), max_length=64, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    last_error = models.CharField(_("last error"), max_length=120, blank=True)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    paused_by = models.CharField(_("paused by"), max_length=80, blank=True)
    # Rows a second at most; empty: as the setting says.
    rate = models.PositiveIntegerField(_("rows a second at most"), null=True, blank=True)
    next_check_at = models.DateTimeField(_("searched again at"), null=True, blank=True)
    # From when the checks after an hour, a day, a week are counted.
    certified_at = models.DateTimeField(_("certified at"), null=True, blank=True)
    check_asked_at = models.DateTimeField(_("check asked for at"), null=True, blank=True)
    accepted = models.JSONField(_("accepted hits"), default=list, blank=True)
    # Public ids of the holds that covered anything of it on the way, noted while its people are there to tell.
    holds_met = models.JSONField(_("holds met"), default=list, blank=True)
    completed_at = models.DateTimeField(_("complete since"), null=True, blank=True)
    # Since when it stands here again because the ledger said so, after a restore.
    replayed_at = models.DateTimeField(_("replayed at"), null=True, blank=True)
    # What the ledger was told: when its entry expires, and that it was purged.
    ledger_expires_at = models.DateTimeField(_("ledger entry expires at"), null=True, blank=True)
    ledger_purged_at = models.DateTimeField(_("ledger entry purged at"), null=True, blank=True)

    objects = ErasureRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure run")
        verbose_name_plural = _("erasure runs")
        constraints = [
            *tenant_keys("retention_erasurerun"),
            models.UniqueConstraint(
                fields=["organization", "request"],
                condition=~Q(phase=RunPhase.CANCELLED),
                name="erasure_run_once_per_request",
            ),
            models.CheckConstraint(condition=Q(phase__in=RunPhase.values), name="erasure_run_phase_known"),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, paused_by="") | (Q(paused_at__isnull=False) & ~Q(paused_by="")),
                name="erasure_run_paused_by_someone",
            ),
            models.CheckConstraint(condition=Q(rate__isnull=True) | Q(rate__gte=1), name="erasure_run_rate_from_one"),
            models.CheckConstraint(
                condition=Q(phase__in=[RunPhase.PLANNED.value, RunPhase.DESTROYING.value, RunPhase.CANCELLED.value])
                | (Q(keys_destroyed_at__isnull=False) & ~Q(ledger_digest="")),
                name="erasure_run_keys_first",
            ),
            models.CheckConstraint(
                condition=Q(phase=RunPhase.COMPLETE, completed_at__isnull=False)
                | (~Q(phase=RunPhase.COMPLETE) & Q(completed_at__isnull=True)),
                name="erasure_run_completed_iff_complete",
            ),
            models.CheckConstraint(
                condition=~Q(phase__in=[RunPhase.CERTIFIED.value, RunPhase.COMPLETE.value])
                | Q(certified_at__isnull=False),
                name="erasure_run_certified_at_known",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "request"], name="erasure_run_by_request"),
            models.Index(
                fields=["id"],
                condition=~Q(phase__in=[RunPhase.CERTIFIED, RunPhase.COMPLETE, RunPhase.CANCELLED]),
                name="erasure_run_open",
            ),
            models.Index(
                fields=["certified_at", "id"],
                condition=Q(phase=RunPhase.CERTIFIED, next_check_at__isnull=True),
                name="erasure_run_to_complete",
            ),
            models.Index(
                fields=["next_check_at", "id"], condition=Q(next_check_at__isnull=False), name="erasure_run_to_check"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class ErasureStep(TenantModel):
    """The journal of one store: counts and checkpoint are written in the chunk's own transaction."""

    run = TenantForeignKey(ErasureRun, related_name="steps")
    position = models.PositiveSmallIntegerField(_("position"))
    store = models.CharField(_("store"), max_length=80)
    status = models.CharField(_("status"), max_length=10, choices=StepStatus.choices, default=StepStatus.WAITING)
    found = models.PositiveBigIntegerField(_("found"), default=0)
    erased = models.PositiveBigIntegerField(_("erased"), default=0)
    anonymised = models.PositiveBigIntegerField(_("anonymised"), default=0)
    # Where the walk stands: the person's internal key (of some people only), then the row's; or another store's words.
    checkpoint_person = models.BigIntegerField(_("person reached"), default=0)
    checkpoint = models.BigIntegerField(_("checkpoint"), default=0)
    cursor = models.TextField(_("checkpoint of another store"), blank=True)
    # Of what others wrote: the public ids of the rows that go, listed when the keys go until the ledger's entry is
    # purged, and what stayed and why. Null: no list was kept of such rows when this step's keys went.
    listed = ArrayField(models.UUIDField(), verbose_name=_("listed rows"), default=list, null=True, blank=True)
    kept = models.JSONField(_("kept of others' content"), default=dict, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    last_error = models.CharField(_("last error"), max_length=120, blank=True)
    again_at = models.DateTimeField(_("tried again at"), null=True, blank=True)
    # Since when no dead row is left in its tables' pages, or what held them; since when the tables were written anew.
    vacuumed_at = models.DateTimeField(_("vacuumed at"), null=True, blank=True)
    vacuumed_how = models.CharField(_("vacuumed by"), max_length=16, choices=Vacuumed.choices, blank=True)
    held_by = models.CharField(_("dead rows held by"), max_length=24, choices=RowsHeldBy.choices, blank=True)
    rewritten_at = models.DateTimeField(_("tables written anew at"), null=True, blank=True)
    sent_again = models.PositiveSmallIntegerField(_("times sent again"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("erasure step")
        verbose_name_plural = _("erasure steps")
        constraints = [
            *tenant_keys("retention_erasurestep"),
            models.UniqueConstraint(fields=["organization", "run", "store"], name="erasure_step_once_per_store"),
            models.CheckConstraint(
                condition=Q(status=StepStatus.DONE, finished_at__isnull=False)
                | (~Q(status=StepStatus.DONE) & Q(finished_at__isnull=True)),
                name="erasure_step_finished_iff_done",
            ),
            models.CheckConstraint(
                condition=Q(vacuumed_at__isnull=True, vacuumed_how="")
                | Q(vacuumed_at__isnull=False, vacuumed_how__in=Vacuumed.values, held_by=""),
                name="erasure_step_vacuumed_somehow",
            ),
            models.CheckConstraint(
                condition=Q(held_by="") | Q(held_by__in=RowsHeldBy.values), name="erasure_step_held_by_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(status=StepStatus.DONE, vacuumed_at__isnull=True),
                name="erasure_step_to_vacuum",
            ),
        ]

    def __str__(self) -> str:
        return self.store


class Verification(TenantModel):
    """One look at everything: how much was searched, and where something was still found (places, never values)."""

    run = TenantForeignKey(ErasureRun, related_name="verifications")
    performed_at = models.DateTimeField(_("performed at"))
    passed = models.BooleanField(_("passed"))
    searched = models.JSONField(_("searched"))
    hits = models.JSONField(_("hits"), default=list)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = tenant_keys("retention_verification")
        indexes = [models.Index(fields=["organization", "run", "id"], name="verification_by_run")]

    def __str__(self) -> str:
        return str(self.public_id)


class Certificate(TenantModel):
    """The signed statement of what was erased: JSON, Ed25519, checkable offline with the public key alone."""

    run = TenantForeignKey(ErasureRun)
    issued_at = models.DateTimeField(_("issued at"))
    signing_key = models.CharField(_("signing key"), max_length=16)
    document = models.JSONField(_("document"))

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            *tenant_keys("retention_certificate"),
            models.UniqueConstraint(fields=["organization", "run"], name="certificate_once_per_run"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class CertificateAddendum(TenantModel):
    """A signed statement about a certificate, made later; it names the digest of what came before it."""

    certificate = TenantForeignKey(Certificate, related_name="addenda")
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16, choices=AddendumKind.choices)
    issued_at = models.DateTimeField(_("issued at"))
    signing_key = models.CharField(_("signing key"), max_length=16)
    document = models.JSONField(_("document"))

    class Meta:
        verbose_name = _("addendum to a certificate")
        verbose_name_plural = _("addenda to certificates")
        constraints = [
            *tenant_keys("retention_certificateaddendum"),
            models.UniqueConstraint(
                fields=["organization", "certificate", "number"], name="certificate_addendum_numbered_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=AddendumKind.values), name="certificate_addendum_kind_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="certificate_addendum_numbered_from_one"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
