"""The stored deadline: what is due by which day, why, and what became of it."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import DeadlineKind
from contracts.models.contract import Contract
from contracts.querysets import DeadlineQuerySet
from contracts.rules.deadlines import is_late


class Deadline(TenantModel):
    """A deadline as the rules stated it. When its inputs change it is superseded: the row stays, another takes over.

    Days are inclusive and local to ``time_zone``; ``due_at`` is the midnight after the last of them. ``lapses`` says
    that it passes by itself, ``vendor_only`` that no client sees the row (row security holds it).
    """

    contract = TenantForeignKey(Contract, related_name="deadlines")
    kind = models.CharField(_("kind"), max_length=32, choices=labels.DEADLINE_KIND)
    subject_type = models.CharField(_("about"), max_length=32)
    subject_id = models.UUIDField(_("subject"))
    occurrence = models.PositiveIntegerField(_("occurrence"), default=0)
    nominal_on = models.DateField(_("nominal day"), help_text=_("The plain count"))
    legal_on = models.DateField(_("last day"), help_text=_("The last day that the law or the contract allows"))
    internal_on = models.DateField(_("act by"), help_text=_("The day by which we act"))
    other_reading_on = models.DateField(_("last day on another reading"), null=True, blank=True)
    calendar_country = models.CharField(_("country of the holidays"), max_length=2)
    time_zone = models.CharField(_("time zone"), max_length=64)
    rule = models.CharField(_("rule"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version of the rule"))
    inputs = models.JSONField(_("inputs"))
    why = models.JSONField(_("why"))
    due_at = models.DateTimeField(_("due at"))
    lapses = models.BooleanField(_("passes by itself"), default=False)
    vendor_only = models.BooleanField(_("for the vendor only"), default=False)
    opened_at = models.DateTimeField(_("opened at"))
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    met_by = models.CharField(_("met by"), max_length=80, blank=True)
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)
    superseded_by = models.UUIDField(
        _("superseded by"), null=True, blank=True, help_text=_("The deadline that took its place; empty: none did")
    )

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        constraints = [
            *tenant_keys("contracts_deadline"),
            models.UniqueConstraint(
                fields=["organization", "contract", "kind", "subject_id", "occurrence"],
                condition=Q(superseded_at__isnull=True),
                name="deadline_standing_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in DeadlineKind]), name="deadline_kind_known"
            ),
            models.CheckConstraint(condition=Q(internal_on__lte=F("legal_on")), name="deadline_acted_on_in_time"),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True, met_by="") | (Q(met_at__isnull=False) & ~Q(met_by="")),
                name="deadline_met_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(superseded_at__isnull=False) | Q(superseded_by__isnull=True),
                name="deadline_superseded_at_an_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="deadline_by_contract"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(met_at__isnull=True, superseded_at__isnull=True),
                name="deadline_open",
            ),
            models.Index(
                fields=["due_at", "contract"],
                condition=Q(met_at__isnull=True, superseded_at__isnull=True, lapses=True),
                name="deadline_due_lapse",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.legal_on}"

    def is_late(self, *, at: datetime) -> bool:
        """Say whether its last day is over although nobody met it; what passes by itself is never late."""
        return is_late(
            due_at=self.due_at, lapses=self.lapses, met_at=self.met_at, superseded_at=self.superseded_at, at=at
        )
