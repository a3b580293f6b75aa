"""Bulk work: one act to thousands of people as one job, each person an item with what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.enums import BulkState, ItemState, LicenceAct, SuspensionReason
from accounts.models.licence import FEATURE


class BulkJob(TenantModel):
    """An act to many people of one organization, done a chunk at a time. ``undo_of`` is the job that it takes back."""

    act = models.CharField(_("act"), max_length=24, choices=LicenceAct.choices)
    reason = models.CharField(_("reason"), max_length=32, choices=SuspensionReason.choices, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    features = ArrayField(FEATURE, verbose_name=_("features left"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    undo_of = TenantForeignKey("self", verbose_name=_("takes back"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=BulkState.choices, default=BulkState.WAITING)
    total = models.PositiveIntegerField(_("people"))
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.PositiveIntegerField(_("not done"), default=0)
    requested_by = models.CharField(_("requested by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        constraints = [
            *tenant_keys("accounts_bulkjob"),
            models.UniqueConstraint(
                fields=["organization", "undo_of"],
                condition=Q(undo_of__isnull=False),
                name="bulk_job_taken_back_once",
            ),
            models.CheckConstraint(condition=Q(act__in=LicenceAct.values), name="bulk_job_act_known"),
            models.CheckConstraint(condition=Q(state__in=BulkState.values), name="bulk_job_state_known"),
            models.CheckConstraint(
                condition=Q(done__lte=F("total") - F("refused")), name="bulk_job_counts_no_more_than_all"
            ),
            models.CheckConstraint(
                condition=Q(state=BulkState.FINISHED, finished_at__isnull=False, total=F("done") + F("refused"))
                | (~Q(state=BulkState.FINISHED) & Q(finished_at__isnull=True)),
                name="bulk_job_finished_with_all",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "undo_of"], name="bulk_job_by_what_it_undoes"),
            models.Index(fields=["id"], condition=~Q(state=BulkState.FINISHED), name="bulk_job_to_do"),
        ]

    def __str__(self) -> str:
        return self.get_act_display()

    @property
    def percent(self) -> int:
        """How much of it is done, rounded down."""
        return 100 if not self.total else 100 * (self.done + self.refused) // self.total


class BulkItem(TenantModel):
    """One person of a job: done, or why not; and what they had before, so that it can be given back."""

    job = TenantForeignKey(BulkJob, verbose_name=_("bulk job"), related_name="items")
    licensed_user = TenantForeignKey("accounts.LicensedUser", verbose_name=_("licensed user"))
    state = models.CharField(_("state"), max_length=16, choices=ItemState.choices, default=ItemState.WAITING)
    code = models.CharField(_("why not"), max_length=40, blank=True)
    before_reason = models.CharField(_("reason before"), max_length=32, blank=True)
    before_until = models.DateTimeField(_("until before"), null=True, blank=True)
    before_features = ArrayField(FEATURE, verbose_name=_("features before"), null=True, blank=True)

    class Meta:
        verbose_name = _("item of a bulk job")
        verbose_name_plural = _("items of bulk jobs")
        constraints = [
            *tenant_keys("accounts_bulkitem"),
            models.UniqueConstraint(fields=["organization", "job", "licensed_user"], name="bulk_item_once"),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="bulk_item_state_known"),
            models.CheckConstraint(
                condition=Q(state=ItemState.REFUSED) & ~Q(code="") | (~Q(state=ItemState.REFUSED) & Q(code="")),
                name="bulk_item_refused_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "licensed_user"], name="bulk_item_by_person"),
            models.Index(fields=["organization", "job", "state", "id"], name="bulk_item_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.licensed_user)
