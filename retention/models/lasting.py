"""How long a client's content is kept during the contract: the client's rules, and what each night erased by them."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from retention.enums import BeyondState, ContentCategory, KeptLongestBy, LengthUnit, NightState, RuleEnd, RuleState
from retention.querysets import RetentionRuleQuerySet

# A preview that is older says too little about what would go: rows come and go.
PREVIEW_HOLDS = timedelta(days=1)
LONGEST_AMOUNT = 36_525
SEEN = [RuleState.PREVIEWED.value, RuleState.ENFORCED.value]
BEFORE = [RuleState.DRAFTED.value, RuleState.PREVIEWED.value]


class RetentionRule(TenantModel):
    """A client's instruction how long a category of its content is kept, counted from the content's own instant.

    It is seen before it acts: ``preview`` holds what it would have erased at ``previewed_at``. ``next_at`` is the
    instant from which its next night may begin. ``proof`` and ``end_proof``: where the vendor's staff recorded what the
    client instructed.
    """

    category = models.CharField(_("category"), max_length=16, choices=ContentCategory.choices)
    amount = models.PositiveIntegerField(_("kept for"))
    unit = models.CharField(_("unit"), max_length=8, choices=LengthUnit.choices)
    state = models.CharField(_("state"), max_length=10, choices=RuleState.choices, default=RuleState.DRAFTED)
    drafted_by = models.CharField(_("drafted by"), max_length=80)
    drafted_at = models.DateTimeField(_("drafted at"))
    proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof"))
    preview = models.JSONField(_("what it would have erased"), null=True, blank=True)
    previewed_by = models.CharField(_("previewed by"), max_length=80, blank=True)
    previewed_at = models.DateTimeField(_("previewed at"), null=True, blank=True)
    enforced_by = models.CharField(_("enforced by"), max_length=80, blank=True)
    enforced_at = models.DateTimeField(_("enforced at"), null=True, blank=True)
    next_at = models.DateTimeField(_("next night from"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_because = models.CharField(_("ended because"), max_length=10, choices=RuleEnd.choices, blank=True)
    end_proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof of the end"))

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            *tenant_keys("retention_retentionrule"),
            models.UniqueConstraint(
                fields=["organization", "category"],
                condition=Q(state=RuleState.ENFORCED),
                name="retention_rule_enforced_once",
            ),
            models.CheckConstraint(
                condition=Q(category__in=ContentCategory.values), name="retention_rule_category_known"
            ),
            models.CheckConstraint(condition=Q(unit__in=LengthUnit.values), name="retention_rule_unit_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=LONGEST_AMOUNT), name="retention_rule_has_a_length"
            ),
            models.CheckConstraint(condition=Q(state__in=RuleState.values), name="retention_rule_state_known"),
            models.CheckConstraint(condition=~Q(drafted_by=""), name="retention_rule_drafted_by_someone"),
            models.CheckConstraint(
                condition=Q(preview__isnull=True, previewed_at__isnull=True, previewed_by="")
                | (Q(preview__isnull=False, previewed_at__isnull=False) & ~Q(previewed_by="")),
                name="retention_rule_previewed_by_someone",
            ),
            models.CheckConstraint(
                condition=(~Q(state=RuleState.DRAFTED) | Q(previewed_at__isnull=True))
                & (~Q(state__in=SEEN) | Q(previewed_at__isnull=False)),
                name="retention_rule_previewed_before_it_is_enforced",
            ),
            models.CheckConstraint(
                condition=Q(enforced_at__isnull=True, enforced_by="")
                | (
                    Q(
                        enforced_at__isnull=False,
                        previewed_at__isnull=False,
                        enforced_at__gte=F("previewed_at"),
                        enforced_at__lte=F("previewed_at") + PREVIEW_HOLDS,
                    )
                    & ~Q(enforced_by="")
                ),
                name="retention_rule_enforced_upon_a_fresh_preview",
            ),
            models.CheckConstraint(
                condition=Q(enforced_by="") | ~Q(enforced_by=F("drafted_by")), name="retention_rule_enforced_by_another"
            ),
            models.CheckConstraint(
                condition=Q(state=RuleState.ENFORCED, enforced_at__isnull=False, next_at__isnull=False)
                | (
                    ~Q(state=RuleState.ENFORCED)
                    & Q(next_at__isnull=True)
                    & (~Q(state__in=BEFORE) | Q(enforced_at__isnull=True))
                ),
                name="retention_rule_acts_only_enforced",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=RuleState.ENDED, ended_at__isnull=False, ended_because__in=RuleEnd.values) & ~Q(ended_by="")
                )
                | (
                    ~Q(state=RuleState.ENDED)
                    & Q(ended_at__isnull=True, ended_by="", ended_because="", end_proof__isnull=True)
                ),
                name="retention_rule_ended_by_someone",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "proof"], name="retention_rule_by_proof"),
            models.Index(fields=["organization", "end_proof"], name="retention_rule_by_end_proof"),
            models.Index(fields=["next_at", "id"], condition=Q(state=RuleState.ENFORCED), name="retention_rule_due"),
        ]

    def __str__(self) -> str:
        if self.unit == LengthUnit.DAYS:
            length = ngettext("%(count)d day", "%(count)d days", self.amount)
        else:
            length = ngettext("%(count)d month", "%(count)d months", self.amount)
        said = {"category": self.get_category_display(), "length": length % {"count": self.amount}}
        return gettext("%(category)s: %(length)s") % said


class RetentionNight(TenantModel):
    """One night of a rule, and its journal: written in the transaction of every chunk, so a killed worker loses none.

    ``on`` is the client's local day. ``store`` is walked now, after the row (``checkpoint_at``, ``checkpoint``);
    nothing there: from its beginning. ``left`` counts what is older than the cutoff and stayed, by store and reason.
    """

    rule = TenantForeignKey(RetentionRule, related_name="nights", verbose_name=_("retention rule"))
    on = models.DateField(_("on"))
    cutoff = models.DateTimeField(_("erased what is older than"))
    winner = models.CharField(_("kept longest by"), max_length=16, choices=KeptLongestBy.choices)
    why = models.JSONField(_("why"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=NightState.choices, default=NightState.RUNNING)
    store = models.CharField(_("store"), max_length=40, blank=True)
    checkpoint_at = models.DateTimeField(_("instant reached"), null=True, blank=True)
    checkpoint = models.BigIntegerField(_("row reached"), default=0)
    erased = models.JSONField(_("erased"), default=dict)
    left = models.JSONField(_("left"), default=dict, blank=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    last_error = models.CharField(_("last error"), max_length=120, blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("night of a retention rule")
        verbose_name_plural = _("nights of retention rules")
        constraints = [
            *tenant_keys("retention_retentionnight"),
            models.UniqueConstraint(fields=["organization", "rule", "on"], name="retention_night_once_a_day"),
            models.UniqueConstraint(
                fields=["organization", "rule"],
                condition=Q(state=NightState.RUNNING),
                name="retention_night_runs_once",
            ),
            models.CheckConstraint(condition=Q(state__in=NightState.values), name="retention_night_state_known"),
            models.CheckConstraint(condition=Q(winner__in=KeptLongestBy.values), name="retention_night_winner_known"),
            models.CheckConstraint(
                condition=(Q(state=NightState.RUNNING, finished_at__isnull=True) & ~Q(store=""))
                | (~Q(state=NightState.RUNNING) & Q(finished_at__isnull=False)),
                name="retention_night_runs_until_it_is_over",
            ),
            models.CheckConstraint(condition=Q(cutoff__lte=F("started_at")), name="retention_night_erases_the_past"),
        ]

    def __str__(self) -> str:
        return self.on.isoformat()


class NightBeyond(TenantModel):
    """One night of a rule in one store beyond the vault: asked outside of any transaction, journalled in its own.

    ``store`` is the code. ``cursor`` is the store's own checkpoint: it names nobody but under a seal, and is kept while
    the walk goes on. ``why`` is a fault of the store, or what keeps everything there; ``again_at``: it is not asked
    before. The lease says who asks it. ``opened_again`` is how often the night was opened again there.
    """

    night = TenantForeignKey(RetentionNight, related_name="beyond", verbose_name=_("night of a retention rule"))
    store = models.CharField(_("store"), max_length=50)
    state = models.CharField(_("state"), max_length=12, choices=BeyondState.choices, default=BeyondState.RUNNING)
    why = models.CharField(_("why"), max_length=40, blank=True)
    cursor = models.TextField(_("checkpoint of another store"), blank=True)
    erased = models.PositiveBigIntegerField(_("erased"), default=0)
    spared = models.PositiveIntegerField(_("people spared"), default=0)
    opened_again = models.PositiveIntegerField(_("times opened again"), default=0)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    again_at = models.DateTimeField(_("tried again at"), null=True, blank=True)
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("night in another store")
        verbose_name_plural = _("nights in other stores")
        constraints = [
            *tenant_keys("retention_nightbeyond"),
            models.UniqueConstraint(fields=["organization", "night", "store"], name="night_beyond_once_per_store"),
            models.CheckConstraint(condition=Q(state__in=BeyondState.values), name="night_beyond_state_known"),
            models.CheckConstraint(
                condition=Q(state=BeyondState.RUNNING, finished_at__isnull=True)
                | (~Q(state=BeyondState.RUNNING) & Q(finished_at__isnull=False)),
                name="night_beyond_runs_until_it_is_over",
            ),
            models.CheckConstraint(
                condition=~Q(state=BeyondState.SKIPPED) | ~Q(why=""), name="night_beyond_says_why_it_is_skipped"
            ),
            models.CheckConstraint(
                condition=Q(state=BeyondState.RUNNING) | Q(cursor=""),
                name="night_beyond_stands_nowhere_once_it_is_over",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state=BeyondState.RUNNING), name="night_beyond_running"),
        ]

    def __str__(self) -> str:
        return self.store
