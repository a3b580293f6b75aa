"""The contract, its clauses in force and what the rules computed from them; and its terms, one row each."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import ContractStatus, ContractSuspension, NoticeEndOf
from contracts.querysets import ContractQuerySet
from contracts.rules.reminders import DEFAULT_LEADS, MOST_LEADS


def default_leads() -> list[int]:
    """Return the leads of reminders, in days, that a contract has unless it says others."""
    return list(DEFAULT_LEADS)


class Contract(TenantModel):
    """An agreement with a client. Dates are local days of ``time_zone``; ``ends_on`` is exclusive everywhere.

    The stored results (``term_*``, ``last_notice_on``, ``*_at``) are computed by the rules when their inputs change,
    and are empty where nothing is due.
    """

    reference = models.CharField(_("reference"), max_length=80)
    status = models.CharField(
        _("status"), max_length=16, choices=labels.CONTRACT_STATUS, default=ContractStatus.DRAFT.value
    )
    # What was agreed.
    concluded_on = models.DateField(_("concluded on"))
    starts_on = models.DateField(_("starts on"), help_text=_("The anchor: every term is counted from it"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    governing_law = models.CharField(_("governing law"), max_length=8, choices=labels.GOVERNING_LAW)
    first_term_months = models.PositiveSmallIntegerField(_("first term (months)"))
    minimum_commitment_months = models.PositiveSmallIntegerField(_("minimum commitment (months)"), default=0)
    renewal_term_months = models.PositiveSmallIntegerField(
        _("renewal term (months)"), null=True, blank=True, help_text=_("Empty: indefinite after the first term")
    )
    auto_renews = models.BooleanField(_("renews tacitly"), default=True)
    mid_term_exit = models.BooleanField(_("may be left within a term"), default=False)
    notice_length = models.PositiveSmallIntegerField(_("notice period"))
    notice_unit = models.CharField(_("unit of notice"), max_length=8, choices=labels.NOTICE_UNIT)
    notice_end_of = models.CharField(
        _("notice reaches"),
        max_length=8,
        choices=labels.NOTICE_END_OF,
        blank=True,
        help_text=_("Empty: no calendar period"),
    )
    notice_effect = models.CharField(_("notice takes effect on"), max_length=12, choices=labels.NOTICE_EFFECT)
    annual_fee = models.DecimalField(_("annual fee before VAT"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    billing_interval = models.CharField(_("billing interval"), max_length=12, choices=labels.BILLING_INTERVAL)
    billing_timing = models.CharField(_("billing"), max_length=12, choices=labels.BILLING_TIMING)
    paid_until = models.DateField(_("paid until (first unpaid day)"), null=True, blank=True)
    paid_before_on = models.DateField(
        _("taken over as paid until"), null=True, blank=True, help_text=_("First day that payments here must cover")
    )
    paid_ahead = models.DecimalField(
        _("paid and not yet charged"), max_digits=14, decimal_places=2, default=0, db_default=0
    )
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: unlimited"))
    features = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("features"),
        default=list,
        blank=True,
        help_text=_("Empty: everything"),
    )
    early_exit_rate = models.DecimalField(
        _("early-exit fee (share of the remaining fee)"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Empty: no right to leave early. 0.5 is half"),
    )
    early_exit_cap = models.DecimalField(
        _("cap of the early-exit fee"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    early_exit_refunds = models.BooleanField(_("prepaid and unused fees are refunded"), default=False)
    early_exit_disclosed_on = models.DateField(
        _("early-exit fee disclosed on"), null=True, blank=True, help_text=_("Art. 29(4) Data Act: before signature")
    )
    switching_notice_months = models.PositiveSmallIntegerField(
        _("switching notice (months)"), default=2, help_text=_("Art. 25(2)(d) Data Act: at most 2; more count as 2")
    )
    index_series = models.ForeignKey(
        "contracts.IndexSeries",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("index of the price"),
        help_text=_("Empty: the price follows no index"),
    )
    index_fixed_part = models.DecimalField(
        _("fixed part of the price (share)"), max_digits=5, decimal_places=4, default=Decimal(0)
    )
    index_floor = models.DecimalField(
        _("floor of the factor"), max_digits=8, decimal_places=6, null=True, blank=True, help_text=_("1 is no decrease")
    )
    index_cap = models.DecimalField(
        _("cap of the factor"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("1.03 is three per cent more"),
    )
    index_base_period = models.DateField(_("period of the base value"), null=True, blank=True)
    index_base_value = models.DecimalField(
        _("base value"),
        max_digits=18,
        decimal_places=8,
        null=True,
        blank=True,
        help_text=_("The index at signature: S0 of the first revision"),
    )
    stayed_until = models.DateField(
        _("renewal stayed until"),
        null=True,
        blank=True,
        help_text=_("Both sides agreed: the renewal neither becomes certain nor starts before this day is over"),
    )
    stayed_term = models.PositiveIntegerField(_("renewal stayed after term"), null=True, blank=True)
    stay_proof = TenantForeignKey("accounts.Document", null=True, blank=True, verbose_name=_("signed stay"))
    owner = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("owner")
    )
    reminder_leads = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("reminders (days before the last day for notice)"),
        default=default_leads,
        blank=True,
    )
    reminds_client = models.BooleanField(_("the client's contacts are reminded too"), default=False)
    retrieval_days = models.PositiveSmallIntegerField(_("retrieval period (days)"), default=30)
    erasure_days = models.PositiveSmallIntegerField(
        _("erased within (days after the retrieval period)"),
        null=True,
        blank=True,
        help_text=_("Empty: what the vendor promises to all its clients"),
    )
    end_choice = models.CharField(
        _("at the end"), max_length=24, choices=labels.END_CHOICE, help_text=_("Art. 28(3)(g) GDPR")
    )
    # What the rules computed.
    starts_at = models.DateTimeField(_("starts at"))
    term_number = models.PositiveIntegerField(_("current term"), default=0)
    term_lengths = models.JSONField(
        _("lengths of renewals before an amendment"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
    )
    term_ends_on = models.DateField(_("term ends on"), null=True, blank=True, help_text=_("First day after it"))
    last_notice_on = models.DateField(_("last day for notice"), null=True, blank=True)
    last_notice_why = models.JSONField(_("why this day"), default=dict, blank=True)
    certain_at = models.DateTimeField(_("renewal certain at"), null=True, blank=True)
    renews_at = models.DateTimeField(_("renews at"), null=True, blank=True)
    planned_for = models.PositiveIntegerField(
        _("renewal planned"), null=True, blank=True, help_text=_("The number of the term that is planned")
    )
    next_reminder_at = models.DateTimeField(_("next reminder at"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True, help_text=_("First day without service"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=24, choices=labels.END_REASON, blank=True)
    deadlines_stale = models.BooleanField(
        _("deadlines to be computed again"), default=True, help_text=_("What they depend on has changed")
    )
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    suspension_reason = models.CharField(
        _("reason of suspension"), max_length=16, choices=labels.CONTRACT_SUSPENSION, blank=True
    )
    resumes_at = models.DateTimeField(_("resumes at"), null=True, blank=True)
    calendar_due_at = models.DateTimeField(
        _("calendar to be computed again at"),
        null=True,
        blank=True,
        help_text=_("When a further month comes into view"),
    )
    created_at = models.DateTimeField(_("created at"))

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        constraints = [
            *tenant_keys("contracts_contract"),
            models.UniqueConstraint(
                fields=["organization", "reference"],
                condition=~Q(status=ContractStatus.CANCELLED.value),
                name="contract_reference_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in ContractStatus]), name="contract_status_known"
            ),
            models.CheckConstraint(condition=Q(first_term_months__gte=1), name="contract_first_term_at_least_a_month"),
            models.CheckConstraint(
                condition=Q(erasure_days__isnull=True) | Q(erasure_days__range=(1, 365)),
                name="contract_erased_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(renewal_term_months__isnull=True) | Q(renewal_term_months__gte=1),
                name="contract_renewal_term_at_least_a_month",
            ),
            models.CheckConstraint(condition=Q(annual_fee__gte=0), name="contract_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(notice_end_of__in=["", *(word.value for word in NoticeEndOf)]),
                name="contract_notice_end_of_known",
            ),
            models.CheckConstraint(
                condition=Q(early_exit_rate__isnull=True) | Q(early_exit_rate__gte=0, early_exit_rate__lte=1),
                name="contract_early_exit_rate_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(early_exit_cap__isnull=True) | Q(early_exit_cap__gte=0),
                name="contract_early_exit_cap_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    index_series__isnull=True,
                    index_fixed_part=0,
                    index_floor__isnull=True,
                    index_cap__isnull=True,
                    index_base_period__isnull=True,
                    index_base_value__isnull=True,
                )
                | Q(index_series__isnull=False, index_base_period__isnull=False, index_base_value__isnull=False),
                name="contract_index_clause_whole_or_none",
            ),
            models.CheckConstraint(
                condition=Q(index_fixed_part__gte=0, index_fixed_part__lte=1),
                name="contract_index_fixed_part_is_a_share",
            ),
            models.CheckConstraint(
                condition=(Q(index_floor__isnull=True) | Q(index_floor__gte=0))
                & (Q(index_cap__isnull=True) | Q(index_cap__gte=0))
                & (Q(index_floor__isnull=True) | Q(index_cap__isnull=True) | Q(index_floor__lte=F("index_cap"))),
                name="contract_index_floor_below_cap",
            ),
            models.CheckConstraint(
                condition=Q(index_base_value__isnull=True) | Q(index_base_value__gt=0),
                name="contract_index_base_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(stayed_until__isnull=True, stayed_term__isnull=True, stay_proof__isnull=True)
                | Q(
                    stayed_until__isnull=False, stayed_term__isnull=False, stay_proof__isnull=False, stayed_term__gte=1
                ),
                name="contract_stayed_with_proof",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="contract_currency_is_iso"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="contract_starts_before_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True, ends_at__isnull=True)
                | Q(ends_on__isnull=False, ends_at__isnull=False),
                name="contract_ends_at_iff_ends_on",
            ),
            models.CheckConstraint(
                condition=Q(status=ContractStatus.ENDED.value, ended_at__isnull=False, ends_on__isnull=False)
                | (~Q(status=ContractStatus.ENDED.value) & Q(ended_at__isnull=True)),
                name="contract_ended_at_iff_ended",
            ),
            models.CheckConstraint(
                condition=Q(renews_at__isnull=True) | Q(ends_at__isnull=True) | Q(renews_at__lt=F("ends_at")),
                name="contract_renews_only_before_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(term_ends_on__isnull=False) | Q(renews_at__isnull=True, certain_at__isnull=True),
                name="contract_indefinite_term_never_renews",
            ),
            models.CheckConstraint(
                condition=Q(status=ContractStatus.ACTIVE.value) | Q(renews_at__isnull=True, certain_at__isnull=True),
                name="contract_only_active_renews",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, suspension_reason="", resumes_at__isnull=True)
                | Q(
                    suspended_at__isnull=False,
                    suspension_reason__in=[reason.value for reason in ContractSuspension],
                    status__in=[ContractStatus.ACTIVE.value, ContractStatus.ENDED.value],
                ),
                name="contract_suspended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(resumes_at__isnull=True) | Q(resumes_at__gt=F("suspended_at")),
                name="contract_resumes_after_its_suspension",
            ),
            models.CheckConstraint(
                condition=Q(planned_for__isnull=True) | Q(planned_for__gte=2, planned_for__lte=F("term_number") + 1),
                name="contract_planned_for_its_next_term_at_most",
            ),
            models.CheckConstraint(
                condition=Q(next_reminder_at__isnull=True)
                | Q(status=ContractStatus.ACTIVE.value, ends_on__isnull=True, term_ends_on__isnull=False),
                name="contract_reminds_only_before_a_renewal",
            ),
            models.CheckConstraint(
                condition=Q(reminder_leads__len__lte=MOST_LEADS), name="contract_reminders_not_too_many"
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at", "id"], condition=Q(status=ContractStatus.SIGNED.value), name="contract_due_start"
            ),
            models.Index(
                fields=["certain_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, certain_at__isnull=False),
                name="contract_due_certainty",
            ),
            models.Index(
                fields=["renews_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, renews_at__isnull=False),
                name="contract_due_renewal",
            ),
            models.Index(
                fields=["renews_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, renews_at__isnull=False)
                & (Q(planned_for__isnull=True) | ~Q(planned_for=F("term_number") + 1)),
                name="contract_due_plan",
            ),
            models.Index(
                fields=["resumes_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, resumes_at__isnull=False),
                name="contract_due_resumption",
            ),
            models.Index(
                fields=["ends_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, ends_at__isnull=False),
                name="contract_due_end",
            ),
            models.Index(fields=["id"], condition=Q(deadlines_stale=True), name="contract_deadlines_stale"),
            models.Index(
                fields=["next_reminder_at", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, next_reminder_at__isnull=False),
                name="contract_due_reminder",
            ),
            models.Index(
                fields=["calendar_due_at", "id"],
                condition=Q(calendar_due_at__isnull=False),
                name="contract_calendar_due",
            ),
            models.Index(
                fields=["term_ends_on", "id"],
                condition=Q(status=ContractStatus.ACTIVE.value, renews_at__isnull=False, index_series__isnull=False),
                name="contract_due_uplift",
            ),
            models.Index(fields=["organization", "status"], name="contract_by_status"),
            models.Index(fields=["organization", "stay_proof"], name="contract_by_stay_proof"),
        ]

    def __str__(self) -> str:
        return self.reference
