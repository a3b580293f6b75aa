"""The admin of statement lines and payments: looked at; the bank's file is read here, the accounting file written."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts.admin.acting import actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.explain import reasons
from contracts.models import Payment, StatementLine
from contracts.operations import accounting, payments


class PaymentsForm(OperationForm):
    """The bank's file."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Columns: contract, reference, paid_on, amount, currency; registration_number where needed"),
    )


class PeriodForm(OperationForm):
    """The days on which what is exported falls due; both included."""

    due_from = forms.DateField(label=_("Due from"))
    due_to = forms.DateField(label=_("Due to"))


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnly):
    viewing = Permission.VIEW_STATEMENT
    hidden = ("why", "ends_on")
    extra_fields = ("last_day",)
    list_display = ("contract", "organization", "kind", "starts_on", "last_day", "due_on", "amount", "currency", "vat")
    list_filter = ("kind", "vat", "currency", ("voided_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id", "source")
    list_select_related = ("contract", "organization", "term")
    change_form_outer_after_template = "admin/why.html"
    actions_list = ("export_for_accounting",)

    @display(description=_("until"), ordering="ends_on")
    def last_day(self, line: StatementLine) -> str:
        return said(last_day(line.ends_on))

    def explained(self, request: HttpRequest, obj: StatementLine) -> dict[str, Any]:
        return {"why_title": _("Why this amount"), "reasons": reasons(obj.why)}

    @action(
        description=_("Export for accounting"),
        permissions=[Permission.VIEW_STATEMENT.value],
        url_path="export-for-accounting",
    )
    def export_for_accounting(self, request: HttpRequest) -> HttpResponse:
        """Ask for the period, and answer with the file."""
        form = PeriodForm(request.GET, request=request) if "due_from" in request.GET else None
        if form is not None and form.is_valid():
            days = form.cleaned_data
            return accounting_file(accounting.export(due_from=days["due_from"], due_to=days["due_to"]))

        def perform(data: dict[str, Any]) -> str:
            return f"{request.path}?due_from={data['due_from']:%Y-%m-%d}&due_to={data['due_to']:%Y-%m-%d}"

        return self.operation_page(
            request, title=_("Export for accounting"), form=PeriodForm, perform=perform, back=self.list_url()
        )


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    viewing = Permission.VIEW_STATEMENT
    adding = Permission.MANAGE_STATEMENTS
    list_display = ("reference", "contract", "organization", "paid_on", "amount", "currency")
    list_filter = ("currency",)
    search_fields = ("reference", "contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Read the bank's file: all its payments, or none."""

        def perform(data: dict[str, Any]) -> str:
            found = payments.import_file(data["file"].file, now=clock.instant(), by=actor_of(request))
            text = ngettext(
                "Recorded %(count)d payment; %(same)d were known.",
                "Recorded %(count)d payments; %(same)d were known.",
                found.created,
            )
            messages.success(request, text % {"count": found.created, "same": found.same})
            return self.list_url()

        return self.operation_page(
            request,
            title=_("Import payments"),
            explanation=_("All payments of the file are recorded, or none. What is recorded already stays as it is."),
            form=PaymentsForm,
            perform=perform,
            back=self.list_url(),
        )


def accounting_file(text: str) -> HttpResponse:
    """Return the file for the accounting program as a download."""
    headers = {"Content-Disposition": 'attachment; filename="statement-lines.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
