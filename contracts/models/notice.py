"""The notice: who declared what, when, with what proof, and how it was judged."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.models.contract import Contract


class Notice(TenantModel):
    """A notice as given. A late one does not vanish: ``ends_on`` is then the later end at which it takes effect."""

    contract = TenantForeignKey(Contract, related_name="notices")
    kind = models.CharField(_("kind"), max_length=16, choices=labels.NOTICE_KIND)
    party = models.CharField(_("given by"), max_length=8, choices=labels.NOTICE_PARTY)
    channel = models.CharField(_("channel"), max_length=20, choices=labels.NOTICE_CHANNEL)
    sent_on = models.DateField(_("sent on"))
    received_on = models.DateField(_("received on"), null=True, blank=True)
    entitled = models.BooleanField(_("sender is entitled"))
    judgment = models.CharField(_("judgment"), max_length=16, choices=labels.NOTICE_JUDGMENT)
    ends_on = models.DateField(
        _("ends the contract on"), null=True, blank=True, help_text=_("First day without service")
    )
    free_of_charge = models.BooleanField(
        _("free of charge"), default=False, help_text=_("Art. L215-1 C. consom.: what is prepaid is refunded pro rata")
    )
    why = models.JSONField(_("why"), default=dict)
    proof = TenantForeignKey(Document, null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            *tenant_keys("contracts_notice"),
            models.CheckConstraint(
                condition=Q(received_on__isnull=True) | Q(received_on__gte=F("sent_on")),
                name="notice_received_after_it_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(judgment="not_entitled", ends_on__isnull=True)
                | (~Q(judgment="not_entitled") & Q(ends_on__isnull=False)),
                name="notice_ends_the_contract_iff_entitled",
            ),
            models.UniqueConstraint(
                fields=["organization", "contract", "party"],
                condition=Q(withdrawn_at__isnull=True) & ~Q(judgment="not_entitled"),
                name="notice_standing_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="notice_by_contract"),
            models.Index(fields=["organization", "proof"], name="notice_by_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.sent_on}"
