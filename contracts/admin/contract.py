"""The admin of contracts: drafted, signed, cancelled; notice given and withdrawn; the why and the timeline beside."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action, display

from accounts.admin.acting import act, actor_of, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.enums import DocumentKind
from accounts.models import User
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import clauses_explained
from contracts.admin.amendment import AmendmentForm, SuspensionForm
from contracts.admin.calculator import Calculating
from contracts.admin.days import last_day, said
from contracts.admin.exits import Exiting
from contracts.admin.forms import DraftForm, NoticeForm, WithdrawalForm
from contracts.admin.importing import Importing
from contracts.admin.leaving import Leaving
from contracts.admin.offering import Offering, renews
from contracts.admin.reminding import Reminding
from contracts.admin.timeline import timeline
from contracts.enums import ContractStatus, ContractSuspension, NoticeChannel, NoticeKind
from contracts.explain import reasons
from contracts.models import Contract
from contracts.operations import amendments, clauses, notices, signing, stored, suspension
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING

DRAFT, SIGNED, ACTIVE = ContractStatus.DRAFT.value, ContractStatus.SIGNED.value, ContractStatus.ACTIVE.value


@admin.register(Contract)
class ContractAdmin(Calculating, Exiting, Importing, Leaving, Offering, Reminding, ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    adding = Permission.SIGN_CONTRACT
    # The instants are local midnights, in UTC: the timeline shows their days in the contract's zone instead.
    hidden = (
        "last_notice_why",
        "owner",
        "ends_on",
        "term_ends_on",
        "starts_at",
        "certain_at",
        "renews_at",
        "planned_for",
        "next_reminder_at",
        "term_lengths",
        "ends_at",
        "ended_at",
        "deadlines_stale",
        "calendar_due_at",
    )
    extra_fields = ("last_day", "last_day_of_term", "owner_name")
    groups = (
        (
            _("Terms and renewal"),
            (
                "first_term_months",
                "minimum_commitment_months",
                "renewal_term_months",
                "auto_renews",
                "mid_term_exit",
                "term_number",
                "stayed_until",
                "stayed_term",
                "stay_proof",
            ),
        ),
        (
            _("Notice"),
            (
                "notice_length",
                "notice_unit",
                "notice_end_of",
                "notice_effect",
                "last_notice_on",
                "reminder_leads",
                "reminds_client",
            ),
        ),
        (
            _("Price and payment"),
            (
                "annual_fee",
                "currency",
                "billing_interval",
                "billing_timing",
                "paid_until",
                "paid_before_on",
                "paid_ahead",
                "seats",
                "features",
            ),
        ),
        (
            _("Indexation"),
            (
                "index_series",
                "index_fixed_part",
                "index_floor",
                "index_cap",
                "index_base_period",
                "index_base_value",
            ),
        ),
        (
            _("Leaving and erasure"),
            (
                "early_exit_rate",
                "early_exit_cap",
                "early_exit_refunds",
                "early_exit_disclosed_on",
                "switching_notice_months",
                "retrieval_days",
                "erasure_days",
                "end_choice",
                "end_reason",
            ),
        ),
        (_("Suspension"), ("suspended_at", "suspension_reason", "resumes_at")),
    )
    list_display = (
        "reference",
        "organization",
        "status",
        "starts_on",
        "last_day_of_term",
        "last_notice_on",
        "last_day",
        "annual_fee",
        "currency",
    )
    list_filter = ("status", "governing_law", "auto_renews", ("ends_on", admin.EmptyFieldListFilter))
    search_fields = ("reference", "organization__name", "public_id")
    list_select_related = ("organization", "index_series", "stay_proof")
    actions_detail = (
        "sign",
        "what_leaving_costs",
        {
            "title": _("Leaving"),
            "icon": "logout",
            "items": ["give_notice", "withdraw_notice", "quote", "terminate"],
        },
        {
            "title": _("Changes"),
            "icon": "edit_document",
            "items": ["amend", "make_offer", "suspend", "resume", "stay_renewal", "set_reminders", "record_reminder"],
        },
        "cancel",
    )
    change_form_outer_before_template = "admin/contract_life.html"

    @display(description=_("last day"), ordering="ends_on")
    def last_day(self, contract: Contract) -> str:
        return said(last_day(contract.ends_on))

    @display(description=_("last day of the term"), ordering="term_ends_on")
    def last_day_of_term(self, contract: Contract) -> str:
        return said(last_day(contract.term_ends_on))

    @display(description=_("owner"))
    def owner_name(self, contract: Contract) -> str:
        """Name the vendor's person in charge; a client sees none of the vendor's users."""
        return str(User.objects.filter(pk=contract.owner_id or 0).first() or "")

    def described(self, obj: Contract) -> str:
        return f"{obj.organization} · {obj.get_status_display()} · {obj.annual_fee} {obj.currency}"

    def explained(self, request: HttpRequest, obj: Contract) -> dict[str, Any]:
        return {
            "why_title": _("Why this last day for notice"),
            "reasons": reasons(obj.last_notice_why),
            "last_notice_on": obj.last_notice_on,
            "timeline": timeline(obj, now=clock.instant()),
            "checklist": clauses_explained.lines(clauses.checklist(obj, on=local_day(clock.instant(), obj.time_zone))),
        }

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            share = data["index_fixed_part"] or Decimal(0)
            values = {**data, "time_zone": data["time_zone"] or None, "index_fixed_part": share}
            drafted = signing.draft(now=clock.instant(), by=actor_of(request), **values)
            messages.success(request, _("Contract drafted."))
            return self.detail_url(drafted)

        return self.operation_page(
            request, title=_("Draft contract"), form=DraftForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Sign"),
        Permission.SIGN_CONTRACT,
        when=lambda contract: contract.status == DRAFT,
        many=True,
        done=ngettext_lazy("Signed %(count)d contract.", "Signed %(count)d contracts.", "count"),
        explanation=_("The first term is agreed, and the licence granted from its first day. Starting is automatic."),
        icon="signature",
    )
    def sign(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        signing.sign(contract, now=now, by=by)

    @act(
        _("Suspend"),
        Permission.SUSPEND_CONTRACT,
        when=lambda contract: contract.status == ACTIVE and contract.suspended_at is None,
        form=SuspensionForm,
        vendor_only=True,
        done=ngettext_lazy("Suspended %(count)d contract.", "Suspended %(count)d contracts.", "count"),
        explanation=_("The service stops for a while, and its users with it. Terms, renewals and notices go on."),
        icon="pause_circle",
    )
    def suspend(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        reason = ContractSuspension(data["reason"])
        suspension.suspend(contract, reason=reason, resumes_on=data["resumes_on"], now=now, by=by)

    @act(
        _("Resume"),
        Permission.SUSPEND_CONTRACT,
        when=lambda contract: contract.status == ACTIVE and contract.suspended_at is not None,
        vendor_only=True,
        done=ngettext_lazy("Resumed %(count)d contract.", "Resumed %(count)d contracts.", "count"),
        explanation=_("The service goes on; users suspended because of this are let in again."),
        icon="play_circle",
    )
    def resume(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        suspension.resume(contract, now=now, by=by)

    @act(
        _("Cancel"),
        Permission.SIGN_CONTRACT,
        when=lambda contract: contract.status in (DRAFT, SIGNED),
        many=True,
        done=ngettext_lazy("Cancelled %(count)d contract.", "Cancelled %(count)d contracts.", "count"),
        explanation=_("A contract that has not started is given up. This cannot be undone."),
        icon="cancel",
    )
    def cancel(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        signing.cancel(contract, now=now, by=by)

    @act(
        _("Withdraw notice"),
        Permission.WITHDRAW_NOTICE,
        when=lambda contract: contract.status in BINDING and contract.ends_on is not None,
        done=ngettext_lazy("Withdrew %(count)d notice.", "Withdrew %(count)d notices.", "count"),
        form=WithdrawalForm,
        explanation=_("Both sides agree that the notice is taken back: the contract goes on as if it renewed."),
        icon="undo",
    )
    def withdraw_notice(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(contract.organization, data["proof"], now=now, by=by)
        named = data.get("notices", ())
        notices.withdraw(contract, named=named, reason=data["reason"], proof=proof, now=now, by=by)

    @action(
        description=_("Give notice"),
        url_path="give-notice",
        permissions=[Permission.GIVE_NOTICE.value],
        icon="outgoing_mail",
    )
    def give_notice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a client's notice. A member of the client gives it through this page: sent and received now."""
        contract = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            now, by, kind = clock.instant(), actor_of(request), NoticeKind(data["kind"])
            if works_for_vendor(request):
                proof = documents.keep_upload(
                    contract.organization, data["proof"], kind=DocumentKind.NOTICE_PROOF, now=now, by=by
                )
                values = {**data, "kind": kind, "proof": proof, "channel": NoticeChannel(data["channel"])}
                given = notices.give_for_client(contract, now=now, by=by, **values)
            else:
                given = notices.give_as_client(contract, kind=kind, now=now, by=by)
            messages.success(request, _given(given))
            return self.detail_url(contract)

        return self.operation_page(
            request,
            title=_("Give notice"),
            form=NoticeForm,
            perform=perform,
            touched=[contract],
            back=self.detail_url(contract),
        )

    @action(
        description=_("Amend"),
        url_path="amend",
        permissions=[Permission.AMEND_CONTRACT.value],
        icon="edit_document",
    )
    def amend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record an amendment: the clauses that differ from those in force."""
        contract = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            found = amendments.record(
                contract,
                values={name: data[name] for name in stored.AMENDABLE},
                agreed_on=data["agreed_on"],
                valid_from=data["valid_from"],
                proof=documents.keep_upload(
                    contract.organization, data["proof"], kind=DocumentKind.CONTRACT, now=now, by=by
                ),
                now=now,
                by=by,
            )
            done = _("Amended.") if found.applied_at else _("Amendment recorded. It applies by itself on its day.")
            messages.success(request, done)
            return self.detail_url(contract)

        return self.operation_page(
            request,
            title=_("Amend"),
            explanation=_("Only what differs from the clauses in force becomes part of the amendment."),
            form=AmendmentForm,
            perform=perform,
            touched=[contract],
            back=self.detail_url(contract),
        )

    def makes_sense(self, request: HttpRequest, obj: Contract, method: Any) -> bool:
        if getattr(method, "url_path", "") in ("give-notice", "amend", "what-leaving-costs"):
            return obj.status in BINDING
        if getattr(method, "url_path", "") == "make-offer":
            return renews(obj)
        return super().makes_sense(request, obj, method)


def _given(notice: Any) -> Any:
    judgment, until = notice.get_judgment_display(), last_day(notice.ends_on)
    if until is None:
        return _("Notice recorded: %(judgment)s. It has no effect.") % {"judgment": judgment}
    return _("Notice recorded: %(judgment)s. The contract's last day is %(day)s.") % {
        "judgment": judgment,
        "day": said(until),
    }
