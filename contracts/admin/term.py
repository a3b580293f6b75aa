"""The admin of terms: looked at only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.models import Term


@admin.register(Term)
class TermAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("days",)
    extra_fields = ("starts_on", "last_day")
    list_display = ("contract", "organization", "number", "starts_on", "last_day", "fee", "currency", "voided_at")
    list_filter = (("voided_at", admin.EmptyFieldListFilter), ("started_at", admin.EmptyFieldListFilter), "currency")
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")

    @display(description=_("first day"))
    def starts_on(self, term: Term) -> str:
        return said(term.days.lower)

    @display(description=_("last day"))
    def last_day(self, term: Term) -> str:
        return said(last_day(term.days.upper))
