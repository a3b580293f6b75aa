"""REST: statement lines and payments of a contract, the bank's file, the file for the accounting program."""

from io import BytesIO
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.views import ScopedView
from accounts.rules.permissions import Permission
from contracts.models import Contract, Payment, StatementLine
from contracts.operations import accounting, charging, payments, positions
from contracts.rules.periods import local_day


class StatementLineSerializer(serializers.ModelSerializer[StatementLine]):
    class Meta:
        model = StatementLine
        fields = [
            "public_id",
            "kind",
            "starts_on",
            "ends_on",
            "due_on",
            "amount",
            "currency",
            "vat",
            "seats",
            "source",
            "why",
            "recorded_at",
            "voided_at",
        ]
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    class Meta:
        model = Payment
        fields = ["public_id", "reference", "paid_on", "amount", "currency", "recorded_at"]
        read_only_fields = fields


class StatementSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    currency = serializers.CharField()
    paid = serializers.CharField(help_text="Payments and credits, less refunds.")
    paid_until = serializers.DateField(allow_null=True, help_text="The first day that is not paid for.")
    unpaid = serializers.CharField(help_text="Due and not paid.")
    prepaid = serializers.CharField(help_text="Paid before it falls due.")
    lines = StatementLineSerializer(many=True)
    payments = PaymentSerializer(many=True)


class NewPaymentSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField(max_length=80)
    paid_on = serializers.DateField()
    amount = serializers.DecimalField(
        max_digits=None, decimal_places=None, help_text="Before VAT; below zero: it went back."
    )
    currency = serializers.CharField(max_length=3)


class NewCreditSerializer(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=None, decimal_places=None, help_text="Before VAT, above zero.")
    starts_on = serializers.DateField()
    last_day = serializers.DateField()


class PaymentsFileSerializer(serializers.Serializer[Any]):
    csv = serializers.CharField(
        trim_whitespace=False,
        max_length=payments.LARGEST,
        help_text="Columns: contract, reference, paid_on, amount, currency; registration_number where needed.",
    )


class ImportedSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    same = serializers.IntegerField(help_text="Recorded already, left as they are.")


class PeriodQuery(serializers.Serializer[Any]):
    due_from = serializers.DateField()
    due_to = serializers.DateField(help_text="Included.")


class CsvRenderer(JSONRenderer):
    """Lets a caller ask for ``text/csv``; the view answers with the text itself, a problem is JSON."""

    media_type = "text/csv"
    format = "csv"


class StatementView(ScopedView):
    """The statement of one contract."""

    permission_classes = [has(Permission.VIEW_STATEMENT)]

    @extend_schema(operation_id="contracts_statement", responses={200: StatementSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say what was charged and paid, voided lines too, and until when the contract is paid."""
        contract = _contract(public_id)
        found = positions.account_of(contract, on=local_day(self.now, contract.time_zone))
        body = {
            "contract": contract.public_id,
            "currency": contract.currency,
            "paid": str(found.paid.amount),
            "paid_until": found.paid_until,
            "unpaid": str(found.unpaid.amount),
            "prepaid": str(found.prepaid.amount),
            "lines": contract.statement_lines.order_by("pk"),
            "payments": contract.payments.order_by("pk"),
        }
        return Response(StatementSerializer(body).data)


class CreditsView(ScopedView):
    """Credits of one contract."""

    permission_classes = [has(Permission.MANAGE_STATEMENTS)]

    @extend_schema(
        operation_id="contracts_credits_create", request=NewCreditSerializer, responses={201: StatementLineSerializer}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give a credit for the days that it makes good, such as those of a missed service level."""
        contract = _contract(public_id)
        line = charging.give_credit(contract, **self.given(NewCreditSerializer, request), now=self.now, by=self.actor)
        self.touches(contract.organization_id)
        return Response(StatementLineSerializer(line).data, status=201)


class PaymentsView(ScopedView):
    """Payments of one contract."""

    permission_classes = [has(Permission.MANAGE_STATEMENTS)]

    @extend_schema(
        operation_id="contracts_payments_create", request=NewPaymentSerializer, responses={201: PaymentSerializer}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record a payment; the first unpaid day is computed again."""
        contract = _contract(public_id)
        found = payments.record(contract, **self.given(NewPaymentSerializer, request), now=self.now, by=self.actor)
        self.touches(contract.organization_id)
        return Response(PaymentSerializer(found).data, status=201)


class PaymentsImportView(ScopedView):
    """The bank's file."""

    permission_classes = [has(Permission.MANAGE_STATEMENTS)]

    @extend_schema(operation_id="payments_import", request=PaymentsFileSerializer, responses={200: ImportedSerializer})
    def post(self, request: Request) -> Response:
        """Record all payments of a CSV, or none: 400 names each fault's row. The same file twice writes nothing."""
        body = PaymentsFileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        content = BytesIO(body.validated_data["csv"].encode("utf-8", "surrogatepass"))
        found = payments.import_file(content, now=self.now, by=self.actor)
        return Response({"created": found.created, "same": found.same})


class AccountingView(ScopedView):
    """The file for the accounting program."""

    permission_classes = [has(Permission.VIEW_STATEMENT)]
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        operation_id="statement_lines_export",
        parameters=[PeriodQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer a CSV with each part of a line that falls due in the period, its VAT treatment named."""
        return HttpResponse(
            accounting.export(**self.asked(PeriodQuery, request)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="statement-lines.csv"'},
        )


def _contract(public_id: UUID) -> Contract:
    return get_object_or_404(Contract.objects.select_related("organization"), public_id=public_id)
