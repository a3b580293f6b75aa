"""The admin of the vendor's own notices: drafted, approved by another person, sent with proof, received, given up."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act, actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm, ReasonForm
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.admin.days import last_day, said
from contracts.enums import NoticeChannel, NoticeKind, OutgoingStatus
from contracts.explain import reasons
from contracts.models import Contract, OutgoingNotice
from contracts.operations import outgoing

DRAFT, APPROVED, SENT = OutgoingStatus.DRAFT.value, OutgoingStatus.APPROVED.value, OutgoingStatus.SENT.value


class DraftNoticeForm(OperationForm):
    """What the vendor wants to declare."""

    contract = forms.ModelChoiceField(
        label=_("Contract"),
        queryset=Contract.objects.binding().order_by("reference", "pk"),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=labels.NOTICE_KIND)
    channel = forms.ChoiceField(label=_("Channel"), choices=labels.NOTICE_CHANNEL)
    last_day = forms.DateField(
        label=_("Last day of the contract"), required=False, help_text=_("Empty: the first that is still in time")
    )


class SentForm(OperationForm):
    """The sending and its proof."""

    sent_on = forms.DateField(label=_("Sent on"))
    received_on = forms.DateField(label=_("Received on"), required=False, help_text=_("Empty: not known yet"))
    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)


class ReceivedForm(OperationForm):
    received_on = forms.DateField(label=_("Received on"))


@admin.register(OutgoingNotice)
class OutgoingNoticeAdmin(ReadOnly):
    viewing = Permission.APPROVE_NOTICE
    adding = Permission.APPROVE_NOTICE
    hidden = ("why", "ends_on")
    extra_fields = ("last_day",)
    list_display = ("contract", "organization", "status", "send_by", "channel", "last_day", "sent_on")
    list_filter = ("status", "kind", "channel")
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "proof", "notice")
    actions_detail = ("approve", "send", "receive", "cancel")
    change_form_outer_after_template = "admin/why.html"

    @display(description=_("last day of the contract"), ordering="ends_on")
    def last_day(self, row: OutgoingNotice) -> str:
        return said(last_day(row.ends_on))

    def described(self, obj: OutgoingNotice) -> str:
        return f"{obj.contract} · {obj.organization} · {obj.get_status_display()} · {said(obj.send_by)}"

    def explained(self, request: HttpRequest, obj: OutgoingNotice) -> dict[str, Any]:
        return {"why_title": _("Why it must be sent by this day"), "reasons": reasons(obj.why)}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            made = outgoing.draft(
                data["contract"],
                kind=NoticeKind(data["kind"]),
                channel=NoticeChannel(data["channel"]),
                last_day=data["last_day"],
                now=clock.instant(),
                by=actor_of(request),
            )
            messages.success(request, _("Notice drafted. It must be sent by %(day)s.") % {"day": said(made.send_by)})
            return self.detail_url(made)

        return self.operation_page(
            request, title=_("Draft a notice"), form=DraftNoticeForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Approve"),
        Permission.APPROVE_NOTICE,
        when=lambda row: row.status == DRAFT,
        done=ngettext_lazy("Approved %(count)d notice.", "Approved %(count)d notices.", "count"),
        explanation=_("Another person than who drafted it approves a notice."),
        icon="approval",
        vendor_only=True,
    )
    def approve(self, row: OutgoingNotice, *, data: dict[str, Any], now: datetime, by: str) -> None:
        outgoing.approve(row, now=now, by=by)

    @act(
        _("Record sending"),
        Permission.APPROVE_NOTICE,
        when=lambda row: row.status == APPROVED,
        form=SentForm,
        done=ngettext_lazy("Recorded %(count)d sending.", "Recorded %(count)d sendings.", "count"),
        explanation=_("With the proof of sending. The notice is given once the day that counts is known."),
        icon="outgoing_mail",
        vendor_only=True,
    )
    def send(self, row: OutgoingNotice, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(row.organization, data["proof"], now=now, by=by)
        outgoing.send(row, sent_on=data["sent_on"], received_on=data["received_on"], proof=proof, now=now, by=by)

    @act(
        _("Record receipt"),
        Permission.APPROVE_NOTICE,
        when=lambda row: row.status == SENT,
        form=ReceivedForm,
        done=ngettext_lazy("Recorded %(count)d receipt.", "Recorded %(count)d receipts.", "count"),
        icon="mark_email_read",
        vendor_only=True,
    )
    def receive(self, row: OutgoingNotice, *, data: dict[str, Any], now: datetime, by: str) -> None:
        outgoing.receive(row, now=now, by=by, **data)

    @act(
        _("Cancel"),
        Permission.APPROVE_NOTICE,
        when=lambda row: row.status in (DRAFT, APPROVED, SENT),
        form=ReasonForm,
        done=ngettext_lazy("Cancelled %(count)d notice.", "Cancelled %(count)d notices.", "count"),
        icon="cancel",
        vendor_only=True,
    )
    def cancel(self, row: OutgoingNotice, *, data: dict[str, Any], now: datetime, by: str) -> None:
        outgoing.cancel(row, now=now, by=by, **data)
