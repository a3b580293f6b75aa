"""The admin of deadlines: what is open and late first, each with its why; met by a person with a reason."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts.explain import reasons
from contracts.models import Deadline
from contracts.operations import deadlines
from contracts.querysets import DeadlineQuerySet


class StateFilter(admin.SimpleListFilter):
    """Open, late, met, superseded."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("late", _("Late")), ("met", _("Met")), ("superseded", _("Superseded"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = cast(DeadlineQuerySet, queryset)
        match self.value():
            case "open":
                return found.open()
            case "late":
                return queryset.filter(is_late_now=True)
            case "met":
                return found.standing().filter(met_at__isnull=False)
            case "superseded":
                return found.filter(superseded_at__isnull=False)
        return found


class MeetForm(OperationForm):
    """Why a deadline counts as met."""

    texts = ("reason",)
    reason = forms.CharField(label=_("Reason"), max_length=1000, help_text=_("What was done. It can be erased later."))


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("inputs", "why", "due_at")
    list_display = (
        "kind",
        "contract",
        "organization",
        "legal_on",
        "internal_on",
        "late",
        "met_at",
        "superseded_at",
    )
    list_filter = (StateFilter, "kind")
    search_fields = ("contract__reference", "organization__name", "public_id", "subject_id")
    list_select_related = ("contract", "organization")
    ordering = (F("superseded_at").asc(nulls_first=True), F("met_at").asc(nulls_first=True), "internal_on", "pk")
    actions_detail = ("meet",)
    change_form_outer_after_template = "admin/why.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        late = Deadline.objects.late(at=clock.instant()).filter(pk=OuterRef("pk"))
        found: QuerySet[Any] = super().get_queryset(request).annotate(is_late_now=Exists(late))
        return found

    @display(description=_("late"), label="danger")
    def late(self, deadline: Any) -> str:
        return gettext("Late") if deadline.is_late_now else ""

    def described(self, obj: Deadline) -> str:
        return f"{obj.contract} · {obj.organization}"

    def explained(self, request: HttpRequest, obj: Deadline) -> dict[str, Any]:
        return {"why_title": _("Why this day"), "reasons": reasons(obj.why)}

    @act(
        _("Mark as met"),
        Permission.RENEW_CONTRACT,
        when=lambda deadline: deadline.met_at is None and deadline.superseded_at is None,
        form=MeetForm,
        many=True,
        vendor_only=True,
        done=ngettext_lazy("Marked %(count)d deadline as met.", "Marked %(count)d deadlines as met.", "count"),
        explanation=_("It is asked for again only if what it depends on changes."),
        icon="task_alt",
    )
    def meet(self, deadline: Deadline, *, data: dict[str, Any], now: datetime, by: str) -> None:
        deadlines.meet(deadline, reason=data["reason"], now=now, by=by)
