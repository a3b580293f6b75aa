"""The deadline calculator in the admin: choose a rule, fill in its inputs, read the answer and why."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.wording import worded
from contracts import calculator, explain
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Input, Rule
from contracts.rules.errors import InvalidInput

OUTPUTS: Mapping[str, Promise] = {
    "nominal": gettext_lazy("By the plain count"),
    "legal": gettext_lazy("Last day in law"),
    "internal": gettext_lazy("To be safe, by"),
    "starts_on": gettext_lazy("First day"),
    "last_day": gettext_lazy("Last day"),
    "indefinite": gettext_lazy("Indefinite"),
    "notice_end": gettext_lazy("End of the notice period"),
    "transition_end": gettext_lazy("End of the transition"),
    "retrieval_end": gettext_lazy("End of the retrieval period"),
    "erase_from": gettext_lazy("Erasure from"),
    "contract_ends": gettext_lazy("Last day of the contract"),
    "unfeasible_limit": gettext_lazy("Last day to say that it is not feasible"),
    "due": gettext_lazy("Due"),
    "remaining_days": gettext_lazy("Remaining days"),
    "remaining": gettext_lazy("Remaining fee"),
    "penalty": gettext_lazy("Penalty"),
    "price": gettext_lazy("Price"),
    "factor": gettext_lazy("Factor"),
    "flagged": gettext_lazy("Flagged: a value is missing"),
    "total_minutes": gettext_lazy("Measured minutes"),
    "down_minutes": gettext_lazy("Minutes down"),
    "availability": gettext_lazy("Availability in per cent"),
    "met": gettext_lazy("Promise kept"),
    "credit_percent": gettext_lazy("Credit in per cent"),
    "window_opens": gettext_lazy("First day for the reminder"),
    "window_closes": gettext_lazy("Last day for the reminder"),
}


class RuleForm(forms.Form):
    """The inputs of one rule, as text fields and choices; the rule itself checks them."""

    def __init__(self, rule: Rule, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update({one.name: _field(one) for one in rule.inputs})


class Calculating(ModelAdmin):
    """Adds the calculator's page to the admin of contracts. It is open to whoever may sign in: it reads no data."""

    calculator_template: ClassVar[str] = "admin/deadline_calculator.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.calculator_view)
        return [path("deadline-calculator/", page, name="contracts_deadline_calculator"), *super().get_urls()]

    def calculator_view(self, request: HttpRequest) -> HttpResponse:
        """Show the rules; with a rule its form; with inputs the answer. It changes nothing, so GET asks."""
        rule = calculator.RULES.get(request.GET.get("rule", ""))
        form, answer = None, None
        if rule is not None:
            asked = any(one.name in request.GET for one in rule.inputs)
            form = RuleForm(rule, request.GET if asked else None)
            answer = _answered(rule, form) if asked else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deadline calculator"),
            "rules": [(one.name, _(one.title)) for one in calculator.RULES.values()],
            "rule": rule,
            "rule_help": _(rule.help) if rule is not None else "",
            "form": form,
            "found": list(_said(answer)) if answer is not None else [],
            "reasons": explain.reasons(answer.explanation.to_json()) if answer is not None else [],
            "why_title": _("Why"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.calculator_template, context)


def _field(one: Input[object]) -> forms.Field:
    label = _(one.title)
    help_text = " ".join(_(text) for text in (one.form.hint, one.help) if text)
    if one.form.choices:
        choices = [("", "")] * (not one.required) + [(word, word) for word in one.form.choices]
        field: forms.Field = forms.ChoiceField(
            choices=choices, label=label, help_text=help_text, required=one.required, widget=UnfoldAdminSelectWidget
        )
    else:
        needed = one.required and not one.form.blank
        field = forms.CharField(label=label, help_text=help_text, required=needed, widget=UnfoldAdminTextInputWidget)
    return field


def _answered(rule: Rule, form: RuleForm) -> Answer | None:
    """Ask the rule with what the form holds; a fault is put beside its field."""
    if not form.is_valid():
        return None
    blank = {one.name for one in rule.inputs if one.required}
    inputs = {name: text for name, text in form.cleaned_data.items() if text or name in blank}
    try:
        return calculator.compute(rule.name, inputs)
    except InvalidInput as error:
        form.add_error(
            error.field if error.field in form.fields else None, f"{worded(explain.said(error))} ({error.code})"
        )
        return None


def _said(answer: Answer) -> Iterator[tuple[str, str]]:
    for name, value in answer.fields.items():
        yield str(OUTPUTS[name]), _value(value)


def _value(value: object) -> str:
    match value:
        case None:
            return _("no day")
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return f"{formats.date_format(value, 'DATETIME_FORMAT')} ({value.isoformat()})"
        case date():
            return formats.date_format(value, "DATE_FORMAT")
    return str(value)
