"""Leaving a contract on its page: a quote is made, a termination declared with its proof."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from accounts.admin.acting import Acting, actor_of, works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.enums import DocumentKind
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import NoticeParty, TerminationGround
from contracts.operations import quotes, terminations
from contracts.rules.status import BINDING


class QuoteForm(OperationForm):
    """What is asked. A member of the client asks for its own exit only: no agreement, no other side."""

    exit_on = forms.DateField(label=gettext_lazy("Last day of service"))
    ground = forms.ChoiceField(
        label=gettext_lazy("Ground"),
        choices=[("", gettext_lazy("On notice, at a term's end")), *labels.TERMINATION_GROUNDS],
        required=False,
    )
    party = forms.ChoiceField(label=gettext_lazy("Leaving side"), choices=labels.NOTICE_PARTY)
    agreed = forms.DecimalField(
        label=gettext_lazy("Agreed amount"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    switching_cost = forms.DecimalField(
        label=gettext_lazy("Cost of switching"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Valid until"), required=False, help_text=gettext_lazy("Empty: 30 days")
    )

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            for name in ("party", "agreed", "switching_cost", "valid_until"):
                del self.fields[name]


class TerminationForm(OperationForm):
    """A termination as it was declared or agreed, with its proof."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Ground"),
        choices=[one for one in labels.TERMINATION_GROUNDS if one[0] != TerminationGround.SWITCHING.value],
    )
    party = forms.ChoiceField(label=gettext_lazy("Declared by"), choices=labels.NOTICE_PARTY)
    declared_on = forms.DateField(label=gettext_lazy("Declared on"))
    last_day = forms.DateField(label=gettext_lazy("Last day of service"))
    agreed = forms.DecimalField(
        label=gettext_lazy("Agreed amount"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    proof = forms.FileField(label=gettext_lazy("Proof"), help_text=gettext_lazy("At most 25 MiB."), max_length=200)


class Exiting(Acting):
    """Adds both pages to the admin of contracts."""

    @action(
        description=gettext_lazy("Make a quote for leaving"),
        url_path="quote",
        permissions=[Permission.MAKE_QUOTE.value],
        icon="request_quote",
    )
    def quote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for day and ground, keep the quote, and lead to it."""
        contract = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            ground = TerminationGround(data["ground"]) if data["ground"] else None
            if works_for_vendor(request):
                values = {**data, "ground": ground, "party": NoticeParty(data["party"])}
                made = quotes.make(contract, now=now, by=by, **values)
            else:
                made = quotes.make_as_client(contract, exit_on=data["exit_on"], ground=ground, now=now, by=by)
            messages.success(request, _("Quote made."))
            return reverse("admin:contracts_quote_change", args=[made.pk])

        return self.operation_page(
            request,
            title=gettext_lazy("Make a quote for leaving"),
            explanation=gettext_lazy("Nothing ends by a quote; it ends the contract once it is accepted."),
            form=QuoteForm,
            perform=perform,
            touched=[contract],
            back=self.detail_url(contract),
        )

    @action(
        description=gettext_lazy("Terminate"),
        url_path="terminate",
        permissions=[Permission.END_CONTRACT.value],
        icon="event_busy",
    )
    def terminate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a termination, and charge or give back what it brings."""
        contract = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            proof = documents.keep_upload(contract.organization, data["proof"], kind=DocumentKind.OTHER, now=now, by=by)
            values = {**data, "proof": proof, "party": NoticeParty(data["party"])}
            values["ground"] = TerminationGround(data["ground"])
            ended = terminations.terminate(contract, now=now, by=by, **values)
            messages.success(request, _("Termination recorded."))
            return reverse("admin:contracts_termination_change", args=[ended.pk])

        return self.operation_page(
            request,
            title=gettext_lazy("Terminate"),
            explanation=gettext_lazy(
                "The contract ends with its last day of service. Add the document that declares or agrees it."
            ),
            form=TerminationForm,
            perform=perform,
            touched=[contract],
            back=self.detail_url(contract),
        )

    def makes_sense(self, request: HttpRequest, obj: Any, method: Any) -> bool:
        if getattr(method, "url_path", "") in ("quote", "terminate"):
            return obj.status in BINDING
        return super().makes_sense(request, obj, method)
