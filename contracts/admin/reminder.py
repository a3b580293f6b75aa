"""The admin of reminders: looked at only; sweeps send them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.explain import reasons
from contracts.models import Reminder


@admin.register(Reminder)
class ReminderAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("why", "outcome_at")
    list_display = ("contract", "organization", "term_number", "kind", "lead", "due_on", "sent_at", "skipped_at")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "proof")
    change_form_outer_after_template = "admin/why.html"

    def explained(self, request: HttpRequest, obj: Reminder) -> dict[str, Any]:
        return {"why_title": _("Why on this day"), "reasons": reasons(obj.why)}
