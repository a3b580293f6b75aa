"""The admin of terminations: looked at only; they are declared on the contract's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.explain import reasons
from contracts.models import Termination


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

    @display(description=_("last day of the contract"), ordering="ends_on")
    def last_day(self, termination: Termination) -> str:
        return said(last_day(termination.ends_on))

    def explained(self, request: HttpRequest, obj: Termination) -> dict[str, Any]:
        return {"why_title": _("Why this end"), "reasons": reasons(obj.why)}
