"""The admin of deletion requests: opened, confirmed, approved, given up; export, archive and hold decided."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts import tenancy
from accounts.admin.acting import act, actor_of, works_for_vendor
from accounts.admin.forms import ReasonForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from retention import explain
from retention.admin.blocking import blocks_of, with_blocks
from retention.admin.forms import (
    AuthorisationForm,
    CancelForm,
    DecisionForm,
    ForClientForm,
    HoldForm,
    RefusalForm,
    RequestForm,
)
from retention.admin.hold import place, too_late
from retention.admin.outcome import outcome
from retention.admin.readable import Readable
from retention.admin.stepper import stepper
from retention.enums import Decision, RefusalGround, RequestKind, RequestOrigin, RequestStatus
from retention.models import DeletionRequest
from retention.operations import (
    archive,
    carrying_out,
    corrections,
    exports,
    impact,
    instructions,
    mentions,
    people_requests,
    requests,
)


def _decidable(request: DeletionRequest) -> bool:
    return request.status in requests.CANCELLABLE


def _erasure(request: DeletionRequest) -> bool:
    return _decidable(request) and request.kind == RequestKind.ERASE


def _to_export(request: DeletionRequest) -> bool:
    decided = request.kind == RequestKind.EXPORT and request.status == RequestStatus.CONFIRMED
    return _erasure(request) or decided


def _export_open(request: DeletionRequest) -> bool:
    silent = request.export_decision == Decision.DECLINED and request.export_waived_at is None
    return _decidable(request) and request.whole and (request.export_decision == Decision.PENDING or silent)


def _retrieval_runs(request: DeletionRequest) -> bool:
    return _decidable(request) and request.whole and request.export_decision != Decision.PENDING


def _archive_open(request: DeletionRequest) -> bool:
    return _erasure(request) and request.archive_decision == Decision.PENDING


@admin.register(DeletionRequest)
class DeletionRequestAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    adding = Permission.REQUEST_DELETION
    list_display = ("__str__", "organization", "kind", "scope", "origin", "status", "erase_by", "blocked_by")
    list_filter = (
        "status",
        "kind",
        "scope",
        "origin",
        ("blocked_since", admin.EmptyFieldListFilter),
        "export_decision",
        "archive_decision",
    )
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization",)
    actions_detail = (
        "confirm_end",
        "decide",
        "confirm_correction",
        "approve",
        "search_others",
        {"title": _("Export"), "icon": "archive", "items": ["make_export", "waive_export", "waive_retrieval"]},
        {
            "title": _("Archive"),
            "icon": "inventory_2",
            "items": ["authorise_archive", "refuse_archive", "make_archive", "decline_archive"],
        },
        {"title": _("Stop"), "icon": "pan_tool", "items": ["hold", "take_back", "refuse", "cancel"]},
    )
    change_form_outer_before_template = "admin/request_progress.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_blocks(super().get_queryset(request), now=clock.instant())

    @display(description=_("blocked by"))
    def blocked_by(self, request: DeletionRequest) -> SafeString:
        found = [(explain.block(code),) for code in blocks_of(request)]
        return format_html_join("", '<p class="sentence">{}</p>', found)

    def described(self, obj: DeletionRequest) -> str:
        return f"{obj.organization} · {obj.get_status_display()}"

    def explained(self, request: HttpRequest, obj: DeletionRequest) -> dict[str, Any]:
        shown = impact.of(obj) if _erasure(obj) else obj.impact
        return {
            "stepper": stepper(obj),
            "outcome": outcome(request, obj),
            "blocks": [explain.block(code) for code in blocks_of(obj)],
            "impact": shown,
        }

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            people, department = data.get("licensed_users", ()), data["department"]
            kind = RequestKind(data["kind"] or RequestKind.ERASE)
            kept = instructions.keep(data["organization"], data["proof"], sender=data["sender"], now=now, by=by)
            if kind is not RequestKind.ERASE or people or department or data["corrections"]:
                opened = people_requests.open_for_people(
                    data["organization"],
                    people=people,
                    department=department,
                    kind=kind,
                    decided=not works_for_vendor(request),
                    note=data["note"],
                    proof=kept,
                    corrections=data["corrections"] or None,
                    now=now,
                    by=by,
                )
            else:
                opened = requests.open_request(
                    data["organization"],
                    origin=RequestOrigin.CLIENT,
                    now=now,
                    by=by,
                    for_client=data["for_client"],
                    note=data["note"],
                    proof=kept,
                )
            messages.success(request, _("Deletion request opened."))
            return self.detail_url(opened)

        return self.operation_page(
            request, title=_("Request deletion"), form=RequestForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Confirm the end"),
        Permission.CONFIRM_END,
        when=lambda request: request.status == RequestStatus.RECEIVED and request.whole,
        done=ngettext_lazy("Confirmed %(count)d end.", "Confirmed %(count)d ends.", "count"),
        explanation=_("The collaboration has definitively ended: no contract is signed, active or under negotiation."),
        many=True,
        icon="task_alt",
    )
    def confirm_end(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        requests.confirm_end(request, now=now, by=by)

    @act(
        _("Record the client's decision"),
        Permission.REQUEST_DELETION,
        when=lambda request: request.status == RequestStatus.RECEIVED and not request.whole,
        form=DecisionForm,
        done=ngettext_lazy("Recorded %(count)d decision.", "Recorded %(count)d decisions.", "count"),
        explanation=_(
            "The client, who is the controller, wants what was asked for to be done with these people's data."
        ),
        sensitive=True,
        icon="how_to_reg",
    )
    def decide(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(request.organization, data["proof"], sender=data["sender"], now=now, by=by)
        people_requests.decide(
            request,
            now=now,
            by=by,
            for_client=data["for_client"],
            proof=kept,
            corrections=data["corrections"] or None,
        )

    @act(
        _("Confirm the correction"),
        Permission.CHANGE_LICENSED_USER,
        when=lambda request: request.status == RequestStatus.CONFIRMED and request.carried_out_at is not None,
        done=ngettext_lazy("Confirmed %(count)d correction.", "Confirmed %(count)d corrections.", "count"),
        explanation=_("The product has made the correction too. The new values are not kept with the request."),
        icon="done_all",
    )
    def confirm_correction(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        corrections.confirm(request, now=now, by=by)

    @act(
        _("Approve the erasure"),
        Permission.APPROVE_ERASURE,
        when=lambda request: request.status == RequestStatus.CONFIRMED and _erasure(request),
        done=ngettext_lazy("Approved %(count)d erasure.", "Approved %(count)d erasures.", "count"),
        explanation=_("After the retrieval period all content is destroyed. Nobody can bring it back then."),
        many=True,
        sensitive=True,
        icon="verified_user",
    )
    def approve(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        requests.approve(request, now=now, by=by)

    @act(
        _("Search what others wrote"),
        Permission.REQUEST_DELETION,
        when=lambda request: _erasure(request) and not request.whole and request.status in mentions.BEFORE_ERASURE,
        form=ForClientForm,
        done=ngettext_lazy("Began %(count)d search.", "Began %(count)d searches.", "count"),
        explanation=_("What others wrote stays, sealed under their keys. It is opened and searched for these people."),
        icon="manage_search",
    )
    def search_others(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        mentions.start(request, now=now, by=by, for_client=data["for_client"])

    @act(
        _("Take the approval back"),
        Permission.REQUEST_DELETION,
        when=lambda request: request.status == RequestStatus.APPROVED,
        form=ReasonForm,
        done=ngettext_lazy("Took %(count)d approval back.", "Took %(count)d approvals back.", "count"),
        explanation=_("Nothing is destroyed yet. The request waits for another approval."),
        icon="undo",
    )
    def take_back(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        requests.take_back(request, now=now, by=by, reason=data["reason"])

    @act(
        _("Refuse the request"),
        Permission.REQUEST_DELETION,
        when=lambda request: _decidable(request) and not request.whole,
        form=RefusalForm,
        done=ngettext_lazy("Refused %(count)d request.", "Refused %(count)d requests.", "count"),
        explanation=_("The request stays in the register, with its ground."),
        icon="thumb_down",
    )
    def refuse(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(request.organization, data["proof"], sender=data["sender"], now=now, by=by)
        people_requests.refuse(
            request,
            ground=RefusalGround(data["ground"]),
            now=now,
            by=by,
            reason=data["reason"],
            for_client=data["for_client"],
            proof=kept,
        )

    @act(
        _("Give the request up"),
        Permission.REQUEST_DELETION,
        when=_decidable,
        form=CancelForm,
        done=ngettext_lazy("Gave up %(count)d request.", "Gave up %(count)d requests.", "count"),
        icon="cancel",
    )
    def cancel(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(request.organization, data["proof"], sender=data["sender"], now=now, by=by)
        requests.cancel(request, now=now, by=by, reason=data["reason"], for_client=data["for_client"], proof=kept)

    @act(
        _("Make the export"),
        Permission.EXPORT_CONTENT,
        when=_to_export,
        done=ngettext_lazy("Made %(count)d export.", "Made %(count)d exports.", "count"),
        explanation=_(
            "All content and the licensed users, or those whom it is about, are given back in one encrypted file."
        ),
        icon="archive",
    )
    def make_export(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        with tenancy.tenant(request.organization_id):
            if request.kind == RequestKind.EXPORT:
                carrying_out.export_people(request, now=now, by=by)
                return
            exports.make(request.organization, request=request, now=now, by=by)

    @act(
        _("Waive the export"),
        Permission.EXPORT_CONTENT,
        when=_export_open,
        form=AuthorisationForm,
        done=ngettext_lazy("Waived %(count)d export.", "Waived %(count)d exports.", "count"),
        explanation=_("The client wants no copy of its content before it is erased."),
        icon="do_not_disturb_on",
    )
    def waive_export(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(request.organization, data["proof"], sender=data["sender"], now=now, by=by)
        exports.waive(request, now=now, by=by, for_client=data["for_client"], proof=kept)

    @act(
        _("Waive the retrieval period"),
        Permission.VIEW_CONTENT,
        when=_retrieval_runs,
        done=ngettext_lazy("Waived %(count)d period.", "Waived %(count)d periods.", "count"),
        explanation=_("The client has its export, or wants none: nothing need wait for the end of the period."),
        icon="event_available",
    )
    def waive_retrieval(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        requests.waive_retrieval(request, now=now, by=by)

    @act(
        _("Authorise the archive"),
        Permission.AUTHORISE_ARCHIVE,
        when=_archive_open,
        form=AuthorisationForm,
        done=ngettext_lazy("Recorded %(count)d authorisation.", "Recorded %(count)d authorisations.", "count"),
        explanation=_("The client agrees that aggregated reports, which identify nobody, are kept."),
        icon="how_to_reg",
    )
    def authorise_archive(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(request.organization, data["proof"], sender=data["sender"], now=now, by=by)
        archive.authorise(request.organization, granted=True, now=now, by=by, proof=kept, for_client=data["for_client"])

    @act(
        _("Refuse the archive"),
        Permission.AUTHORISE_ARCHIVE,
        when=_archive_open,
        done=ngettext_lazy("Recorded %(count)d refusal.", "Recorded %(count)d refusals.", "count"),
        explanation=_("The client does not agree that aggregated reports are kept: none is made."),
        icon="block",
    )
    def refuse_archive(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        archive.authorise(request.organization, granted=False, now=now, by=by)

    @act(
        _("Make the archive"),
        Permission.AUTHORISE_ARCHIVE,
        when=_archive_open,
        vendor_only=True,
        done=ngettext_lazy("Made %(count)d archive.", "Made %(count)d archives.", "count"),
        explanation=_("Counts under disclosure control are kept; it is never computed again."),
        icon="inventory_2",
    )
    def make_archive(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        archive.make(request, now=now, by=by)

    @act(
        _("Decline the archive"),
        Permission.AUTHORISE_ARCHIVE,
        when=_archive_open,
        done=ngettext_lazy("Declined %(count)d archive.", "Declined %(count)d archives.", "count"),
        explanation=_("No aggregated reports are kept."),
        icon="inventory_2",
    )
    def decline_archive(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        archive.decline(request, now=now, by=by)

    @act(
        _("Place a legal hold"),
        Permission.PLACE_HOLD,
        when=_erasure,
        form=HoldForm,
        done=ngettext_lazy("Placed %(count)d hold.", "Placed %(count)d holds.", "count"),
        explanation=_("Nothing is erased while it is in force."),
        icon="gavel",
    )
    def hold(self, request: DeletionRequest, *, data: dict[str, Any], now: datetime, by: str) -> str | None:
        placed = place(request.organization, data=data, now=now, by=by)
        return too_late() if placed is None else None
