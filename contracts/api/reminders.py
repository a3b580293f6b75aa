"""REST: the reminders of one contract, sent and skipped, and when it reminds."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import by_public_id
from accounts.api.views import ScopedView
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts.api.proofs import PARSERS, ProofField
from contracts.api.serializers import ContractSerializer
from contracts.models import Contract, Reminder
from contracts.operations import chatel, reminders


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    class Meta:
        model = Reminder
        fields = [
            "public_id",
            "term_number",
            "kind",
            "lead",
            "due_on",
            "last_notice_on",
            "why",
            "message",
            "sent_at",
            "skipped_at",
        ]
        read_only_fields = fields


class LeadsSerializer(serializers.Serializer[Any]):
    reminder_leads = serializers.ListField(
        child=serializers.IntegerField(),
        max_length=100,
        help_text="How many days before the last day for notice a reminder is sent; none: an empty list.",
    )
    reminds_client = serializers.BooleanField(help_text="Whether the client's contacts are reminded too.")


class SentReminderSerializer(serializers.Serializer[Any]):
    sent_on = serializers.DateField(help_text="The local day on which it was sent.")
    proof = ProofField(required=True, allow_null=False, default=serializers.empty)


class ContractRemindersView(ScopedView):
    """Reminders before the last day for notice."""

    parser_classes = PARSERS

    def get_permissions(self) -> list[BasePermission]:
        right = Permission.AMEND_CONTRACT if self.request.method in ("PUT", "POST") else Permission.VIEW_CONTRACT
        return [has(right)()]

    @extend_schema(operation_id="contract_reminders_list", responses={200: ReminderSerializer(many=True)})
    def get(self, request: Request, public_id: UUID) -> Response:
        """The reminders of every term so far, with what was skipped because it came too late to be of use."""
        contract = by_public_id(Contract.objects.all(), public_id)
        return Response(ReminderSerializer(contract.reminders.order_by("pk"), many=True).data)

    @extend_schema(
        operation_id="contract_reminders_update", request=LeadsSerializer, responses={200: ContractSerializer}
    )
    def put(self, request: Request, public_id: UUID) -> Response:
        """Say when the contract reminds, and whom. 409 once it is over."""
        contract = by_public_id(Contract.objects.select_related("organization"), public_id)
        found = reminders.set_leads(contract, now=self.now, by=self.actor, **self.given(LeadsSerializer, request))
        self.touches(found.organization_id)
        return Response(ContractSerializer(found).data)

    @extend_schema(
        operation_id="contract_reminders_create", request=SentReminderSerializer, responses={201: ReminderSerializer}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record a reminder of the Loi Chatel that was sent otherwise, by letter for instance, with its proof.

        409 `chatel_does_not_apply` where the client is owed none, `reminded_already` for a day that is recorded.
        """
        contract = by_public_id(Contract.objects.select_related("organization"), public_id)
        given = self.given(SentReminderSerializer, request)
        proof = documents.keep_upload(
            contract.organization, given["proof"], kind=DocumentKind.NOTICE_PROOF, now=self.now, by=self.actor
        )
        found = chatel.record(contract, sent_on=given["sent_on"], proof=proof, now=self.now, by=self.actor)
        self.touches(contract.organization_id)
        return Response(ReminderSerializer(found).data, status=201)
