"""The admin of people's requests: taken down, forwarded, decided, answered; their words for those who may read them."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import DateTimeField, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action, display

from accounts.admin.acting import act, actor_of, works_for_vendor
from accounts.admin.base import may
from accounts.enums import Language
from accounts.errors import FieldError, InvalidInput
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts.letters import reader
from contracts.rules.periods import local_day
from retention import letters
from retention.admin.forms import AuthorisationForm
from retention.admin.readable import Readable
from retention.admin.subject_forms import (
    CloseForm,
    DoubtForm,
    ExtendForm,
    ForwardForm,
    GrantForm,
    SubjectRefusalForm,
    TakeDownForm,
)
from retention.enums import (
    DoubtReason,
    ExtensionReason,
    RefusalGround,
    RequestKind,
    SubjectChannel,
    SubjectOutcome,
    SubjectState,
)
from retention.models import SubjectDoubt, SubjectLink, SubjectRequest
from retention.operations import (
    instructions,
    subject_decisions,
    subject_facts,
    subject_letters,
    subject_mistakes,
    subject_requests,
)
from retention.operations.subject_facts import Facts
from retention.rules import subjects

FORWARDED = SubjectState.FORWARDED.value
LINK = "text-primary-600 dark:text-primary-500"
LETTER_TITLES = {
    "acknowledged": _("Acknowledgement"),
    "forwarding": _("Letter to the client"),
    "identity_asked": _("Question about identity"),
    "extension_told": _("Notice that it takes longer"),
    "answered": _("Answer"),
}


@admin.register(SubjectRequest)
class SubjectRequestAdmin(Readable):
    viewing = Permission.VIEW_SUBJECT_REQUEST
    adding = Permission.HANDLE_SUBJECT_REQUEST
    hidden = ("why", "key_version", "warnings")
    extra_fields = ("sender", "letters_of")
    list_display = ("__str__", "organization", "kind", "state", "received_at", "forward_by", "due", "outcome")
    list_filter = ("state", "kind", "channel", "outcome", "told")
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request", "proof")
    actions_detail = (
        "forward",
        "close",
        "grant",
        "refuse",
        "not_held",
        {"title": _("Time"), "icon": "schedule", "items": ["doubt", "settle_doubt", "extend"]},
        "take_back",
        "withdraw",
        "mark_posted",
        "letter",
    )
    change_form_outer_after_template = "admin/why.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out who asks, for those who may not read it."""
        found = super().get_fields(request, obj)
        return found if _reads(request) else [one for one in found if one not in self.extra_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        now = Value(clock.instant(), output_field=DateTimeField())
        found: QuerySet[Any] = super().get_queryset(request).annotate(asked_at=now)
        return found

    @display(description=_("sender"))
    def sender(self, row: SubjectRequest) -> str:
        known = subject_facts.opened(row)
        return " · ".join(part for part in (known.name, known.email, known.address, known.service) if part)

    @display(description=_("letters"))
    def letters_of(self, row: SubjectRequest) -> SafeString | str:
        found = [
            format_html(
                '<a class="text-primary-600 dark:text-primary-500" href="../letter?name={}">{}</a>',
                name,
                LETTER_TITLES[name],
            )
            for name in subject_letters.of(row)
        ]
        return SafeString(" · ".join(found)) if found else "-"

    @display(description=_("answer by"), ordering="due_on")
    def due(self, row: SubjectRequest) -> SafeString | str:
        """Show the last day to answer; in red once it has passed and nobody has answered."""
        if row.closed_at is not None:
            return "-"
        # The page's instant, read once for all rows; a row from elsewhere is asked about now.
        now = getattr(row, "asked_at", None) or clock.instant()
        if not subjects.is_late(row.due_on, local_day(now, subject_requests.zone_of(row))):
            return date_format(row.due_on)
        red = "text-red-600 dark:text-red-400"
        return format_html('<strong class="{}">{} · {}</strong>', red, date_format(row.due_on), _("late"))

    def described(self, obj: SubjectRequest) -> str:
        return f"{obj.get_kind_display()} · {obj.get_state_display()}"

    def explained(self, request: HttpRequest, obj: SubjectRequest) -> dict[str, Any]:
        """Show the words to who may read them."""
        if not _reads(request) or obj.purged_at is not None:
            return {}
        known = subject_facts.opened(obj)
        return {"why_title": _("In their words"), "reasons": [one for one in (known.words, known.reasons) if one]}

    @action(
        description=_("Letter"),
        url_path="letter",
        permissions=[Permission.VIEW_SUBJECT_REQUEST.value],
        icon="picture_as_pdf",
    )
    def letter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a letter as PDF to who may read it: the one that is named (``?name=``), else the latest."""
        row = self.object_or_404(request, object_id)
        found = subject_letters.of(row)
        name = request.GET.get("name") or (found[-1] if found else "")
        if not _reads(request) or name not in found:
            raise Http404
        return letters.answered(row, name)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            made = _take_down(data, now=clock.instant(), by=actor_of(request))
            messages.success(request, _("Request taken down: %(reference)s.") % {"reference": made.reference})
            return self.detail_url(made)

        return self.operation_page(
            request, title=_("Take a request down"), form=TakeDownForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Forward to the client"),
        Permission.HANDLE_SUBJECT_REQUEST,
        when=lambda row: row.state == SubjectState.RECEIVED,
        form=ForwardForm,
        done=ngettext_lazy("Forwarded %(count)d request.", "Forwarded %(count)d requests.", "count"),
        explanation=_("Each contact of the client who may decide gets a link that opens once. The person is told."),
        icon="forward_to_inbox",
        vendor_only=True,
    )
    def forward(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_requests.forward(row, organization=data["organization"], now=now, by=by)

    @act(
        _("Answer without a client"),
        Permission.HANDLE_SUBJECT_REQUEST,
        when=lambda row: row.state == SubjectState.RECEIVED,
        form=CloseForm,
        done=ngettext_lazy("Answered %(count)d request.", "Answered %(count)d requests.", "count"),
        explanation=_("Nothing is held for a company, or the data are the vendor's own: a contact, an invoice."),
        icon="mark_email_read",
        vendor_only=True,
    )
    def close(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        outcome = SubjectOutcome(data["outcome"])
        subject_requests.close_without_client(row, outcome=outcome, reason=data["reason"], now=now, by=by)

    @act(
        _("Grant it"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED,
        form=GrantForm,
        done=ngettext_lazy("Granted %(count)d request.", "Granted %(count)d requests.", "count"),
        explanation=_("The client, who is the controller, decides for it. A deletion request of its kind is opened."),
        sensitive=True,
        icon="how_to_reg",
    )
    def grant(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_decisions.grant(
            row,
            people=data["licensed_users"],
            corrections=data["corrections"],
            for_client=data["for_client"],
            proof=_proof(row, data, now=now, by=by),
            now=now,
            by=by,
        )

    @act(
        _("Refuse it"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED,
        form=SubjectRefusalForm,
        done=ngettext_lazy("Refused %(count)d request.", "Refused %(count)d requests.", "count"),
        explanation=_("The person is told why, and where to complain."),
        icon="thumb_down",
    )
    def refuse(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_decisions.refuse(
            row,
            ground=RefusalGround(data["ground"]),
            reasons=data["reasons"],
            for_client=data["for_client"],
            proof=_proof(row, data, now=now, by=by),
            now=now,
            by=by,
        )

    @act(
        _("Nothing is held"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED,
        form=AuthorisationForm,
        done=ngettext_lazy("Answered %(count)d request.", "Answered %(count)d requests.", "count"),
        explanation=_("The client has no data of this person, or no more. The person is told so."),
        icon="do_not_disturb_on",
    )
    def not_held(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = _proof(row, data, now=now, by=by)
        subject_decisions.not_held(row, for_client=data["for_client"], proof=proof, now=now, by=by)

    @act(
        _("Ask first who it is"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED,
        form=DoubtForm,
        done=ngettext_lazy("Asked %(count)d person.", "Asked %(count)d people.", "count"),
        explanation=_("The time stands still until the person has shown who they are. Keep no identity document."),
        icon="badge",
        sided=True,
    )
    def doubt(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> str | None:
        if staff:
            return _clients_clock()
        subject_decisions.doubt(row, reason=DoubtReason(data["reason"]), now=now, by=by)
        return None

    @act(
        _("They have shown who they are"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED,
        done=ngettext_lazy("Recorded %(count)d answer.", "Recorded %(count)d answers.", "count"),
        explanation=_("The time for the answer goes on; the days between are added."),
        icon="verified_user",
        sided=True,
    )
    def settle_doubt(
        self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str, staff: bool
    ) -> str | None:
        if staff:
            return _clients_clock()
        subject_decisions.settle_doubt(row, now=now, by=by)
        return None

    @act(
        _("Take longer"),
        Permission.REQUEST_DELETION,
        when=lambda row: row.state == FORWARDED and row.extended_at is None,
        form=ExtendForm,
        done=ngettext_lazy("Extended %(count)d request.", "Extended %(count)d requests.", "count"),
        explanation=_("Three months in all instead of one. The person is told at once, and why."),
        icon="more_time",
        sided=True,
    )
    def extend(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> str | None:
        if staff:
            return _clients_clock()
        subject_decisions.extend(row, reason=ExtensionReason(data["reason"]), now=now, by=by)
        return None

    @act(
        _("Take it back from the client"),
        Permission.HANDLE_SUBJECT_REQUEST,
        when=lambda row: row.state == FORWARDED,
        done=ngettext_lazy("Took %(count)d request back.", "Took %(count)d requests back.", "count"),
        explanation=_("It was forwarded to the wrong client, whose contacts are told. Forward it again, or answer it."),
        icon="undo",
        vendor_only=True,
    )
    def take_back(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_mistakes.take_back(row, now=now, by=by)

    @act(
        _("Withdraw"),
        Permission.HANDLE_SUBJECT_REQUEST,
        when=lambda row: row.state in (SubjectState.RECEIVED, FORWARDED),
        done=ngettext_lazy("Withdrew %(count)d request.", "Withdrew %(count)d requests.", "count"),
        explanation=_("The person told the vendor that they give it up."),
        icon="undo",
        vendor_only=True,
    )
    def withdraw(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_requests.withdraw(row, now=now, by=by)

    @act(
        _("Answer posted"),
        Permission.HANDLE_SUBJECT_REQUEST,
        when=lambda row: row.state == SubjectState.ANSWERED and not row.told,
        done=ngettext_lazy("Noted %(count)d answer.", "Noted %(count)d answers.", "count"),
        explanation=_("The letter with the answer went out by post."),
        icon="local_post_office",
        vendor_only=True,
    )
    def mark_posted(self, row: SubjectRequest, *, data: dict[str, Any], now: datetime, by: str) -> None:
        subject_requests.mark_posted(row, now=now, by=by)


@admin.register(SubjectDoubt)
class SubjectDoubtAdmin(Readable):
    viewing = Permission.VIEW_SUBJECT_REQUEST
    list_display = ("request", "organization", "reason", "asked_on", "answered_on")
    list_filter = ("reason", ("answered_on", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request")


@admin.register(SubjectLink)
class SubjectLinkAdmin(Readable):
    viewing = Permission.VIEW_SUBJECT_REQUEST
    list_display = ("request", "purpose", "made_at", "expires_at", "used_at")
    list_filter = ("purpose", ("used_at", admin.EmptyFieldListFilter))
    search_fields = ("request__public_id",)
    list_select_related = ("request", "user", "organization")


def _reads(request: HttpRequest) -> bool:
    """Say whether somebody may read who asks and what: privacy officers, and those who decide for the client."""
    if not hasattr(request, "user"):  # asked for what the page could show at all
        return True
    if works_for_vendor(request):
        return may(request, Permission.HANDLE_SUBJECT_REQUEST)
    return may(request, Permission.REQUEST_DELETION)


def _take_down(data: dict[str, Any], *, now: datetime, by: str) -> SubjectRequest:
    """Take a request down from the form: what a pasted mail says, where the form is empty.

    :raises InvalidInput: by field.
    """
    mail = None
    if data["mail"].strip():
        try:
            mail = reader.pasted_mail(data["mail"])
        except InvalidInput as error:
            raise InvalidInput([FieldError("mail", one.code, one.message) for one in error.errors]) from None
    facts = Facts(
        name=data["name"] or (mail.sender_name or mail.sender_email if mail else ""),
        email=data["email"] or (mail.sender_email if mail else ""),
        words=data["words"] or (mail.text[: subject_facts.LONGEST_WORDS] if mail else ""),
        service=data["service"],
        address=data["address"],
    )
    return subject_requests.take_down(
        facts,
        kind=RequestKind(data["kind"]),
        channel=SubjectChannel(data["channel"]),
        language=Language(data["language"]),
        received_at=data["received_at"] or min((mail.received_at or mail.sent_at if mail else None) or now, now),
        now=now,
        by=by,
    )


def _proof(row: SubjectRequest, data: dict[str, Any], *, now: datetime, by: str) -> Any:
    client = subject_requests.client_of(row)
    return instructions.keep(client, data["proof"], sender=data["sender"], now=now, by=by)


def _clients_clock() -> str:
    return str(_("It is the client's clock: only the client stops or lengthens it."))
