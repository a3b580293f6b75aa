"""The amendment: clauses that both sides changed, from a day on, with its proof."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts.models.contract import Contract
from contracts.querysets import AmendmentQuerySet


class Amendment(TenantModel):
    """A set of clauses valid from a day. ``values`` and ``before`` are clause name → value, as JSON has it.

    It is applied at the local midnight of ``valid_from``; terms that have begun keep their snapshot. ``before`` is what
    held when it was applied. ``source`` is the public id of what brought it, such as an accepted offer; without one the
    vendor recorded it alone, and a proof is there.
    """

    contract = TenantForeignKey(Contract, related_name="amendments")
    agreed_on = models.DateField(_("agreed on"))
    valid_from = models.DateField(_("valid from"))
    applies_at = models.DateTimeField(_("applies at"))
    values = models.JSONField(_("new clauses"))
    before = models.JSONField(_("clauses before"), default=dict, blank=True)
    source = models.UUIDField(_("source"), null=True, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        constraints = [
            *tenant_keys("contracts_amendment"),
            models.CheckConstraint(condition=~Q(values={}), name="amendment_changes_something"),
            models.CheckConstraint(
                condition=Q(proof__isnull=False) | Q(source__isnull=False), name="amendment_proved_or_from_both_sides"
            ),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True) | Q(voided_at__isnull=True), name="amendment_applied_or_voided"
            ),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True) | Q(applied_at__gte=F("applies_at")),
                name="amendment_applied_when_valid",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="amendment_by_contract"),
            models.Index(fields=["organization", "proof"], name="amendment_by_proof"),
            models.Index(
                fields=["applies_at", "id"],
                condition=Q(applied_at__isnull=True, voided_at__isnull=True),
                name="amendment_due",
            ),
            models.Index(
                fields=["contract", "applies_at"],
                condition=Q(applied_at__isnull=True, voided_at__isnull=True),
                name="amendment_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.valid_from}"
