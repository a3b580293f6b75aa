"""The admin of amendments: recorded on the contract's page; one that is not applied yet is voided here."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from accounts.wording import colon
from contracts import labels
from contracts.admin.forms import AgreementForm, DraftForm
from contracts.models import Amendment, Contract
from contracts.operations import amendments, stored

_LABELS = {field.name: field.verbose_name for field in Contract._meta.concrete_fields}


class AmendmentForm(OperationForm):
    """What was agreed: the clauses as they are, to be changed where they change, and the signed document."""

    valid_from = forms.DateField(
        label=_("Valid from"), help_text=_("From the start of this day, in the contract's zone")
    )
    agreed_on = forms.DateField(label=_("Agreed on"))
    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)

    def prepare(self) -> None:
        asked = DraftForm.base_fields
        for name in stored.AMENDABLE:
            self.fields[name] = asked[name]
            if isinstance(self.subject, Contract):
                self.fields[name].initial = getattr(self.subject, name)


class SuspensionForm(OperationForm):
    """Why the service stops, and when it goes on by itself."""

    reason = forms.ChoiceField(label=_("Reason"), choices=labels.CONTRACT_SUSPENSION)
    resumes_on = forms.DateField(label=_("Resumes on"), required=False, help_text=_("Empty: by hand only"))


@admin.register(Amendment)
class AmendmentAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("values", "before", "source", "applies_at")
    extra_fields = ("changes",)
    list_display = ("contract", "organization", "valid_from", "agreed_on", "changes", "applied_at", "voided_at")
    list_filter = (("applied_at", admin.EmptyFieldListFilter), ("voided_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "proof")
    actions_detail = ("void",)

    @display(description=_("changes"))
    def changes(self, amendment: Amendment) -> str:
        found = []
        for name, value in amendment.values.items():
            found.append(f"{colon(_LABELS.get(name, name))} {_shown(amendment.before.get(name))} → {_shown(value)}")
        return "; ".join(found)

    @act(
        _("Void"),
        Permission.AMEND_CONTRACT,
        when=lambda amendment: amendment.applied_at is None and amendment.voided_at is None,
        vendor_only=True,
        form=AgreementForm,
        done=ngettext_lazy("Voided %(count)d amendment.", "Voided %(count)d amendments.", "count"),
        explanation=_("Both sides agree that the amendment is taken back before its day."),
        icon="undo",
    )
    def void(self, amendment: Amendment, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(amendment.organization, data["proof"], kind=DocumentKind.CONTRACT, now=now, by=by)
        amendments.void(amendment, proof=proof, now=now, by=by)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        value = " ".join(value)
    return "-" if value is None or value == "" else str(value)
