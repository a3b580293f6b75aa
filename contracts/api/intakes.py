"""REST: the inbox of letters. They are the vendor's staff's alone; a file comes as multipart, a text as JSON."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.uploads import PARSERS
from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import IntakeKind, NoticeChannel
from contracts.letters import reader
from contracts.models import Contract, Intake
from contracts.operations import intakes


class IntakeSerializer(serializers.ModelSerializer[Intake]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)
    sender = serializers.SerializerMethodField(help_text="Name, address and subject, where the letter was a mail.")

    class Meta:
        model = Intake
        fields = [
            "public_id",
            "organization",
            "state",
            "media",
            "size",
            "sha256",
            "received_at",
            "received_on",
            "sent_on",
            "suggested",
            "why",
            "candidates",
            "kind",
            "notices",
            "cases",
            "answers",
            "sender",
            "dropped_by",
            "dropped_at",
            "decided_by",
            "decided_at",
        ]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_sender(self, row: Intake) -> dict[str, str]:
        facts = intakes.opened(row)
        return {"name": facts.sender_name, "email": facts.sender_email, "subject": facts.subject}


class NewIntakeSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(required=False, max_length=200, allow_empty_file=True, help_text="PDF, .eml or .txt.")
    text = serializers.CharField(
        required=False, trim_whitespace=False, help_text="The letter as text, or what a scan says."
    )
    received_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Default: what the mail says, else now."
    )
    answers = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The letter that was asked back and is answered."
    )


class ConfirmSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()
    contracts = serializers.ListField(child=serializers.UUIDField(), max_length=500)
    kind = serializers.ChoiceField(choices=list(labels.INTAKE_KIND.items()))
    entitled = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Must be said where the sender is not known as a member who may give notice.",
    )
    channel = serializers.ChoiceField(
        choices=list(labels.NOTICE_CHANNEL.items()), required=False, allow_null=True, default=None
    )
    sent_on = serializers.DateField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Required where the client was asked what the letter means: how that became clear.",
    )


class AskBackSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()


class RejectSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Required where the client was asked what the letter means.",
    )


class IntakeResource(Resource):
    """Letters that came in, each decided by a person."""

    queryset = Intake.objects.select_related("organization").order_by("pk")
    serializer_class = IntakeSerializer
    parser_classes = PARSERS
    rights = dict.fromkeys(("list", "retrieve", "create", "confirm", "ask_back", "reject"), Permission.HANDLE_INTAKE)

    @extend_schema(
        request={"multipart/form-data": NewIntakeSerializer, "application/json": NewIntakeSerializer},
        responses={201: IntakeSerializer},
    )
    def create(self, request: Request) -> Response:
        """Drop a letter: it is read, its client sought, its wish suggested. Nothing is decided by this."""
        values = self.given(NewIntakeSerializer, request)
        answers = values["answers"]
        asked = None if answers is None else Intake.objects.filter(public_id=answers).first()
        if answers is not None and asked is None:
            raise InvalidInput([FieldError("answers", "unknown_intake", "There is no such letter.")])
        letter = reader.dropped(values.get("file"), values.get("text"))
        made = intakes.drop(letter, received_on=values["received_on"], answers=asked, now=self.now, by=self.actor)
        return self.told(made, status=201)

    @extend_schema(request=ConfirmSerializer, responses={200: IntakeSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, **kwargs: Any) -> Response:
        """Decide: a notice of every contract named, all or none; switching and erasure only open cases.

        One that was asked back too, with a `reason`: the client answered otherwise than by a letter.
        """
        values = self.given(ConfirmSerializer, request)
        organization = the_organization(values["organization"])
        channel = values["channel"]
        found = intakes.confirm(
            self.get_object(),
            organization=organization,
            contracts=_the_contracts(organization, values["contracts"]),
            kind=IntakeKind(values["kind"]),
            entitled=values["entitled"],
            channel=None if channel is None else NoticeChannel(channel),
            sent_on=values["sent_on"],
            reason=values["reason"],
            now=self.now,
            by=self.actor,
        )
        return self.told(found)

    @extend_schema(request=AskBackSerializer, responses={200: IntakeSerializer})
    @action(detail=True, methods=["post"], url_path="ask-back")
    def ask_back(self, request: Request, **kwargs: Any) -> Response:
        """Ask the client what its letter means. The day of receipt is kept.

        409 `organization_closed` where the client's data are being erased, or are erased.
        """
        organization = the_organization(self.given(AskBackSerializer, request)["organization"])
        return self.told(intakes.ask_back(self.get_object(), organization=organization, now=self.now, by=self.actor))

    @extend_schema(request=RejectSerializer, responses={200: IntakeSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, **kwargs: Any) -> Response:
        """Put away what is no notice: its file and its words are dropped. One that was asked back needs a `reason`."""
        values = self.given(RejectSerializer, request)
        return self.told(intakes.reject(self.get_object(), now=self.now, by=self.actor, **values))


def _the_contracts(organization: Organization, public_ids: list[UUID]) -> list[Contract]:
    """Return the contracts of a body, each once. :raises InvalidInput: one is not there."""
    wanted = set(public_ids)
    found = list(Contract.objects.filter(organization=organization, public_id__in=wanted))
    if len(found) != len(wanted):
        raise InvalidInput([FieldError("contracts", "unknown_contract", "A contract is not this client's.")])
    return found
