"""The admin of clauses: recorded with their evidence; the checklist itself stands on the contract's page."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.admin.acting import actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import ClauseCode
from contracts.models import Contract, ContractClause
from contracts.operations import clauses


class ClauseForm(OperationForm):
    """What the contract says, in the clause's own form."""

    texts = ("value",)
    contract = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.order_by("reference", "pk"))
    code = forms.ChoiceField(label=_("Clause"), choices=labels.CLAUSE)
    value = forms.CharField(
        label=_("Value"),
        max_length=20_000,
        help_text=_(
            'As JSON: true, 30, "at_cost", "https://…", ["messages"], {"location": "FR", "provider": "…"}, '
            '{"target": "99.9", "credits": true, "zone": "Europe/Paris"}'
        ),
    )
    evidence = forms.FileField(label=_("Evidence"), required=False, help_text=_("At most 25 MiB."), max_length=200)
    valid_until = forms.DateField(label=_("Evidence valid until"), required=False)

    def clean_value(self) -> Any:
        """Read the value. NaN and its like are no JSON."""
        try:
            return json.loads(self.cleaned_data["value"], parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON.")) from error


@admin.register(ContractClause)
class ContractClauseAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    adding = Permission.AMEND_CONTRACT
    list_display = ("contract", "organization", "code", "value", "valid_until", "superseded_at")
    list_filter = ("code", ("superseded_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "evidence")

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            contract, code = data["contract"], ClauseCode(data["code"])
            evidence = documents.keep_upload(
                contract.organization, data["evidence"], kind=clauses.evidence_kind(code), now=now, by=by
            )
            made = clauses.record(
                contract,
                code=code,
                value=data["value"],
                evidence=evidence,
                valid_until=data["valid_until"],
                now=now,
                by=by,
            )
            messages.success(request, _("Clause recorded."))
            return self.detail_url(made)

        return self.operation_page(
            request,
            title=_("Record a clause"),
            form=ClauseForm,
            perform=perform,
            back=self.list_url(),
            initial={"contract": request.GET.get("contract", "")},
        )


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
