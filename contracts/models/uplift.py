"""The uplift: what a contract's index makes of its price from the next term on, with the evidence, and who decided."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import UpliftState
from contracts.models.contract import Contract
from contracts.querysets import UpliftQuerySet

_COMPUTED = [UpliftState.PROPOSED.value, UpliftState.APPLIED.value, UpliftState.VOIDED.value]
_DECIDED = [UpliftState.APPLIED.value, UpliftState.REJECTED.value, UpliftState.VOIDED.value]


class Uplift(TenantModel):
    """One row for each term that might begin at another price. It is proposed anew whenever its inputs change.

    ``seen_*`` are the last index value, link and amendment of the contract that it was computed with: when another is
    recorded, it is looked at again. Nothing is applied without a person's decision.
    """

    contract = TenantForeignKey(Contract, related_name="uplifts")
    number = models.PositiveIntegerField(_("term"))
    starts_on = models.DateField(_("first day of the term"))
    s0 = models.DecimalField(_("S0"), max_digits=18, decimal_places=8)
    s0_period = models.DateField(_("period of S0"))
    s1 = models.DecimalField(_("S1"), max_digits=18, decimal_places=8, null=True, blank=True)
    s1_period = models.DateField(_("period of S1"), null=True, blank=True)
    link = models.DecimalField(_("link"), max_digits=14, decimal_places=8, null=True, blank=True)
    factor = models.DecimalField(_("factor"), max_digits=20, decimal_places=10, null=True, blank=True)
    price_before = models.DecimalField(_("annual fee before"), max_digits=14, decimal_places=2)
    price_after = models.DecimalField(_("annual fee after"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=8, choices=labels.UPLIFT_STATE)
    evidence = models.JSONField(_("evidence"), default=dict)
    evaluated_at = models.DateTimeField(_("evaluated at"))
    seen_value = models.BigIntegerField(default=0)
    seen_link = models.BigIntegerField(default=0)
    seen_amendment = models.BigIntegerField(default=0)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = UpliftQuerySet.as_manager()

    class Meta:
        verbose_name = _("uplift")
        verbose_name_plural = _("uplifts")
        constraints = [
            *tenant_keys("contracts_uplift"),
            models.UniqueConstraint(
                fields=["organization", "contract", "starts_on"],
                condition=~Q(state=UpliftState.VOIDED.value),
                name="uplift_once_per_term",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in UpliftState]), name="uplift_state_known"
            ),
            models.CheckConstraint(condition=Q(number__gte=2), name="uplift_is_of_a_later_term"),
            models.CheckConstraint(
                condition=Q(s1__isnull=True, s1_period__isnull=True, link__isnull=True, factor__isnull=True)
                & Q(price_after__isnull=True)
                | Q(s1__isnull=False, s1_period__isnull=False, factor__isnull=False, price_after__isnull=False)
                & Q(s1__gt=0, s1_period__gt=F("s0_period"), factor__gte=0, price_after__gte=0),
                name="uplift_computed_whole_or_not_at_all",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_COMPUTED) | Q(s1__isnull=False),
                name="uplift_never_guessed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_DECIDED, decided_at__isnull=False)
                | (~Q(state__in=_DECIDED) & Q(decided_at__isnull=True)),
                name="uplift_decided_at_iff_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="uplift_by_contract"),
            models.Index(
                fields=["starts_on", "id"],
                condition=Q(state__in=[UpliftState.PROPOSED.value, UpliftState.FLAGGED.value]),
                name="uplift_undecided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.starts_on}"
