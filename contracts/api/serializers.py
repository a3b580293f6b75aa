"""The form of contracts, terms and notices on the wire. Dates are local days of the contract's zone."""

from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.api.rows import computed
from accounts.rules.checks import MOST_FEATURES
from contracts import labels
from contracts.api.proofs import ProofField
from contracts.models import Contract, IndexSeries, Notice, Term
from contracts.rules.days import ONE_DAY
from contracts.rules.reminders import DEFAULT_LEADS


class FeaturesField(serializers.ListField):
    """A set of codes, in their order."""

    child = serializers.CharField(max_length=60)

    def __init__(self, **kwargs: Any) -> None:
        help_text = "Codes of the product's features that are agreed; none: everything."
        super().__init__(**{"max_length": MOST_FEATURES, "help_text": help_text, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        return sorted(set(super().to_internal_value(data)))


class ContractSerializer(serializers.ModelSerializer[Contract]):
    organization = serializers.UUIDField(source="organization.public_id")
    index_series = serializers.CharField(source="index_series.code", allow_null=True, default=None)
    last_day = serializers.SerializerMethodField(help_text="The last day with service, if the end is known.")

    class Meta:
        model = Contract
        fields = [
            "public_id",
            "organization",
            "reference",
            "status",
            "concluded_on",
            "starts_on",
            "time_zone",
            "governing_law",
            "first_term_months",
            "minimum_commitment_months",
            "renewal_term_months",
            "auto_renews",
            "mid_term_exit",
            "notice_length",
            "notice_unit",
            "notice_end_of",
            "notice_effect",
            "annual_fee",
            "currency",
            "billing_interval",
            "billing_timing",
            "paid_until",
            "seats",
            "features",
            "early_exit_rate",
            "early_exit_cap",
            "early_exit_refunds",
            "early_exit_disclosed_on",
            "switching_notice_months",
            "reminder_leads",
            "reminds_client",
            "index_series",
            "index_fixed_part",
            "index_floor",
            "index_cap",
            "index_base_period",
            "index_base_value",
            "stayed_until",
            "retrieval_days",
            "erasure_days",
            "end_choice",
            "starts_at",
            "term_number",
            "term_ends_on",
            "last_notice_on",
            "last_notice_why",
            "certain_at",
            "renews_at",
            "next_reminder_at",
            "ends_on",
            "ends_at",
            "last_day",
            "ended_at",
            "end_reason",
            "suspended_at",
            "suspension_reason",
            "resumes_at",
            "created_at",
        ]
        read_only_fields = fields

    @computed("ends_on")
    def get_last_day(self, ends_on: date | None) -> str | None:
        return None if ends_on is None else (ends_on - ONE_DAY).isoformat()


class NewContractSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()
    reference = serializers.CharField(max_length=80)
    concluded_on = serializers.DateField()
    starts_on = serializers.DateField(help_text="The anchor: every term is counted from it.")
    time_zone = serializers.CharField(max_length=64, required=False, help_text="Default: the organization's.")
    governing_law = serializers.ChoiceField(choices=list(labels.GOVERNING_LAW.items()))
    first_term_months = serializers.IntegerField(min_value=1, max_value=1200)
    minimum_commitment_months = serializers.IntegerField(min_value=0, max_value=1200, default=0)
    renewal_term_months = serializers.IntegerField(
        min_value=1, max_value=1200, allow_null=True, default=None, help_text="Null: indefinite after the first term."
    )
    auto_renews = serializers.BooleanField(default=True)
    mid_term_exit = serializers.BooleanField(default=False)
    notice_length = serializers.IntegerField(min_value=0, max_value=3650)
    notice_unit = serializers.ChoiceField(choices=list(labels.NOTICE_UNIT.items()))
    notice_end_of = serializers.ChoiceField(
        choices=list(labels.NOTICE_END_OF.items()),
        allow_blank=True,
        default="",
        help_text="Where the contract says: to the end of a month, or of a quarter.",
    )
    notice_effect = serializers.ChoiceField(choices=list(labels.NOTICE_EFFECT.items()), default="receipt")
    annual_fee = serializers.DecimalField(max_digits=None, decimal_places=None, help_text="Before VAT.")
    currency = serializers.CharField(max_length=3)
    billing_interval = serializers.ChoiceField(choices=list(labels.BILLING_INTERVAL.items()), default="year")
    billing_timing = serializers.ChoiceField(choices=list(labels.BILLING_TIMING.items()), default="advance")
    paid_until = serializers.DateField(allow_null=True, default=None, help_text="The first unpaid day.")
    seats = serializers.IntegerField(min_value=1, max_value=10_000_000, allow_null=True, default=None)
    features = FeaturesField(default=list)
    early_exit_rate = serializers.DecimalField(
        max_digits=None,
        decimal_places=None,
        allow_null=True,
        default=None,
        help_text="The early-exit fee as a share of the remaining fee; null: no right to leave early.",
    )
    early_exit_cap = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True, default=None)
    early_exit_refunds = serializers.BooleanField(default=False)
    early_exit_disclosed_on = serializers.DateField(allow_null=True, default=None)
    switching_notice_months = serializers.IntegerField(
        min_value=0, max_value=120, default=2, help_text="As the contract says; more than 2 count as 2 (Data Act)."
    )
    reminder_leads = serializers.ListField(
        child=serializers.IntegerField(),
        max_length=100,
        default=list(DEFAULT_LEADS),
        help_text="How many days before the last day for notice a reminder is sent.",
    )
    reminds_client = serializers.BooleanField(
        default=False, help_text="Whether the client's contacts are reminded too; the vendor's people always are."
    )
    index_series = serializers.SlugRelatedField(
        slug_field="code",
        queryset=IndexSeries.objects.order_by("code"),
        allow_null=True,
        default=None,
        help_text="The code of the index that the price follows.",
    )
    index_fixed_part = serializers.DecimalField(max_digits=None, decimal_places=None, default=Decimal(0))
    index_floor = serializers.DecimalField(
        max_digits=None,
        decimal_places=None,
        allow_null=True,
        default=None,
        help_text="Of the factor: 1 is no decrease.",
    )
    index_cap = serializers.DecimalField(
        max_digits=None, decimal_places=None, allow_null=True, default=None, help_text="Of the factor: 1.03 is +3 %."
    )
    index_base_period = serializers.DateField(allow_null=True, default=None)
    index_base_value = serializers.DecimalField(
        max_digits=None,
        decimal_places=None,
        allow_null=True,
        default=None,
        help_text="S0; null: the value of the base period, else the last one published on the day of conclusion.",
    )
    retrieval_days = serializers.IntegerField(min_value=0, max_value=3650, default=30)
    erasure_days = serializers.IntegerField(
        min_value=1,
        max_value=365,
        allow_null=True,
        default=None,
        help_text="Days after the retrieval period within which content is erased; null: the vendor's own promise.",
    )
    end_choice = serializers.ChoiceField(choices=list(labels.END_CHOICE.items()), default="return_then_delete")


class TermSerializer(serializers.ModelSerializer[Term]):
    starts_on = serializers.DateField(source="days.lower")
    ends_on = serializers.DateField(source="days.upper", allow_null=True, help_text="The first day after the term.")

    class Meta:
        model = Term
        fields = [
            "public_id",
            "number",
            "starts_on",
            "ends_on",
            "fee",
            "currency",
            "certain_at",
            "started_at",
            "voided_at",
        ]
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    class Meta:
        model = Notice
        fields = [
            "public_id",
            "kind",
            "party",
            "channel",
            "sent_on",
            "received_on",
            "entitled",
            "judgment",
            "ends_on",
            "free_of_charge",
            "why",
            "recorded_by",
            "recorded_at",
            "withdrawn_at",
        ]
        read_only_fields = fields


class WithdrawalSerializer(serializers.Serializer[Any]):
    proof = serializers.FileField(required=False, max_length=200, help_text="The agreement of both sides; 25 MiB.")
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    notices = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=2,
        help_text="Which are taken back; needed where both sides' stand.",
    )


class NewNoticeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=labels.NOTICE_KINDS)
    party = serializers.ChoiceField(choices=list(labels.NOTICE_PARTY.items()), default="client")
    channel = serializers.ChoiceField(choices=list(labels.NOTICE_CHANNEL.items()), default="portal")
    sent_on = serializers.DateField()
    received_on = serializers.DateField(allow_null=True, default=None)
    entitled = serializers.BooleanField(
        default=True, help_text="Whether the sender may bind their side; else it has no effect."
    )
    proof = ProofField()
