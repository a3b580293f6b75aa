"""The admin of the inbox: letters dropped, whose they may be and what they want, decided by a person."""

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
from accounts.models import Organization
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import IntakeKind, IntakeState, NoticeChannel
from contracts.explain import reasons
from contracts.letters import reader
from contracts.models import Contract, Intake
from contracts.operations import intakes

NEW, ASKED_BACK = IntakeState.NEW.value, IntakeState.ASKED_BACK.value
UNDECIDED = tuple(state.value for state in intakes.UNDECIDED)
DECIDABLE = {kind: label for kind, label in labels.INTAKE_KIND.items() if kind != IntakeKind.UNCLEAR.value}


class DropForm(OperationForm):
    """A letter: a file, or what it says."""

    texts = ("text",)
    file = forms.FileField(
        label=_("File"), required=False, allow_empty_file=True, max_length=200, help_text=_("PDF, mail (.eml) or .txt")
    )
    text = forms.CharField(label=_("Text"), required=False, strip=False, help_text=_("Or what a scan says"))
    received_on = forms.DateField(
        label=_("Received on"), required=False, help_text=_("Empty: as the mail says, or now")
    )
    answers = forms.ModelChoiceField(
        label=_("Answers"),
        queryset=Intake.objects.filter(state=IntakeState.ASKED_BACK.value).order_by("pk"),
        required=False,
        help_text=_("The letter that was asked back: its day of receipt counts"),
    )


class DecisionForm(ReasonForm):
    """A decision on a letter. Where the client was asked what it means, it takes a reason."""

    def prepare(self) -> None:
        if self.subject is not None and self.subject.state == ASKED_BACK:
            self.fields["reason"].required = True
            self.fields["reason"].help_text = _("What the client answered, or that it did not")


class ConfirmForm(DecisionForm):
    """What a person decides about a letter. What was found is filled in, and the client that was asked."""

    field_order = ("organization", "contracts", "kind", "entitled", "channel", "sent_on", "reason")
    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    contracts = forms.ModelMultipleChoiceField(
        label=_("Contracts"),
        queryset=Contract.objects.binding().order_by("reference", "pk"),
        help_text=_("Every contract that the letter covers"),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=DECIDABLE)
    entitled = forms.ChoiceField(
        label=_("The sender is entitled"),
        choices=[("", _("As found")), ("yes", _("Yes")), ("no", _("No"))],
        required=False,
    )
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("As found")), *labels.NOTICE_CHANNEL.items()], required=False
    )
    sent_on = forms.DateField(label=_("Sent on"), required=False)

    def prepare(self) -> None:
        super().prepare()
        if self.subject is None:
            return
        best = self.subject.candidates[0] if self.subject.candidates else {"organization": None, "contracts": []}
        organization = self.subject.organization or Organization.objects.filter(public_id=best["organization"]).first()
        if organization is None:
            return
        self.fields["organization"].initial = organization.pk
        possible = intakes.open_contracts(organization)
        covered = [one for one in possible if str(one.public_id) in best["contracts"]] or possible
        self.fields["contracts"].initial = [contract.pk for contract in covered]
        if self.subject.suggested in DECIDABLE:
            self.fields["kind"].initial = self.subject.suggested


class AskForm(OperationForm):
    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))


@admin.register(Intake)
class IntakeAdmin(ReadOnly):
    viewing = Permission.HANDLE_INTAKE
    adding = Permission.HANDLE_INTAKE
    hidden = ("why", "candidates", "key_version", "notices", "cases")
    extra_fields = ("sender",)
    list_display = ("__str__", "organization", "state", "suggested", "received_at", "media", "decided_at")
    list_filter = ("state", "suggested", "media")
    search_fields = ("public_id", "organization__name", "sha256")
    list_select_related = ("organization", "document", "acknowledgement")
    actions_detail = ("confirm", "ask_back", "reject")
    change_form_outer_after_template = "admin/why.html"

    @display(description=_("sender"))
    def sender(self, row: Intake) -> str:
        facts = intakes.opened(row)
        return " · ".join(part for part in (facts.sender_name, facts.sender_email, facts.subject) if part)

    def described(self, obj: Intake) -> str:
        return f"{obj.get_suggested_display()} · {obj.media}"

    def explained(self, request: HttpRequest, obj: Intake) -> dict[str, Any]:
        """Show what the letter says, what it seems to want, and whose it may be with each reason."""
        facts = intakes.opened(obj)
        wanted = {one["organization"] for one in obj.candidates}
        names = {str(one.public_id): one for one in Organization.objects.filter(public_id__in=wanted)}
        found = [*reasons(obj.why)]
        for one in obj.candidates:
            organization = names.get(one["organization"])
            if organization is not None:
                known = _("member") if intakes.is_member(organization, facts.sender_email) else _("sender not verified")
                found.append(f"{organization} ({one['score']}, {known}): {' '.join(reasons(one['why'])[:-1])}")
        if facts.text:
            found.append(facts.text[:3000])
        return {"why_title": _("What it says, and whose it may be"), "reasons": found}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            letter = reader.dropped(data["file"], data["text"] or None)
            made = intakes.drop(
                letter,
                received_on=data["received_on"],
                answers=data["answers"],
                now=clock.instant(),
                by=actor_of(request),
            )
            messages.success(request, _("Letter received: %(kind)s.") % {"kind": made.get_suggested_display()})
            return self.detail_url(made)

        return self.operation_page(
            request, title=_("Drop a letter"), form=DropForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Confirm"),
        Permission.HANDLE_INTAKE,
        when=lambda row: row.state in UNDECIDED,
        form=ConfirmForm,
        done=ngettext_lazy("Confirmed %(count)d letter.", "Confirmed %(count)d letters.", "count"),
        explanation=_("A notice is recorded of every contract, with the letter as proof, and acknowledged."),
        icon="task_alt",
        vendor_only=True,
    )
    def confirm(self, row: Intake, *, data: dict[str, Any], now: datetime, by: str) -> None:
        intakes.confirm(
            row,
            organization=data["organization"],
            contracts=list(data["contracts"]),
            kind=IntakeKind(data["kind"]),
            entitled={"yes": True, "no": False}.get(data["entitled"]),
            channel=NoticeChannel(data["channel"]) if data["channel"] else None,
            sent_on=data["sent_on"],
            reason=data["reason"],
            now=now,
            by=by,
        )

    @act(
        _("Ask back"),
        Permission.HANDLE_INTAKE,
        when=lambda row: row.state == NEW,
        form=AskForm,
        done=ngettext_lazy("Asked about %(count)d letter.", "Asked about %(count)d letters.", "count"),
        explanation=_("The client's contacts are asked what the letter means. Its day of receipt is kept."),
        icon="contact_support",
        vendor_only=True,
    )
    def ask_back(self, row: Intake, *, data: dict[str, Any], now: datetime, by: str) -> None:
        intakes.ask_back(row, organization=data["organization"], now=now, by=by)

    @act(
        _("Reject"),
        Permission.HANDLE_INTAKE,
        when=lambda row: row.state in UNDECIDED,
        form=DecisionForm,
        done=ngettext_lazy("Rejected %(count)d letter.", "Rejected %(count)d letters.", "count"),
        explanation=_("It is no notice: its file and its words are dropped. This cannot be undone."),
        icon="delete",
        vendor_only=True,
    )
    def reject(self, row: Intake, *, data: dict[str, Any], now: datetime, by: str) -> None:
        intakes.reject(row, now=now, by=by, **data)
