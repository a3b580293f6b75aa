"""The admin of renewal offers: the old and the new side by side, sent, accepted, withdrawn."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from accounts.wording import colon
from contracts.admin.forms import AcceptanceForm
from contracts.enums import OfferState
from contracts.models import Contract, RenewalOffer
from contracts.operations import offers

DRAFT, SENT = OfferState.DRAFT.value, OfferState.SENT.value


class SendForm(OperationForm):
    """An offer that was also sent in another way has its proof."""

    proof = forms.FileField(label=_("Proof of sending"), required=False, help_text=_("At most 25 MiB."), max_length=200)


@admin.register(RenewalOffer)
class RenewalOfferAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("values", "current", "expires_at")
    list_display = ("contract", "organization", "number", "starts_on", "valid_until", "state")
    list_filter = ("state",)
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization", "sent_proof", "accepted_proof")
    actions_detail = ("send", "accept", "withdraw")
    change_form_outer_before_template = "admin/offer_compared.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RenewalOffer]:
        found: QuerySet[RenewalOffer] = super().get_queryset(request)
        return found if works_for_vendor(request) else found.filter(sent_at__isnull=False)

    def described(self, obj: RenewalOffer) -> str:
        found = offers.comparison(obj)
        return ", ".join(f"{colon(_name(row.field))} {_shown(row.old)} → {_shown(row.new)}" for row in found.changes)

    def explained(self, request: HttpRequest, obj: RenewalOffer) -> dict[str, Any]:
        found = offers.comparison(obj)
        return {
            "rows": [(_name(row.field), _shown(row.old), _shown(row.new), row.changed) for row in found.rows],
            "fee_difference": found.fee_difference,
            "percent": found.percent,
            "currency": obj.contract.currency,
        }

    @act(
        _("Send"),
        Permission.AMEND_CONTRACT,
        when=lambda offer: offer.state == DRAFT,
        vendor_only=True,
        done=ngettext_lazy("Sent %(count)d offer.", "Sent %(count)d offers.", "count"),
        form=SendForm,
        explanation=_("The client's members see the offer from now on and are told. It does not stop a tacit renewal."),
        icon="send",
    )
    def send(self, offer: RenewalOffer, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(offer.organization, data.get("proof"), kind=DocumentKind.OTHER, now=now, by=by)
        offers.send(offer, now=now, by=by, proof=proof)

    @act(
        _("Accept"),
        Permission.ACCEPT_OFFER,
        when=lambda offer: offer.state == SENT,
        done=ngettext_lazy("Accepted %(count)d offer.", "Accepted %(count)d offers.", "count"),
        form=AcceptanceForm,
        sided=True,
        explanation=_("The clauses are agreed from the first day of the next term on. This cannot be undone."),
        icon="handshake",
    )
    def accept(self, offer: RenewalOffer, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> None:
        proof = documents.keep_upload(offer.organization, data.get("proof"), kind=DocumentKind.CONTRACT, now=now, by=by)
        offers.accept(offer, now=now, by=by, for_client=staff, proof=proof)

    @act(
        _("Withdraw"),
        Permission.AMEND_CONTRACT,
        when=lambda offer: offer.state in (DRAFT, SENT),
        vendor_only=True,
        done=ngettext_lazy("Withdrew %(count)d offer.", "Withdrew %(count)d offers.", "count"),
        explanation=_("The offer can no longer be accepted."),
        icon="undo",
    )
    def withdraw(self, offer: RenewalOffer, *, data: dict[str, Any], now: datetime, by: str) -> None:
        offers.withdraw(offer, now=now, by=by)


def _name(field: str) -> str:
    return next(str(one.verbose_name) for one in Contract._meta.concrete_fields if one.name == field)


def _shown(value: Any) -> Any:
    if value is None or value == "":
        return "-"
    if isinstance(value, list):
        return " ".join(value) or "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value
