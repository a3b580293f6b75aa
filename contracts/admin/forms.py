"""The forms of contracts: a draft's clauses, a notice with its proof."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.acting import works_for_vendor
from accounts.admin.forms import CodesField, OperationForm, ReasonForm
from accounts.models import Organization, User
from contracts import labels
from contracts.enums import NoticeEffect, NoticeUnit
from contracts.models import IndexSeries, Notice
from contracts.operations.standing import notices_of

LONGEST = 32_767  # what a small whole number holds in the database; the rules are stricter


class LeadsField(forms.CharField):
    """Numbers of days, separated by commas or blanks."""

    def clean(self, value: Any) -> Any:
        """Return the numbers. :raises ValidationError: something else stands among them."""
        text = super().clean(value)
        try:
            return [int(part) for part in text.replace(",", " ").split()]
        except ValueError as error:
            raise forms.ValidationError(_("Write numbers of days, such as 90, 60, 30, 7.")) from error


class RemindersForm(OperationForm):
    """When a contract reminds of its last day for notice, and whom."""

    reminder_leads = LeadsField(
        label=_("Reminders (days before the last day for notice)"), required=False, help_text=_("Empty: none")
    )
    reminds_client = forms.BooleanField(label=_("The client's contacts are reminded too"), required=False)

    def prepare(self) -> None:
        if self.subject is not None:
            self.fields["reminder_leads"].initial = ", ".join(str(lead) for lead in self.subject.reminder_leads)
            self.fields["reminds_client"].initial = self.subject.reminds_client


class DraftForm(OperationForm):
    """What is agreed. The rules check it; this only asks."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    reference = forms.CharField(label=_("Reference"), max_length=80)
    concluded_on = forms.DateField(label=_("Concluded on"))
    starts_on = forms.DateField(label=_("Starts on"), help_text=_("The anchor: every term is counted from it"))
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, required=False, help_text=_("Empty: the organization's")
    )
    governing_law = forms.ChoiceField(label=_("Governing law"), choices=labels.GOVERNING_LAW)
    first_term_months = forms.IntegerField(label=_("First term (months)"), min_value=1, max_value=LONGEST, initial=12)
    minimum_commitment_months = forms.IntegerField(
        label=_("Minimum commitment (months)"), min_value=0, max_value=LONGEST, initial=0
    )
    renewal_term_months = forms.IntegerField(
        label=_("Renewal term (months)"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        initial=12,
        help_text=_("Empty: indefinite after the first term"),
    )
    auto_renews = forms.BooleanField(label=_("Renews tacitly"), required=False, initial=True)
    mid_term_exit = forms.BooleanField(label=_("May be left within a term"), required=False)
    notice_length = forms.IntegerField(label=_("Notice period"), min_value=0, max_value=LONGEST, initial=3)
    notice_unit = forms.ChoiceField(
        label=_("Unit of notice"), choices=labels.NOTICE_UNIT, initial=NoticeUnit.MONTHS.value
    )
    notice_end_of = forms.ChoiceField(
        label=_("Notice reaches"),
        choices=[("", _("The day it expires")), *labels.NOTICE_END_OF.items()],
        required=False,
    )
    notice_effect = forms.ChoiceField(
        label=_("Notice takes effect on"), choices=labels.NOTICE_EFFECT, initial=NoticeEffect.RECEIPT.value
    )
    annual_fee = forms.DecimalField(label=_("Annual fee before VAT"), min_value=0, max_digits=14, decimal_places=2)
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="EUR")
    billing_interval = forms.ChoiceField(label=_("Billing interval"), choices=labels.BILLING_INTERVAL, initial="year")
    billing_timing = forms.ChoiceField(label=_("Billing"), choices=labels.BILLING_TIMING)
    paid_until = forms.DateField(label=_("Paid until (first unpaid day)"), required=False)
    seats = forms.IntegerField(
        label=_("Seats"), min_value=1, max_value=10_000_000, required=False, help_text=_("Empty: unlimited")
    )
    features = CodesField(
        label=_("Features"), required=False, help_text=_("Codes, separated by blanks. Empty: everything")
    )
    early_exit_rate = forms.DecimalField(
        label=_("Early-exit fee (share of the remaining fee)"),
        min_value=0,
        max_value=1,
        max_digits=5,
        decimal_places=4,
        required=False,
        help_text=_("Empty: no right to leave early. 0.5 is half"),
    )
    early_exit_cap = forms.DecimalField(
        label=_("Cap of the early-exit fee"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    early_exit_refunds = forms.BooleanField(label=_("Prepaid and unused fees are refunded"), required=False)
    early_exit_disclosed_on = forms.DateField(
        label=_("Early-exit fee disclosed on"),
        required=False,
        help_text=_("Art. 29(4) Data Act: before signature"),
    )
    switching_notice_months = forms.IntegerField(
        label=_("Switching notice (months)"),
        min_value=0,
        max_value=120,
        initial=2,
        help_text=_("As the contract says; more than 2 count as 2 (Art. 25(2)(d) Data Act)"),
    )
    index_series = forms.ModelChoiceField(
        label=_("Index of the price"),
        queryset=IndexSeries.objects.filter(closed=False).order_by("code"),
        required=False,
        help_text=_("Empty: the price follows no index"),
    )
    index_fixed_part = forms.DecimalField(
        label=_("Fixed part of the price (share)"),
        min_value=0,
        max_value=1,
        max_digits=5,
        decimal_places=4,
        required=False,
    )
    index_floor = forms.DecimalField(
        label=_("Floor of the factor"),
        min_value=0,
        max_digits=8,
        decimal_places=6,
        required=False,
        help_text=_("1 is no decrease"),
    )
    index_cap = forms.DecimalField(
        label=_("Cap of the factor"),
        min_value=0,
        max_digits=8,
        decimal_places=6,
        required=False,
        help_text=_("1.03 is three per cent more"),
    )
    index_base_period = forms.DateField(label=_("Period of the base value"), required=False)
    index_base_value = forms.DecimalField(
        label=_("Base value"),
        max_digits=18,
        decimal_places=8,
        required=False,
        help_text=_("Empty: the one of that period, else the last one published on the day of conclusion"),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(memberships__organization__isnull=True).distinct(),
        required=False,
    )
    reminder_leads = LeadsField(
        label=_("Reminders (days before the last day for notice)"), initial="90, 60, 30, 7", required=False
    )
    reminds_client = forms.BooleanField(label=_("The client's contacts are reminded too"), required=False)
    retrieval_days = forms.IntegerField(label=_("Retrieval period (days)"), min_value=0, max_value=LONGEST, initial=30)
    erasure_days = forms.IntegerField(
        label=_("Erased within (days after the retrieval period)"),
        min_value=1,
        max_value=365,
        required=False,
        help_text=_("Empty: what the vendor promises to all its clients"),
    )
    end_choice = forms.ChoiceField(label=_("At the end"), choices=labels.END_CHOICE, help_text=_("Art. 28(3)(g) GDPR"))


class AgreementForm(OperationForm):
    """The agreement of both sides that something is taken back."""

    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)


class WithdrawalForm(AgreementForm, ReasonForm):
    """The agreement that a notice is taken back; which one is asked only where both sides' stand."""

    field_order = ("notices", "proof", "reason")
    notices = forms.ModelMultipleChoiceField(label=_("Notices taken back"), queryset=Notice.objects.none())

    def prepare(self) -> None:
        standing = [] if self.subject is None else notices_of(self.subject)
        if len(standing) < 2:
            del self.fields["notices"]
            return
        asked = self.fields["notices"]
        if isinstance(asked, forms.ModelMultipleChoiceField):
            asked.queryset = Notice.objects.filter(pk__in=[one.pk for one in standing])
            asked.choices = [(one.pk, f"{one.get_party_display()} · {one.sent_on}") for one in standing]


class AcceptanceForm(OperationForm):
    """The client accepts here; staff records its acceptance with the proof."""

    proof = forms.FileField(label=_("Proof of acceptance"), help_text=_("At most 25 MiB."), max_length=200)

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            del self.fields["proof"]


class NoticeForm(OperationForm):
    """A client's notice as it came. A member of the client gives it here and now: only its kind is asked then."""

    kind = forms.ChoiceField(label=_("Kind"), choices=labels.NOTICE_KIND)
    channel = forms.ChoiceField(label=_("Channel"), choices=labels.NOTICE_CHANNEL)
    sent_on = forms.DateField(label=_("Sent on"))
    received_on = forms.DateField(label=_("Received on"), required=False)
    entitled = forms.BooleanField(label=_("The sender is entitled"), required=False, initial=True)
    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            for name in ("channel", "sent_on", "received_on", "entitled", "proof"):
                del self.fields[name]
