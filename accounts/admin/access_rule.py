"""The admin of clients' own rules: made to observe, seen, enforced, stopped, confirmed, exempting."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts import labels
from accounts.admin.acting import act, actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import LicenceStatus, RuleAction, RuleMode
from accounts.errors import FieldError, InvalidInput
from accounts.models import AccessRule, LicensedUser, Organization, RuleExemption, RuleFinding
from accounts.operations import access_rules, clock
from accounts.rules.permissions import Permission

SHOWN = 200


class RuleForm(OperationForm):
    """What a rule asks and does. Departments are written one a line."""

    texts = ("departments", "exempt_departments")
    name = forms.CharField(label=_("Name"), max_length=200)
    action = forms.ChoiceField(label=_("Action"), choices=RuleAction.choices)
    inactive_days = forms.IntegerField(label=_("Inactive for days"), min_value=1, max_value=3660, required=False)
    assignment_over = forms.BooleanField(label=_("After the end of the assignment"), required=False)
    departments = forms.CharField(label=_("Departments, one a line"), required=False, max_length=60_000)
    statuses = forms.MultipleChoiceField(
        label=_("Statuses"),
        choices=[(one, LicenceStatus(one).label) for one in access_rules.STATUSES],
        initial=["active", "restricted"],
    )
    exempt_departments = forms.CharField(label=_("Exempt departments, one a line"), required=False, max_length=60_000)
    warning_days = forms.IntegerField(label=_("Warning period in days"), min_value=0, max_value=365, initial=14)
    warns_people = forms.BooleanField(label=_("Write to the people"), required=False, initial=True)
    most_percent = forms.IntegerField(
        label=_("At most at once, in per cent"),
        min_value=1,
        max_value=100,
        initial=10,
        help_text=_("A rule that would touch more stops and asks"),
    )


class NewRuleForm(RuleForm):
    """A rule of an organization that the user sees."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    field_order = ("organization",)


class SeenForm(OperationForm):
    """The mark of the preview that was seen: other people by now, and nothing is done."""

    digest = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def prepare(self) -> None:
        if isinstance(self.subject, AccessRule):
            self.initial["digest"] = access_rules.preview(self.subject, at=clock.instant()).digest

    def _widget(self, name: str, field: forms.Field) -> forms.Widget:
        return forms.HiddenInput()


class ExemptForm(OperationForm):
    """Whom the rule never touches."""

    external_id = forms.CharField(label=_("External id"), max_length=200)


@admin.register(AccessRule)
class AccessRuleAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    adding = Permission.MANAGE_ACCESS_RULES
    list_display = ("name", "organization", "mode", "action", "inactive_days", "warning_days", "evaluated_at")
    list_filter = ("mode", "action")
    search_fields = ("name", "public_id", "organization__name")
    list_select_related = ("organization",)
    change_form_outer_after_template = "admin/access_rule_preview.html"
    actions_detail = ("edit", "enforce", "confirm", "observe", "switch_off", "exempt")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["statuses_meant" if name == "statuses" else name for name in super().get_fields(request, obj)]

    @admin.display(description=_("statuses"))
    def statuses_meant(self, rule: AccessRule) -> str:
        return ", ".join(str(label) for status, label in labels.RULE_STATUSES if status in rule.statuses)

    def described(self, obj: AccessRule) -> str:
        """Name exactly whom the rule would touch now, as far as they fit on a page."""
        now = clock.instant()
        found = access_rules.preview(obj, at=now)
        people = LicensedUser.objects.concerned_by(obj, at=now).order_by("pk").values_list("display_name", flat=True)
        names = ", ".join(people[:SHOWN])
        return _("%(count)d of %(population)d people: %(names)s") % {
            "count": found.count,
            "population": found.population,
            "names": names + (" …" if found.count > SHOWN else ""),
        }

    def explained(self, request: HttpRequest, obj: AccessRule) -> dict[str, Any]:
        now = clock.instant()
        people = LicensedUser.objects.concerned_by(obj, at=now).order_by("pk")
        return {"preview": access_rules.preview(obj, at=now), "people": list(people[:SHOWN]), "shown": SHOWN}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            organization = data.pop("organization")
            rule = access_rules.create(organization, now=clock.instant(), by=actor_of(request), **_values(data))
            messages.success(request, _("The rule observes. Look at whom it would touch before you enforce it."))
            return self.detail_url(rule)

        return self.operation_page(
            request, title=_("Make an access rule"), form=NewRuleForm, perform=perform, back=self.list_url()
        )

    @action(description=_("Change"), url_path="edit", permissions=[Permission.MANAGE_ACCESS_RULES.value], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            access_rules.change(rule, now=clock.instant(), by=actor_of(request), **_values(data))
            messages.success(request, _("Rule changed; it observes."))
            return self.detail_url(rule)

        initial = {name: getattr(rule, name) for name in access_rules.FIELDS}
        initial |= {name: "\n".join(initial[name]) for name in ("departments", "exempt_departments")}
        return self.operation_page(
            request,
            title=_("Change the access rule"),
            explanation=_("A changed rule observes until somebody enforces it again."),
            form=RuleForm,
            perform=perform,
            touched=[rule],
            initial=initial,
            back=self.detail_url(rule),
        )

    @act(
        _("Enforce"),
        Permission.MANAGE_ACCESS_RULES,
        when=lambda rule: rule.mode in (RuleMode.OBSERVE, RuleMode.OFF),
        form=SeenForm,
        explanation=_("The rule acts on the people listed on its page, after their warning period."),
        done=ngettext_lazy("Enforced %(count)d rule.", "Enforced %(count)d rules.", "count"),
        icon="gavel",
    )
    def enforce(self, rule: AccessRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access_rules.enforce(rule, digest=data["digest"], now=now, by=by)

    @act(
        _("Confirm"),
        Permission.MANAGE_ACCESS_RULES,
        when=lambda rule: rule.mode == RuleMode.STOPPED,
        form=SeenForm,
        explanation=_("The rule stopped because it would touch many people at once. Let it, this once?"),
        done=ngettext_lazy("Confirmed %(count)d rule.", "Confirmed %(count)d rules.", "count"),
        icon="check_circle",
    )
    def confirm(self, rule: AccessRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access_rules.confirm(rule, digest=data["digest"], now=now, by=by)

    @act(
        _("Only observe"),
        Permission.MANAGE_ACCESS_RULES,
        when=lambda rule: rule.mode != RuleMode.OBSERVE,
        done=ngettext_lazy("%(count)d rule observes.", "%(count)d rules observe.", "count"),
        icon="visibility",
    )
    def observe(self, rule: AccessRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access_rules.rest(rule, mode=RuleMode.OBSERVE, now=now, by=by)

    @act(
        _("Switch off"),
        Permission.MANAGE_ACCESS_RULES,
        when=lambda rule: rule.mode != RuleMode.OFF,
        done=ngettext_lazy("Switched off %(count)d rule.", "Switched off %(count)d rules.", "count"),
        icon="power_settings_new",
    )
    def switch_off(self, rule: AccessRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access_rules.rest(rule, mode=RuleMode.OFF, now=now, by=by)

    @act(
        _("Exempt a person"),
        Permission.MANAGE_ACCESS_RULES,
        form=ExemptForm,
        done=ngettext_lazy("Exempted %(count)d person.", "Exempted %(count)d people.", "count"),
        icon="person_cancel",
    )
    def exempt(self, rule: AccessRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        people = LicensedUser.objects.live().filter(organization=rule.organization_id)
        user = people.filter(external_id=data["external_id"]).first()
        if user is None:
            raise InvalidInput([FieldError("external_id", "unknown_person", "Nobody is licensed under this id.")])
        access_rules.exempt(rule, user, now=now, by=by)


@admin.register(RuleExemption)
class RuleExemptionAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("licensed_user", "rule", "organization", "created_by", "created_at")
    search_fields = ("licensed_user__external_id", "rule__name", "organization__name")
    list_select_related = ("licensed_user", "rule", "organization")
    actions_detail = ("lift",)

    @act(
        _("Lift the exemption"),
        Permission.MANAGE_ACCESS_RULES,
        done=ngettext_lazy("Lifted %(count)d exemption.", "Lifted %(count)d exemptions.", "count"),
        icon="undo",
    )
    def lift(self, exemption: RuleExemption, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access_rules.lift_exemption(exemption, now=now, by=by)

    def after(self, obj: RuleExemption) -> str:
        return self.list_url()


@admin.register(RuleFinding)
class RuleFindingAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("licensed_user", "rule", "organization", "state", "enforced", "found_at", "acts_at")
    list_filter = ("state", "enforced")
    search_fields = ("licensed_user__external_id", "rule__name", "organization__name")
    list_select_related = ("licensed_user", "rule", "organization")
    show_full_result_count = False


def _values(data: dict[str, Any]) -> dict[str, Any]:
    lines = {
        name: list(dict.fromkeys(line.strip() for line in data[name].splitlines() if line.strip()))
        for name in ("departments", "exempt_departments")
    }
    return {**data, **lines}
