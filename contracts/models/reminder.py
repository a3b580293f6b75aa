"""The reminder: sent once before the last day for notice of a term, or passed over, with the proof of its sending."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import ReminderKind
from contracts.models.contract import Contract
from contracts.querysets import ReminderQuerySet


class Reminder(TenantModel):
    """A reminder of one term. ``message`` is the public id of the announcement that carried it: its delivery proves it.

    What was skipped came too late to be of use; a skipped one of the Loi Chatel opens the client a free way out.
    ``outcome_at`` is when its deadline took note that the announcement was delivered, or given up.
    """

    contract = TenantForeignKey(Contract, related_name="reminders")
    term_number = models.PositiveIntegerField(_("term"))
    kind = models.CharField(_("kind"), max_length=8, choices=labels.REMINDER_KIND)
    lead = models.PositiveSmallIntegerField(_("days before"))
    due_on = models.DateField(_("due on"))
    last_notice_on = models.DateField(_("last day for notice"))
    why = models.JSONField(_("why"), default=dict, blank=True)
    message = models.UUIDField(_("announcement"), null=True, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    skipped_at = models.DateTimeField(_("skipped at"), null=True, blank=True)
    outcome_at = models.DateTimeField(_("outcome noted at"), null=True, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            *tenant_keys("contracts_reminder"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in ReminderKind]), name="reminder_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, skipped_at__isnull=False)
                | Q(sent_at__isnull=False, skipped_at__isnull=True),
                name="reminder_sent_or_skipped",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(message__isnull=False) | Q(proof__isnull=False),
                name="reminder_sent_with_proof",
            ),
            models.CheckConstraint(
                condition=Q(due_on__lte=models.F("last_notice_on")), name="reminder_due_before_the_last_day"
            ),
            models.CheckConstraint(
                condition=Q(outcome_at__isnull=True) | Q(message__isnull=False, proof__isnull=True),
                name="reminder_outcome_of_an_announcement",
            ),
            models.UniqueConstraint(
                fields=["organization", "contract", "term_number", "kind", "lead", "due_on"], name="reminder_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "proof"], name="reminder_by_proof"),
            models.Index(
                fields=["organization", "contract"],
                condition=Q(
                    kind=ReminderKind.CHATEL.value, sent_at__isnull=False, proof__isnull=True, outcome_at__isnull=True
                ),
                name="reminder_on_its_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_on}"
