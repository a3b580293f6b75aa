"""The admin of notices: looked at only; they are given and withdrawn on the contract's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.explain import reasons
from contracts.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("why", "ends_on")
    extra_fields = ("last_day",)
    list_display = ("contract", "organization", "kind", "party", "sent_on", "judgment", "last_day", "withdrawn_at")
    list_filter = ("judgment", "kind", "party", "channel", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "proof")
    change_form_outer_after_template = "admin/why.html"

    @display(description=_("last day of the contract"), ordering="ends_on")
    def last_day(self, notice: Notice) -> str:
        return said(last_day(notice.ends_on))

    def explained(self, request: HttpRequest, obj: Notice) -> dict[str, Any]:
        return {"why_title": _("Why this judgment"), "reasons": reasons(obj.why)}
