"""The quote: what leaving on a day costs, as it was told, kept for as long as it may be accepted and afterwards."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import TerminationGround
from contracts.models.contract import Contract


class Quote(TenantModel):
    """What was quoted. ``exit_on`` is the last day of service, ``valid_until`` the last day on which it is accepted.

    An empty ground is an exit on notice, at a term's end. ``lines`` and ``checklist`` hold what the rule answered, each
    with its reasons. ``total`` is what the client pays, below zero what the client receives, before VAT.
    """

    contract = TenantForeignKey(Contract, related_name="quotes")
    ground = models.CharField(_("ground"), max_length=16, choices=labels.TERMINATION_GROUND, blank=True)
    party = models.CharField(_("leaving side"), max_length=8, choices=labels.NOTICE_PARTY)
    quoted_on = models.DateField(_("quoted on"))
    valid_until = models.DateField(_("valid until"))
    exit_on = models.DateField(_("last day of service"))
    remaining_days = models.PositiveIntegerField(_("days remaining"))
    penalty = models.DecimalField(_("early-exit fee"), max_digits=14, decimal_places=2)
    refund = models.DecimalField(_("refund"), max_digits=14, decimal_places=2)
    total = models.DecimalField(_("total before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    agreed = models.DecimalField(_("agreed amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    right_to_leave = models.BooleanField(_("right to leave"))
    blocked = models.BooleanField(_("early-exit fee blocked"))
    flagged = models.BooleanField(_("early-exit fee not disclosed"))
    lines = models.JSONField(_("lines"))
    checklist = models.JSONField(_("leaving checklist"))
    made_by = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))
    accepted_by = models.CharField(_("accepted by"), max_length=80, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            *tenant_keys("contracts_quote"),
            models.CheckConstraint(
                condition=Q(ground__in=["", *(ground.value for ground in TerminationGround)]), name="quote_ground_known"
            ),
            models.CheckConstraint(condition=Q(valid_until__gte=F("quoted_on")), name="quote_valid_for_a_day_at_least"),
            models.CheckConstraint(condition=Q(penalty__gte=0, refund__gte=0), name="quote_amounts_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="quote_currency_is_iso"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by="")
                | (Q(accepted_at__isnull=False) & ~Q(accepted_by="")),
                name="quote_accepted_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["organization", "contract", "id"], name="quote_by_contract")]

    def __str__(self) -> str:
        return str(self.public_id)
