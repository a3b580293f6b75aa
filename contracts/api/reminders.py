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
from accounts.rules.permissions import Permission
from contracts.api.serializers import ContractSerializer
from contracts.models import Contract, Reminder
from contracts.operations import reminders


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


class ContractRemindersView(ScopedView):
    """Reminders before the last day for notice."""

    def get_permissions(self) -> list[BasePermission]:
        right = Permission.AMEND_CONTRACT if self.request.method == "PUT" else Permission.VIEW_CONTRACT
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
        body = LeadsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = reminders.set_leads(contract, now=self.now, by=self.actor, **body.validated_data)
        self.touches(found.organization_id)
        return Response(ContractSerializer(found).data)
