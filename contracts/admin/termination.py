"""The admin of terminations: looked at only; they are declared on the contract's page."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.admin.forms import AgreementForm
from contracts.explain import reasons
from contracts.models import Termination
from contracts.operations import terminations


@admin.register(Termination)
class TerminationAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("why", "ends_on")
    extra_fields = ("last_day",)
    list_display = ("contract", "organization", "ground", "party", "declared_on", "last_day", "withdrawn_at")
    list_filter = ("ground", "party", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "proof")
    change_form_outer_after_template = "admin/why.html"
    actions_detail = ("revert",)

    @act(
        _("Take back"),
        Permission.END_CONTRACT,
        when=lambda termination: termination.withdrawn_at is None,
        vendor_only=True,
        form=AgreementForm,
        done=ngettext_lazy("Took back %(count)d termination.", "Took back %(count)d terminations.", "count"),
        explanation=_("Both sides agree: the contract goes on, and what the termination charged is voided."),
        icon="undo",
    )
    def revert(self, termination: Termination, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(
            termination.organization, data["proof"], kind=DocumentKind.CONTRACT, now=now, by=by
        )
        terminations.revert(termination, proof=proof, now=now, by=by)

    @display(description=_("last day of the contract"), ordering="ends_on")
    def last_day(self, termination: Termination) -> str:
        return said(last_day(termination.ends_on))

    def explained(self, request: HttpRequest, obj: Termination) -> dict[str, Any]:
        return {"why_title": _("Why this end"), "reasons": reasons(obj.why)}
