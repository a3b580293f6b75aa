"""The admin of bulk work: one act to thousands of people as a job, its progress, and taking it back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import Act, act, actor_of
from accounts.admin.base import ReadOnly, may
from accounts.admin.forms import OperationForm
from accounts.enums import BulkState, ItemState, LicenceStatus
from accounts.labels import BULK_ACTS, SUSPENSIONS_BY_HAND, WHY_NOT
from accounts.models import BulkItem, BulkJob, Organization
from accounts.operations import bulk, clock
from accounts.rules import licence_states
from accounts.rules.permissions import Permission

SHOWN = 200


class BulkForm(OperationForm):
    """The act, and whom it is done to: by external ids, or by status and department."""

    texts = ("external_ids", "departments", "note")
    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    act = forms.ChoiceField(label=_("Act"), choices=BULK_ACTS)
    external_ids = forms.CharField(label=_("External ids, one a line"), required=False, max_length=5_000_000)
    statuses = forms.MultipleChoiceField(
        label=_("Or all of these statuses"), choices=LicenceStatus.choices, required=False
    )
    departments = forms.CharField(label=_("And of these departments, one a line"), required=False, max_length=60_000)
    reason = forms.ChoiceField(
        label=_("Reason of a suspension"), choices=[("", "—"), *SUSPENSIONS_BY_HAND], required=False
    )
    until = forms.DateTimeField(label=_("Until"), required=False, help_text=_("UTC, as 2026-12-31 08:00"))
    note = forms.CharField(label=_("Note"), max_length=1000, required=False)


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    adding = Permission.CHANGE_LICENSED_USER
    list_display = ("act", "organization", "state", "total", "done", "refused", "created_at", "finished_at")
    list_filter = ("state", "act")
    search_fields = ("public_id", "organization__name", "requested_by")
    list_select_related = ("organization",)
    change_form_outer_before_template = "admin/bulk_progress.html"
    actions_detail = ("undo",)

    def explained(self, request: HttpRequest, obj: BulkJob) -> dict[str, Any]:
        items = obj.items.filter(state=ItemState.REFUSED).select_related("licensed_user").order_by("pk")
        failures = [(item.licensed_user, _in_words(item.code)) for item in items[:SHOWN]]
        return {"job": obj, "failures": failures, "working": obj.state != BulkState.FINISHED}

    def do(self, request: HttpRequest, spec: Act, obj: BulkJob, **given: Any) -> str | None:
        """Take a job back; deletions are a right of their own."""
        if not _may(request, licence_states.Act(obj.act)):
            raise PermissionDenied
        return super().do(request, spec, obj, **given)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            wanted = licence_states.Act(data["act"])
            if not _may(request, wanted):
                raise PermissionDenied
            chosen = bulk.Chosen(
                external_ids=_lines(data["external_ids"]),
                statuses=data["statuses"],
                departments=_lines(data["departments"]),
            )
            job = bulk.request(
                data["organization"],
                wanted,
                chosen,
                reason=data["reason"],
                until=data["until"],
                note=data["note"],
                now=clock.instant(),
                by=actor_of(request),
            )
            messages.success(request, _("The job waits for a worker; this page follows it."))
            return self.detail_url(job)

        return self.operation_page(
            request, title=_("Change many users"), form=BulkForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Take back"),
        Permission.CHANGE_LICENSED_USER,
        when=lambda job: job.state == BulkState.FINISHED and licence_states.Act(job.act) in licence_states.UNDO,
        explanation=_("Those whom the job changed, and nobody has changed since, are put back where they stood."),
        done=ngettext_lazy("Taking back %(count)d job.", "Taking back %(count)d jobs.", "count"),
        icon="undo",
    )
    def undo(self, job: BulkJob, *, data: dict[str, Any], now: datetime, by: str) -> None:
        bulk.undo(job, now=now, by=by)

    def after(self, obj: BulkJob) -> str:
        return self.list_url()


class WhyNot(admin.SimpleListFilter):
    title = _("Why not")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WHY_NOT.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        return queryset if self.value() is None else queryset.filter(code=self.value())


@admin.register(BulkItem)
class BulkItemAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("licensed_user", "job", "organization", "state", "why_not")
    list_filter = ("state", WhyNot)
    search_fields = ("licensed_user__external_id", "job__public_id", "organization__name")
    list_select_related = ("licensed_user", "job", "organization")
    show_full_result_count = False

    @admin.display(description=_("Why not"), ordering="code")
    def why_not(self, item: BulkItem) -> str:
        return _in_words(item.code)


def _in_words(code: str) -> str:
    return str(WHY_NOT.get(code, code))


def _may(request: HttpRequest, wanted: licence_states.Act) -> bool:
    deletes = wanted in (licence_states.Act.SCHEDULE, licence_states.Act.CANCEL)
    return not deletes or may(request, Permission.DELETE_LICENSED_USER)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
