"""The admin of quotes: what was told, why, its page as PDF, and its acceptance."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from accounts.wording import colon
from contracts import explain_money, labels, papers
from contracts.admin.forms import AcceptanceForm
from contracts.explain import reasons
from contracts.models import Quote
from contracts.operations import quotes


@admin.register(Quote)
class QuoteAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("lines", "checklist")
    list_display = (
        "contract",
        "organization",
        "exit_on",
        "ground",
        "penalty",
        "refund",
        "total",
        "currency",
        "valid_until",
        "accepted_at",
    )
    list_filter = ("ground", ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")
    change_form_outer_after_template = "admin/why.html"
    actions_detail = ("accept", "page")

    def described(self, obj: Quote) -> str:
        return f"{obj.contract} · {obj.exit_on} · {explain_money.amount(obj.total, obj.currency)}"

    def explained(self, request: HttpRequest, obj: Quote) -> dict[str, Any]:
        said = []
        for line in obj.lines:
            amount = explain_money.amount(Decimal(line["amount"]), obj.currency)
            said += [f"{colon(labels.QUOTE_LINE[line['kind']])} {amount}", *reasons(line["why"])]
        return {"why_title": _("The lines, each with its reasons"), "reasons": said}

    @act(
        _("Accept"),
        Permission.ACCEPT_QUOTE,
        when=lambda quote: quote.accepted_at is None and quote.right_to_leave and quote.ground in quotes.ACCEPTABLE,
        done=ngettext_lazy("Accepted %(count)d quote.", "Accepted %(count)d quotes.", "count"),
        form=AcceptanceForm,
        sided=True,
        explanation=_("The contract ends on the quote's exit date, at the quoted price."),
        icon="handshake",
    )
    def accept(self, quote: Quote, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> None:
        proof = documents.keep_upload(quote.organization, data.get("proof"), kind=DocumentKind.CONTRACT, now=now, by=by)
        quotes.accept(quote, for_client=staff, proof=proof, now=now, by=by)

    @action(description=_("Page as PDF"), url_path="page", permissions=[Permission.VIEW_CONTRACT.value], icon="print")
    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer with the quote and its leaving checklist as one page, in the reader's language."""
        found = self.object_or_404(request, object_id)
        content = papers.quote(found, found.contract, language=getattr(request, "LANGUAGE_CODE", "en"))
        headers = {"Content-Disposition": f'inline; filename="quote-{found.public_id}.pdf"'}
        return HttpResponse(content, content_type="application/pdf", headers=headers)
