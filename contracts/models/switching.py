"""The switching case of the Data Act: what the customer asked for, its dates, and each act with its proof."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import SwitchKind, SwitchStatus, SwitchStep
from contracts.models.contract import Contract
from contracts.querysets import SwitchingCaseQuerySet

# From this day nothing may be charged for a switch (Regulation 2023/2854, Article 29(1)).
NO_CHARGES_FROM = date(2027, 1, 12)
FINAL = [SwitchStatus.COMPLETED.value, SwitchStatus.ENDED.value, SwitchStatus.WITHDRAWN.value]


class SwitchingCase(TenantModel):
    """A switch as it stands. Its dates are inclusive last days, but ``erase_from``: the first day of erasure,
    whose local midnight is ``erase_at``.

    ``notice_months`` is what the contract says, even if it says too much; the dates follow from what counts, and
    ``why`` explains them. ``next_at`` is the instant at which the next step is due by itself.
    """

    contract = TenantForeignKey(Contract, related_name="switching_cases")
    kind = models.CharField(_("kind"), max_length=16, choices=labels.SWITCH_KIND)
    status = models.CharField(_("status"), max_length=16, choices=labels.SWITCH_STATUS)
    destination = models.CharField(_("destination"), max_length=200, blank=True, help_text=_("The new provider"))
    received_on = models.DateField(_("received on"))
    notice_months = models.PositiveSmallIntegerField(_("switching notice of the contract (months)"))
    notice_end = models.DateField(_("notice ends"))
    unfeasible_limit = models.DateField(_("unfeasibility may be told until"), null=True, blank=True)
    unfeasible_told_on = models.DateField(_("unfeasibility told on"), null=True, blank=True)
    unfeasible_length = models.PositiveSmallIntegerField(_("longer transition"), null=True, blank=True)
    unfeasible_unit = models.CharField(_("unit"), max_length=8, choices=labels.NOTICE_UNIT, blank=True)
    extended_to = models.DateField(_("extended to"), null=True, blank=True)
    transition_end = models.DateField(_("transition ends"), null=True, blank=True)
    completed_on = models.DateField(_("completed on"), null=True, blank=True)
    retrieval_end = models.DateField(_("retrieval period ends"), null=True, blank=True)
    erase_from = models.DateField(_("erasure from"))
    erase_at = models.DateTimeField(_("erasure from (instant)"))
    why = models.JSONField(_("why"), default=dict, blank=True)
    next_at = models.DateTimeField(_("next step at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("choice asked at"), null=True, blank=True)
    choice = models.CharField(_("the client's choice"), max_length=16, choices=labels.SWITCH_CHOICE, blank=True)
    charge = models.DecimalField(_("switching charge"), max_digits=14, decimal_places=2, null=True, blank=True)
    charge_cost = models.DecimalField(
        _("cost of the switch to the vendor"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    charged_on = models.DateField(_("charged on"), null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = SwitchingCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("switching case")
        verbose_name_plural = _("switching cases")
        constraints = [
            *tenant_keys("contracts_switchingcase"),
            models.UniqueConstraint(
                fields=["organization", "contract"], condition=~Q(status__in=FINAL), name="switching_open_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in SwitchStatus]), name="switching_status_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in SwitchKind]), name="switching_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=SwitchKind.ERASURE_ONLY.value, transition_end__isnull=True, retrieval_end__isnull=True)
                | (
                    ~Q(kind=SwitchKind.ERASURE_ONLY.value)
                    & Q(transition_end__isnull=False, retrieval_end__isnull=False)
                ),
                name="switching_transition_iff_transfer",
            ),
            models.CheckConstraint(
                condition=~Q(kind=SwitchKind.ERASURE_ONLY.value)
                | Q(
                    status__in=[
                        SwitchStatus.ERASE_ONLY.value,
                        SwitchStatus.ENDED.value,
                        SwitchStatus.WITHDRAWN.value,
                    ]
                ),
                name="switching_erasure_only_transfers_nothing",
            ),
            models.CheckConstraint(
                condition=Q(notice_end__gte=F("received_on")), name="switching_notice_after_receipt"
            ),
            models.CheckConstraint(
                condition=Q(transition_end__isnull=True) | Q(transition_end__gte=F("notice_end")),
                name="switching_transition_after_notice",
            ),
            models.CheckConstraint(
                condition=Q(retrieval_end__isnull=True) | Q(retrieval_end__gt=F("transition_end")),
                name="switching_retrieval_after_transition",
            ),
            models.CheckConstraint(
                condition=Q(erase_from__gt=F("notice_end"))
                & (Q(retrieval_end__isnull=True) | Q(erase_from__gt=F("retrieval_end"))),
                name="switching_erasure_after_retrieval",
            ),
            models.CheckConstraint(
                condition=Q(unfeasible_told_on__isnull=True, unfeasible_length__isnull=True, unfeasible_unit="")
                | (
                    Q(unfeasible_told_on__isnull=False, unfeasible_length__isnull=False)
                    & ~Q(unfeasible_unit="")
                    & Q(unfeasible_told_on__lte=F("unfeasible_limit"))
                ),
                name="switching_unfeasible_told_in_time",
            ),
            models.CheckConstraint(
                condition=Q(status=SwitchStatus.COMPLETED.value, completed_on__isnull=False)
                | (~Q(status=SwitchStatus.COMPLETED.value) & Q(completed_on__isnull=True)),
                name="switching_completed_on_iff_completed",
            ),
            models.CheckConstraint(
                condition=Q(completed_on__isnull=True) | Q(completed_on__gte=F("received_on")),
                name="switching_completed_after_receipt",
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL, closed_at__isnull=False, next_at__isnull=True)
                | (~Q(status__in=FINAL) & Q(closed_at__isnull=True)),
                name="switching_closed_at_iff_final",
            ),
            models.CheckConstraint(
                condition=Q(charge__isnull=True, charge_cost__isnull=True, charged_on__isnull=True)
                | Q(charge__gte=0, charge_cost__gte=F("charge"), charged_on__isnull=False),
                name="switching_charge_at_most_cost",
            ),
            models.CheckConstraint(
                condition=Q(charged_on__isnull=True) | Q(charged_on__lt=NO_CHARGES_FROM) | Q(charge=0),
                name="switching_no_charge_from_2027_01_12",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="switching_by_contract"),
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="switching_due_step"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_on}"


class SwitchingAct(TenantModel):
    """One declaration in a switch, with its proof: kept as it was given. ``reasons`` are the vendor's own."""

    case = TenantForeignKey(SwitchingCase, related_name="acts")
    step = models.CharField(_("step"), max_length=16, choices=labels.SWITCH_STEP)
    done_on = models.DateField(_("done on"))
    reasons = models.CharField(_("reasons"), max_length=2000, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("act of a switch")
        verbose_name_plural = _("acts of switches")
        constraints = [
            *tenant_keys("contracts_switchingact"),
            models.CheckConstraint(
                condition=Q(step__in=[step.value for step in SwitchStep]), name="switching_act_step_known"
            ),
            models.UniqueConstraint(
                fields=["organization", "case", "step"],
                condition=~Q(step=SwitchStep.CHOSEN.value),
                name="switching_act_once",
            ),
            models.CheckConstraint(
                condition=~Q(step=SwitchStep.UNFEASIBLE_TOLD.value) | ~Q(reasons=""),
                name="switching_unfeasible_with_reasons",
            ),
            models.CheckConstraint(
                condition=~Q(step=SwitchStep.WITHDRAWN.value) | Q(proof__isnull=False),
                name="switching_withdrawal_proved",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "case", "id"], name="switching_act_by_case"),
            models.Index(fields=["organization", "proof"], name="switching_act_by_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.done_on}"
