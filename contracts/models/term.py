"""The terms of a contract: each renewal is a new one."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts.models.contract import Contract


class Term(TenantModel):
    """One period of a contract, with the price and clauses that held when it began: a renewal is a new contract.

    ``certain_at`` is when no notice could prevent it any more, ``started_at`` its local midnight. A notice that
    was given in time but recorded late voids the terms it prevented; they stay as evidence.
    """

    contract = TenantForeignKey(Contract, related_name="terms")
    number = models.PositiveIntegerField(_("number"))
    days = DateRangeField(_("days"))
    fee = models.DecimalField(_("annual fee before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    clauses = models.JSONField(_("clauses"))
    certain_at = models.DateTimeField(_("certain at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        constraints = [
            *tenant_keys("contracts_term"),
            models.UniqueConstraint(
                fields=["organization", "contract", "number"],
                condition=Q(voided_at__isnull=True),
                name="term_number_once",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="term_number_from_one"),
            models.CheckConstraint(condition=Q(days__isempty=False), name="term_covers_a_day"),
            ExclusionConstraint(
                name="terms_do_not_overlap",
                expressions=[
                    ("contract", RangeOperators.EQUAL),
                    ("days", RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["organization", "contract", "id"], name="term_by_contract")]

    def __str__(self) -> str:
        return str(self.number)
