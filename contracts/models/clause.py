"""The clauses of a contract beside its columns: what it says, the document that proves it, and until when."""

from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import ClauseCode
from contracts.models.contract import Contract


class ContractClause(TenantModel):
    """A clause as recorded. A later one of the same code supersedes it; the earlier one stays as evidence.

    The form of ``value`` goes by ``code`` (``contracts/rules/clauses.py``). ``valid_until`` is the last day on which
    the evidence counts.
    """

    contract = TenantForeignKey(Contract, related_name="clauses")
    code = models.CharField(_("clause"), max_length=24, choices=labels.CLAUSE)
    value = JSONField(_("value"))
    evidence = TenantForeignKey(Document, null=True, blank=True)
    valid_until = models.DateField(_("evidence valid until"), null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        constraints = [
            *tenant_keys("contracts_contractclause"),
            models.UniqueConstraint(
                fields=["organization", "contract", "code"],
                condition=Q(superseded_at__isnull=True),
                name="clause_current_once",
            ),
            models.CheckConstraint(condition=Q(code__in=[code.value for code in ClauseCode]), name="clause_code_known"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(evidence__isnull=False), name="clause_validity_is_of_evidence"
            ),
            models.CheckConstraint(
                condition=~Q(code=ClauseCode.TRAINING_ALLOWED.value)
                | ~Q(value=Value(True, JSONField()))
                | Q(evidence__isnull=False),
                name="clause_training_only_authorised",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="clause_by_contract"),
            models.Index(fields=["organization", "evidence"], name="clause_by_evidence"),
        ]

    def __str__(self) -> str:
        return str(self.get_code_display())
