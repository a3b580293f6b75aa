"""REST: the vendor's own notices. They are the vendor's staff's alone; sending takes its proof as multipart."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.rows import computed
from accounts.api.uploads import PARSERS, ProofSerializer
from accounts.api.views import without_body
from accounts.errors import FieldError, InvalidInput
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import NoticeChannel, NoticeKind
from contracts.models import Contract, OutgoingNotice
from contracts.operations import outgoing
from contracts.rules.days import ONE_DAY


class OutgoingNoticeSerializer(serializers.ModelSerializer[OutgoingNotice]):
    organization = serializers.UUIDField(source="organization.public_id")
    contract = serializers.UUIDField(source="contract.public_id")
    notice = serializers.UUIDField(source="notice.public_id", allow_null=True, default=None)
    last_day = serializers.SerializerMethodField(help_text="The contract's last day, which the notice is to bring.")

    class Meta:
        model = OutgoingNotice
        fields = [
            "public_id",
            "organization",
            "contract",
            "status",
            "kind",
            "channel",
            "last_day",
            "send_by",
            "why",
            "drafted_by",
            "drafted_at",
            "approved_by",
            "approved_at",
            "sent_on",
            "notice",
            "cancelled_at",
        ]
        read_only_fields = fields

    @computed("ends_on")
    def get_last_day(self, ends_on: date) -> str:
        return (ends_on - ONE_DAY).isoformat()


class NewOutgoingNoticeSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=labels.NOTICE_KINDS)
    channel = serializers.ChoiceField(choices=list(labels.NOTICE_CHANNEL.items()))
    last_day = serializers.DateField(
        allow_null=True, default=None, help_text="Null: the first end that a notice sent today still brings."
    )


class SentSerializer(ProofSerializer):
    sent_on = serializers.DateField()
    received_on = serializers.DateField(required=False, allow_null=True, default=None)


class ReceivedSerializer(serializers.Serializer[Any]):
    received_on = serializers.DateField()


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class OutgoingNoticeResource(Resource):
    """Notices that the vendor prepares and sends."""

    queryset = OutgoingNotice.objects.select_related("organization", "contract", "notice").order_by("pk")
    serializer_class = OutgoingNoticeSerializer
    parser_classes = PARSERS
    rights = dict.fromkeys(
        ("list", "retrieve", "create", "approve", "send", "receive", "cancel"), Permission.APPROVE_NOTICE
    )

    @extend_schema(request=NewOutgoingNoticeSerializer, responses={201: OutgoingNoticeSerializer})
    def create(self, request: Request) -> Response:
        """Draft a notice; the answer says by when it must be sent, and why. 409 while another one is open."""
        values = self.given(NewOutgoingNoticeSerializer, request)
        contract = Contract.objects.filter(public_id=values["contract"]).first()
        if contract is None:
            raise InvalidInput([FieldError("contract", "unknown_contract", "There is no such contract.")])
        made = outgoing.draft(
            contract,
            kind=NoticeKind(values["kind"]),
            channel=NoticeChannel(values["channel"]),
            last_day=values["last_day"],
            now=self.now,
            by=self.actor,
        )
        return self.told(made, status=201)

    @without_body(responses={200: OutgoingNoticeSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Approve a draft of somebody else. One's own: 409 `needs_another_person`."""
        return self.told(outgoing.approve(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request={"multipart/form-data": SentSerializer}, responses={200: OutgoingNoticeSerializer})
    @action(detail=True, methods=["post"])
    def send(self, request: Request, **kwargs: Any) -> Response:
        """Record the sending of an approved notice, with its proof. It is given once the day that counts is known."""
        values = self.given(SentSerializer, request)
        found = self.get_object()
        proof = documents.keep_upload(found.organization, values.pop("proof"), now=self.now, by=self.actor)
        return self.told(outgoing.send(found, proof=proof, now=self.now, by=self.actor, **values))

    @extend_schema(request=ReceivedSerializer, responses={200: OutgoingNoticeSerializer})
    @action(detail=True, methods=["post"])
    def receive(self, request: Request, **kwargs: Any) -> Response:
        """Record when a notice that is on its way arrived."""
        values = self.given(ReceivedSerializer, request)
        return self.told(outgoing.receive(self.get_object(), now=self.now, by=self.actor, **values))

    @extend_schema(request=CancelSerializer, responses={200: OutgoingNoticeSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Give up a notice that was not given. One that was sent and did not arrive needs a `reason`."""
        values = self.given(CancelSerializer, request)
        return self.told(outgoing.cancel(self.get_object(), now=self.now, by=self.actor, **values))
