"""Buttons of a contract's page: an offer for its next term, and the stay that both sides signed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts.admin.acting import Acting, act, actor_of
from accounts.admin.forms import CodesField, OperationForm
from accounts.enums import DocumentKind
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.operations import offers, stays

CLAUSES = (
    "annual_fee",
    "seats",
    "features",
    "renewal_term_months",
    "mid_term_exit",
    "notice_length",
    "notice_unit",
    "billing_interval",
    "billing_timing",
)


class OfferForm(OperationForm):
    """The clauses as they are; what is changed here is offered."""

    annual_fee = forms.DecimalField(label=_("Annual fee before VAT"), min_value=0, max_digits=14, decimal_places=2)
    seats = forms.IntegerField(
        label=_("Seats"), min_value=1, max_value=10_000_000, required=False, help_text=_("Empty: unlimited")
    )
    features = CodesField(
        label=_("Features"), required=False, help_text=_("Codes, separated by blanks. Empty: everything")
    )
    renewal_term_months = forms.IntegerField(
        label=_("Renewal term (months)"),
        min_value=1,
        max_value=1200,
        required=False,
        help_text=_("Empty: indefinite after the first term"),
    )
    mid_term_exit = forms.BooleanField(label=_("May be left within a term"), required=False)
    notice_length = forms.IntegerField(label=_("Notice period"), min_value=0, max_value=3650)
    notice_unit = forms.ChoiceField(label=_("Unit of notice"), choices=labels.NOTICE_UNIT)
    billing_interval = forms.ChoiceField(label=_("Billing interval"), choices=labels.BILLING_INTERVAL)
    billing_timing = forms.ChoiceField(label=_("Billing"), choices=labels.BILLING_TIMING)
    valid_until = forms.DateField(label=_("Valid until"), help_text=_("The last day on which it can be accepted"))


class StayForm(OperationForm):
    """What both sides signed."""

    until = forms.DateField(label=_("Until"), help_text=_("The last day of the stay"))
    proof = forms.FileField(label=_("Signed stay"), help_text=_("At most 25 MiB."), max_length=200)


class Offering(Acting):
    """Adds the two buttons to the admin of contracts."""

    @action(
        description=_("Make an offer"),
        url_path="make-offer",
        permissions=[Permission.AMEND_CONTRACT.value],
        icon="local_offer",
    )
    def make_offer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Draft an offer from the clauses in force."""
        contract = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            values = {name: data[name] for name in CLAUSES}
            offer = offers.make(
                contract, values=values, valid_until=data["valid_until"], now=clock.instant(), by=actor_of(request)
            )
            messages.success(request, _("Offer drafted."))
            return reverse("admin:contracts_renewaloffer_change", args=[offer.pk])

        return self.operation_page(
            request,
            title=_("Make an offer"),
            explanation=_("What is changed here is offered for the next term. An offer does not stop a tacit renewal."),
            form=OfferForm,
            perform=perform,
            touched=[contract],
            initial={name: getattr(contract, name) for name in CLAUSES},
            back=self.detail_url(contract),
        )

    @act(
        _("Stay the renewal"),
        Permission.AMEND_CONTRACT,
        when=lambda contract: renews(contract),
        vendor_only=True,
        done=ngettext_lazy("Stayed %(count)d renewal.", "Stayed %(count)d renewals.", "count"),
        form=StayForm,
        explanation=_(
            "Both sides agree that the renewal neither becomes certain nor starts before that day is over. Until then "
            "either may still give notice."
        ),
        icon="pause_circle",
    )
    def stay_renewal(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(contract.organization, data["proof"], kind=DocumentKind.CONTRACT, now=now, by=by)
        stays.agree(contract, until=data["until"], proof=proof, now=now, by=by)


def renews(contract: Contract) -> bool:
    """Say whether the contract has a renewal ahead."""
    return contract.status == ContractStatus.ACTIVE.value and contract.renews_at is not None
