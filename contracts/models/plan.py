"""The renewal plan: the next term as the rules computed it, so that a sweep renews a set of contracts by SQL alone."""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts.models.contract import Contract


class RenewalPlan(TenantModel):
    """What the next renewal of a contract will write: one row a contract, overwritten whenever its inputs change.

    ``number`` to ``clauses`` are the next term's; ``following_*`` is the schedule that holds once it runs. A plan is
    used only if it is of the contract's next term and all that it was made from still stands
    (``operations/renewal_sets.py``). ``news_from`` is when the contract was signed here: what happened before is
    recorded, not announced.
    """

    contract = TenantForeignKey(Contract, related_name="plans")
    number = models.PositiveIntegerField(_("number"))
    days = DateRangeField(_("days"))
    starts_at = models.DateTimeField(_("starts at"))
    fee = models.DecimalField(_("annual fee before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    clauses = models.JSONField(_("clauses"))
    news_from = models.DateTimeField(_("announced from"), null=True, blank=True)
    following_last_notice_on = models.DateField(_("last day for notice"), null=True, blank=True)
    following_last_notice_why = models.JSONField(_("why this day"), default=dict, blank=True)
    following_certain_at = models.DateTimeField(_("renewal certain at"), null=True, blank=True)
    following_renews_at = models.DateTimeField(_("renews at"), null=True, blank=True)
    following_reminder_at = models.DateTimeField(_("next reminder at"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True, help_text=_("First day without service"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)

    class Meta:
        verbose_name = _("renewal plan")
        verbose_name_plural = _("renewal plans")
        constraints = [
            *tenant_keys("contracts_renewalplan"),
            models.UniqueConstraint(fields=["organization", "contract"], name="renewal_plan_once_per_contract"),
            models.CheckConstraint(condition=Q(number__gte=2), name="renewal_plan_is_of_a_later_term"),
            models.CheckConstraint(condition=Q(days__isempty=False), name="renewal_plan_covers_a_day"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True, ends_at__isnull=True)
                | Q(ends_on__isnull=False, ends_at__isnull=False),
                name="renewal_plan_ends_at_iff_ends_on",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="renewal_plan_starts_before_the_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.number}"
