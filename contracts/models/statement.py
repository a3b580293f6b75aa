"""Statement lines: what a contract charges and gives back, before VAT; and the payments that came for it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import LineKind, VatTreatment
from contracts.models.contract import Contract
from contracts.models.term import Term


class StatementLine(TenantModel):
    """One amount before VAT for the days from ``starts_on`` to ``ends_on`` (exclusive).

    Fees and penalties are above zero, credits below; an uplift may be either. A refund is money to be paid back: above
    zero, and no charge. A line is never deleted: one that was prevented is voided. ``source`` is the public id of what
    brought it: a quote, a termination, an offer; a fee has its term instead.
    """

    contract = TenantForeignKey(Contract, related_name="statement_lines")
    term = TenantForeignKey(Term, null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=labels.LINE_KIND)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (first day after)"))
    due_on = models.DateField(_("due on"))
    amount = models.DecimalField(_("amount before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    vat = models.CharField(_("VAT treatment"), max_length=16, choices=labels.VAT_TREATMENT)
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    source = models.UUIDField(_("source"), null=True, blank=True)
    why = models.JSONField(_("why"), default=dict, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        constraints = [
            *tenant_keys("contracts_statementline"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in LineKind]), name="statement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(vat__in=[word.value for word in VatTreatment]), name="statement_vat_known"
            ),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="statement_covers_a_day"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="statement_currency_is_iso"),
            models.CheckConstraint(
                condition=Q(kind=LineKind.UPLIFT.value)
                | Q(kind=LineKind.CREDIT.value, amount__lte=0)
                | (~Q(kind=LineKind.CREDIT.value) & Q(amount__gte=0)),
                name="statement_sign_goes_with_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind=LineKind.FEE.value) | Q(term__isnull=False), name="statement_fee_names_its_term"
            ),
            models.UniqueConstraint(
                fields=["organization", "term", "starts_on"],
                condition=Q(kind=LineKind.FEE.value, voided_at__isnull=True),
                name="statement_fee_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="statement_by_contract"),
            models.Index(fields=["organization", "term", "id"], name="statement_by_term"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} {self.currency}"


class Payment(TenantModel):
    """Money that came for a contract, or went back (below zero). ``reference`` is the bank's, once per client."""

    contract = TenantForeignKey(Contract, related_name="payments")
    reference = models.CharField(_("reference"), max_length=80)
    paid_on = models.DateField(_("paid on"))
    amount = models.DecimalField(_("amount before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            *tenant_keys("contracts_payment"),
            models.UniqueConstraint(fields=["organization", "reference"], name="payment_reference_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="payment_is_not_nothing"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payment_currency_is_iso"),
        ]
        indexes = [models.Index(fields=["organization", "contract", "id"], name="payment_by_contract")]

    def __str__(self) -> str:
        return self.reference
