"""The admin of retention rules: drafted, previewed, enforced, ended; and what each of their nights erased."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act, actor_of
from accounts.models import Organization
from accounts.operations import clock
from accounts.rules.permissions import Permission
from retention import explain, naming
from retention.admin.forms import AuthorisationForm
from retention.admin.readable import Readable
from retention.enums import ContentCategory, LengthUnit, RuleState
from retention.models import NightBeyond, RetentionNight, RetentionRule
from retention.models.lasting import LONGEST_AMOUNT
from retention.operations import instructions, lasting, reach, resting

_SEEN = (RuleState.DRAFTED, RuleState.PREVIEWED)


class RuleForm(AuthorisationForm):
    """How long a category of whose content is kept, with the client's instruction where it came on paper."""

    field_order = ("organization", "category", "amount", "unit")
    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    category = forms.ChoiceField(label=_("Category"), choices=ContentCategory.choices)
    amount = forms.IntegerField(
        label=_("Kept for"), min_value=1, max_value=LONGEST_AMOUNT, help_text=_("From each content's own day")
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=LengthUnit.choices)


class EndForm(AuthorisationForm):
    """That the client wants a rule to end. A draft needs no proof: it erased nothing."""

    def prepare(self) -> None:
        super().prepare()
        acting = isinstance(self.subject, RetentionRule) and self.subject.state == RuleState.ENFORCED
        self.demand(self.for_client and acting)


@admin.register(RetentionRule)
class RetentionRuleAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    adding = Permission.REQUEST_DELETION
    hidden = ("preview",)
    list_display = ("__str__", "organization", "state", "drafted_by", "enforced_by", "next_at", "ended_at")
    list_filter = ("state", "category")
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "proof", "end_proof")
    actions_detail = ("preview_it", "enforce", "end")
    change_form_outer_after_template = "admin/retention_rule.html"

    def described(self, obj: RetentionRule) -> str:
        return f"{obj.organization} · {obj.get_state_display()}"

    def explained(self, request: HttpRequest, obj: RetentionRule) -> dict[str, Any]:
        seen = obj.preview or {}
        return {
            "preview": obj.preview,
            "reasons": explain.reasons(seen.get("why", {})),
            "stores": [
                (naming.title(name), count, _instant(seen, name)) for name, count in seen.get("stores", {}).items()
            ],
            "stayed": explain.stayed(seen.get("left", {})),
            "nights": list(
                obj.nights.prefetch_related(Prefetch("beyond", NightBeyond.objects.order_by("pk"))).order_by("-on")[:10]
            ),
            "reach": explain.reached(reach.of(obj.category)),
            "resting": explain.rests(_resting(obj)),
            "would_rest": explain.rests(seen.get("resting")),
        }

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            now, by, organization = clock.instant(), actor_of(request), data["organization"]
            kept = instructions.keep(organization, data["proof"], sender=data["sender"], now=now, by=by)
            rule = lasting.draft(
                organization,
                category=data["category"],
                amount=data["amount"],
                unit=data["unit"],
                now=now,
                by=by,
                for_client=data["for_client"],
                proof=kept,
            )
            messages.success(request, _("Retention rule drafted. Look at what it would erase."))
            return self.detail_url(rule)

        return self.operation_page(
            request,
            title=_("Draft a retention rule"),
            explanation=_("The client says how long its content is kept during the contract. A draft erases nothing."),
            form=RuleForm,
            perform=perform,
            back=self.list_url(),
        )

    @act(
        _("Look at what it would erase"),
        Permission.REQUEST_DELETION,
        when=lambda rule: rule.state in _SEEN,
        done=ngettext_lazy("Previewed %(count)d rule.", "Previewed %(count)d rules.", "count"),
        explanation=_("Everything that is older is counted, now. The numbers are kept with the rule for a day."),
        icon="visibility",
    )
    def preview_it(self, rule: RetentionRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        lasting.preview(rule, now=now, by=by)

    @act(
        _("Enforce"),
        Permission.APPROVE_ERASURE,
        when=lambda rule: rule.state == RuleState.PREVIEWED,
        done=ngettext_lazy("Enforced %(count)d rule.", "Enforced %(count)d rules.", "count"),
        explanation=_(
            "From the client's next midnight on, whatever is older is erased every night. Nobody can bring it back."
        ),
        sensitive=True,
        icon="auto_delete",
    )
    def enforce(self, rule: RetentionRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        lasting.enforce(rule, now=now, by=by)

    @act(
        _("End"),
        Permission.REQUEST_DELETION,
        when=lambda rule: rule.state != RuleState.ENDED,
        form=EndForm,
        done=ngettext_lazy("Ended %(count)d rule.", "Ended %(count)d rules.", "count"),
        explanation=_("From now on nothing more goes by this rule."),
        icon="event_busy",
    )
    def end(self, rule: RetentionRule, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(rule.organization, data["proof"], sender=data["sender"], now=now, by=by)
        lasting.end(rule, now=now, by=by, for_client=data["for_client"], proof=kept)


@admin.register(RetentionNight)
class RetentionNightAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("why", "erased", "left", "checkpoint_at", "checkpoint")
    list_display = ("on", "rule", "organization", "state", "winner", "cutoff", "taken", "last_error")
    list_filter = ("state", "winner", "rule__category")
    search_fields = ("public_id", "rule__public_id", "organization__name")
    list_select_related = ("organization", "rule")
    change_form_outer_after_template = "admin/retention_night.html"

    @display(description=_("erased"))
    def taken(self, night: RetentionNight) -> int:
        return sum(night.erased.values())

    def explained(self, request: HttpRequest, obj: RetentionNight) -> dict[str, Any]:
        return {
            "reasons": explain.reasons(obj.why),
            "stores": [(naming.title(name), count, None) for name, count in obj.erased.items()],
            "without_oldest": True,
            "stayed": explain.stayed(obj.left),
            "beyond": explain.beyond(list(obj.beyond.order_by("pk"))),
            "unreached": [one for one in explain.reached(reach.of(obj.rule.category)) if not one[1]],
        }


@admin.register(NightBeyond)
class NightBeyondAdmin(Readable):
    """What a night erased in a store beyond the vault, or why nothing went there."""

    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("cursor", "lease")
    list_display = ("store", "night", "organization", "state", "why", "erased", "failures", "again_at")
    list_filter = ("state", "store")
    search_fields = ("public_id", "store", "organization__name")
    list_select_related = ("organization", "night")


def _resting(rule: RetentionRule) -> dict[str, Any] | None:
    if rule.state != RuleState.ENFORCED:
        return None
    return resting.of([rule.organization_id]).get(rule.organization_id)


def _instant(seen: dict[str, Any], store: str) -> datetime | None:
    text = seen["oldest"].get(store)
    return None if text is None else datetime.fromisoformat(text)
