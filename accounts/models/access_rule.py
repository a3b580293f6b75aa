"""The client's own rules of access: what they ask, whom they found, who is exempt."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.enums import FindingState, LicenceStatus, RuleAction, RuleMode
from accounts.querysets import AccessRuleQuerySet

DEPARTMENT: "models.CharField[str, str]" = models.CharField(max_length=120)


class AccessRule(TenantModel):
    """A rule: whoever meets all its conditions is warned, and after a time restricted, suspended or deleted.

    It begins by observing: it notes whom it would touch and touches nobody. ``confirmed`` is how many it may touch at
    once although that is more than its share: given once, for a set that somebody has seen.
    """

    name = models.CharField(_("name"), max_length=200)
    mode = models.CharField(_("mode"), max_length=16, choices=RuleMode.choices, default=RuleMode.OBSERVE)
    action = models.CharField(_("action"), max_length=24, choices=RuleAction.choices)
    inactive_days = models.PositiveSmallIntegerField(
        _("inactive for days"), null=True, blank=True, help_text=_("Days of 24 hours without use; empty: not asked")
    )
    assignment_over = models.BooleanField(_("after the end of the assignment"), default=False)
    departments = ArrayField(DEPARTMENT, verbose_name=_("departments"), default=list, blank=True)
    statuses = ArrayField(
        models.CharField(max_length=16, choices=LicenceStatus.choices), verbose_name=_("statuses"), default=list
    )
    exempt_departments = ArrayField(DEPARTMENT, verbose_name=_("exempt departments"), default=list, blank=True)
    warning_days = models.PositiveSmallIntegerField(_("warning period in days"), default=14)
    warns_people = models.BooleanField(_("writes to the people"), default=True)
    most_percent = models.PositiveSmallIntegerField(
        _("at most at once, in per cent"), default=10, help_text=_("A rule that would touch more stops and asks")
    )
    evaluated_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    enforced_at = models.DateTimeField(_("enforced since"), null=True, blank=True)
    of_client_since = models.DateTimeField(
        _("instruction of the client since"),
        null=True,
        blank=True,
        help_text=_("The client's own member or program enforced it; else the client is asked about each erasure"),
    )
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_count = models.PositiveIntegerField(_("would have touched"), null=True, blank=True)
    confirmed = models.PositiveIntegerField(_("confirmed for"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=80)

    objects = AccessRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("access rule")
        verbose_name_plural = _("access rules")
        constraints = [
            *tenant_keys("accounts_accessrule"),
            models.CheckConstraint(condition=Q(mode__in=RuleMode.values), name="access_rule_mode_known"),
            models.CheckConstraint(condition=Q(action__in=RuleAction.values), name="access_rule_action_known"),
            models.CheckConstraint(
                condition=Q(inactive_days__isnull=False) | Q(assignment_over=True) | Q(departments__len__gt=0),
                name="access_rule_asks_something",
            ),
            models.CheckConstraint(
                condition=Q(inactive_days__isnull=True) | Q(inactive_days__range=(1, 3660)),
                name="access_rule_inactive_for_days",
            ),
            models.CheckConstraint(
                condition=Q(statuses__len__gt=0, statuses__contained_by=["active", "restricted", "suspended"]),
                name="access_rule_statuses_it_may_touch",
            ),
            models.CheckConstraint(condition=Q(most_percent__range=(1, 100)), name="access_rule_share_in_per_cent"),
            models.CheckConstraint(condition=Q(warning_days__lte=365), name="access_rule_warns_a_year_at_most"),
            models.CheckConstraint(
                condition=Q(mode=RuleMode.STOPPED, stopped_at__isnull=False, stopped_count__isnull=False)
                | (~Q(mode=RuleMode.STOPPED) & Q(stopped_at__isnull=True, stopped_count__isnull=True)),
                name="access_rule_stopped_with_number",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=[RuleMode.ENFORCED, RuleMode.STOPPED], enforced_at__isnull=False)
                | (~Q(mode__in=[RuleMode.ENFORCED, RuleMode.STOPPED]) & Q(enforced_at__isnull=True)),
                name="access_rule_enforced_since",
            ),
            models.CheckConstraint(
                condition=Q(of_client_since__isnull=True)
                | Q(enforced_at__isnull=False, of_client_since__gte=F("enforced_at")),
                name="access_rule_of_client_while_enforced",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleExemption(TenantModel):
    """A person whom a rule never touches."""

    rule = TenantForeignKey(AccessRule, verbose_name=_("access rule"), related_name="exemptions")
    licensed_user = TenantForeignKey("accounts.LicensedUser", verbose_name=_("licensed user"))
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=80)

    class Meta:
        verbose_name = _("exemption from a rule")
        verbose_name_plural = _("exemptions from rules")
        constraints = [
            *tenant_keys("accounts_ruleexemption"),
            models.UniqueConstraint(fields=["organization", "rule", "licensed_user"], name="rule_exemption_once"),
        ]
        indexes = [models.Index(fields=["organization", "licensed_user"], name="rule_exemption_by_person")]

    def __str__(self) -> str:
        return str(self.licensed_user)


class RuleFinding(TenantModel):
    """A person whom a rule found: when, when it acts, and what came of it. It goes with the person."""

    rule = TenantForeignKey(AccessRule, verbose_name=_("access rule"), related_name="findings")
    licensed_user = TenantForeignKey("accounts.LicensedUser", verbose_name=_("licensed user"), related_name="findings")
    state = models.CharField(_("state"), max_length=16, choices=FindingState.choices, default=FindingState.OPEN)
    enforced = models.BooleanField(_("enforced"))
    found_at = models.DateTimeField(_("found at"))
    acts_at = models.DateTimeField(_("acts at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    code = models.CharField(_("why not"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("finding of a rule")
        verbose_name_plural = _("findings of rules")
        constraints = [
            *tenant_keys("accounts_rulefinding"),
            models.UniqueConstraint(
                fields=["organization", "rule", "licensed_user"],
                condition=Q(state=FindingState.OPEN),
                name="rule_finding_open_once",
            ),
            models.CheckConstraint(condition=Q(state__in=FindingState.values), name="rule_finding_state_known"),
            models.CheckConstraint(
                condition=Q(state=FindingState.OPEN, closed_at__isnull=True)
                | (~Q(state=FindingState.OPEN) & Q(closed_at__isnull=False)),
                name="rule_finding_closed_with_instant",
            ),
            models.CheckConstraint(condition=Q(found_at__lte=F("acts_at")), name="rule_finding_before_it_acts"),
        ]
        indexes = [
            models.Index(fields=["organization", "licensed_user"], name="rule_finding_by_person"),
            models.Index(
                fields=["organization", "rule", "acts_at"],
                condition=Q(state=FindingState.OPEN),
                name="rule_finding_to_act_on",
            ),
            models.Index(fields=["organization", "rule", "id"], name="rule_finding_by_rule"),
        ]

    def __str__(self) -> str:
        return str(self.licensed_user)
