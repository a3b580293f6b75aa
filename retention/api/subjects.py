"""REST: requests of the people concerned, from what they wrote to the answer; the client decides, staff forwards."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.rows import computed
from accounts.api.uploads import PARSERS
from accounts.api.views import without_body
from accounts.enums import Language
from accounts.errors import Refused
from accounts.models import Document
from accounts.rules.permissions import Permission
from retention import letters
from retention.api import clients_word
from retention.api.clients_word import InstructionSerializer
from retention.api.request_bodies import CorrectionsField
from retention.enums import (
    DoubtReason,
    ExtensionReason,
    RefusalGround,
    RequestKind,
    SubjectChannel,
    SubjectOutcome,
    SubjectState,
)
from retention.models import SubjectRequest
from retention.operations import subject_decisions, subject_facts, subject_letters, subject_mistakes, subject_requests
from retention.operations.subject_facts import Facts


class SubjectRequestSerializer(serializers.ModelSerializer[SubjectRequest]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)
    request = serializers.UUIDField(source="request.public_id", allow_null=True, default=None)
    reference = serializers.SerializerMethodField(help_text="What people write on a letter.")

    class Meta:
        model = SubjectRequest
        fields = [
            "public_id",
            "reference",
            "organization",
            "kind",
            "channel",
            "language",
            "state",
            "identity",
            "received_at",
            "taken_by",
            "confirmed_at",
            "forward_by",
            "due_on",
            "forwarded_at",
            "forwarded_by",
            "chased_at",
            "chases",
            "extended_at",
            "extended_for",
            "decided_at",
            "decided_by",
            "granted",
            "refusal",
            "request",
            "outcome",
            "told",
            "told_at",
            "closed_at",
            "purge_at",
            "purged_at",
        ]
        read_only_fields = fields

    @computed("public_id")
    def get_reference(self, public_id: UUID) -> str:
        return str(public_id)[:8].upper()


class NewSubjectRequestSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=RequestKind.choices)
    channel = serializers.ChoiceField(
        choices=SubjectChannel.choices, help_text="All but the page, which people fill in themselves."
    )
    language = serializers.ChoiceField(choices=Language.choices, default=Language.ENGLISH)
    received_at = serializers.DateTimeField(help_text="When it reached the vendor: the clock starts then.")
    name = serializers.CharField(max_length=200)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True, default="")
    address = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="Where the answer is posted to."
    )
    service = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    words = serializers.CharField(
        max_length=subject_facts.LONGEST_WORDS, required=False, allow_blank=True, default="", trim_whitespace=False
    )


class SubjectFactsSerializer(serializers.Serializer[Any]):
    """Who asks, and their words: personal data."""

    name = serializers.CharField()
    email = serializers.CharField()
    words = serializers.CharField()
    service = serializers.CharField()
    address = serializers.CharField()
    reasons = serializers.CharField(help_text="What the person is told of the decision.")


class SubjectCandidateSerializer(serializers.Serializer[Any]):
    """A client that may be meant."""

    organization = serializers.UUIDField()
    name = serializers.CharField()
    people = serializers.IntegerField(help_text="How many of its people have the address.")


class ForwardSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()


class CloseSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[SubjectOutcome.NOT_HELD.value, SubjectOutcome.OWN.value])
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class GrantSerializer(InstructionSerializer):
    licensed_users = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=100, help_text="Who the person is in the product."
    )
    corrections = CorrectionsField()


class RefuseSubjectSerializer(InstructionSerializer):
    ground = serializers.ChoiceField(choices=RefusalGround.choices)
    reasons = serializers.CharField(max_length=1000, help_text="What the person is told.")


class NotHeldSerializer(InstructionSerializer):
    pass


class DoubtSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=DoubtReason.choices)


class ExtendSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=ExtensionReason.choices)


class LetterSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=subject_letters.LETTERS)


class SubjectRequestFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    state = filters.ChoiceFilter(choices=SubjectState.choices)
    kind = filters.ChoiceFilter(choices=RequestKind.choices)
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt")

    class Meta:
        model = SubjectRequest
        fields = ["organization", "state", "kind", "due_before"]


class SubjectRequestResource(Resource):
    """Requests of people about data of theirs (Art. 15 to 18 GDPR). The client that they concern decides."""

    queryset = SubjectRequest.objects.select_related("organization", "request").order_by("pk")
    serializer_class = SubjectRequestSerializer
    filterset_class = SubjectRequestFilter
    rights = {
        "list": Permission.VIEW_SUBJECT_REQUEST,
        "retrieve": Permission.VIEW_SUBJECT_REQUEST,
        "facts": Permission.VIEW_SUBJECT_REQUEST,
        "letter": Permission.VIEW_SUBJECT_REQUEST,
        "create": Permission.HANDLE_SUBJECT_REQUEST,
        "candidates": Permission.HANDLE_SUBJECT_REQUEST,
        "forward": Permission.HANDLE_SUBJECT_REQUEST,
        "close": Permission.HANDLE_SUBJECT_REQUEST,
        "take_back": Permission.HANDLE_SUBJECT_REQUEST,
        "withdraw": Permission.HANDLE_SUBJECT_REQUEST,
        "mark_posted": Permission.HANDLE_SUBJECT_REQUEST,
        "grant": Permission.REQUEST_DELETION,
        "refuse": Permission.REQUEST_DELETION,
        "not_held": Permission.REQUEST_DELETION,
        "doubt": Permission.REQUEST_DELETION,
        "settle_doubt": Permission.REQUEST_DELETION,
        "extend": Permission.REQUEST_DELETION,
    }
    sensitive = frozenset({"grant"})

    @extend_schema(request=NewSubjectRequestSerializer, responses={201: SubjectRequestSerializer})
    def create(self, request: Request) -> Response:
        """Take down what a person wrote or said. It is acknowledged by mail, where there is an address."""
        values = self.given(NewSubjectRequestSerializer, request)
        made = subject_requests.take_down(
            Facts(values["name"], values["email"], values["words"], values["service"], values["address"]),
            kind=RequestKind(values["kind"]),
            channel=SubjectChannel(values["channel"]),
            language=Language(values["language"]),
            received_at=values["received_at"],
            now=self.now,
            by=self.actor,
        )
        return self.told(made, status=201)

    @extend_schema(responses={200: SubjectFactsSerializer}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def facts(self, request: Request, **kwargs: Any) -> Response:
        """Who asks, and their words: for privacy officers, and the client that decides. Empty once they are gone."""
        return Response(SubjectFactsSerializer(subject_facts.opened(self._readable())).data)

    @extend_schema(
        parameters=[LetterSerializer], responses={(200, "application/pdf"): OpenApiTypes.BINARY}, filters=False
    )
    @action(
        detail=True,
        methods=["get"],
        pagination_class=None,
        filterset_class=None,
    )
    def letter(self, request: Request, **kwargs: Any) -> HttpResponse:
        """A letter as PDF: each that `name` names, while it is one of this request; 404 where there is none."""
        asked = LetterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        row, name = self._readable(), str(asked.validated_data["name"])
        if name not in subject_letters.of(row):
            raise NotFound("There is no such letter of this request.")
        return letters.answered(row, name)

    @extend_schema(responses={200: SubjectCandidateSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def candidates(self, request: Request, **kwargs: Any) -> Response:
        """The clients that may be meant: those with people of this address. For privacy officers only."""
        rows = [
            {"organization": client.public_id, "name": client.name, "people": people}
            for client, people in subject_requests.candidates(self.get_object())
        ]
        return Response(SubjectCandidateSerializer(rows, many=True).data)

    @extend_schema(request=ForwardSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"])
    def forward(self, request: Request, **kwargs: Any) -> Response:
        """Forward it to the client who decides. 409 `nobody_decides` where the client has no such contact."""
        client = the_organization(self.given(ForwardSerializer, request)["organization"])
        return self.told(subject_requests.forward(self.get_object(), organization=client, now=self.now, by=self.actor))

    @without_body(responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, **kwargs: Any) -> Response:
        """It was forwarded to the wrong client: forward it to another one, or answer it without."""
        return self.told(subject_mistakes.take_back(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=CloseSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, **kwargs: Any) -> Response:
        """Answer what no client decides: nothing is held, or the data are the vendor's own."""
        values = self.given(CloseSerializer, request)
        return self.told(
            subject_requests.close_without_client(
                self.get_object(),
                outcome=SubjectOutcome(values["outcome"]),
                reason=values["reason"],
                now=self.now,
                by=self.actor,
            )
        )

    @without_body(responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """The person told the vendor that they give it up, before it was decided."""
        return self.told(subject_requests.withdraw(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], url_path="mark-posted")
    def mark_posted(self, request: Request, **kwargs: Any) -> Response:
        """The answer went out by post, to a person without an e-mail address."""
        return self.told(subject_requests.mark_posted(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=GrantSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], parser_classes=PARSERS)
    def grant(self, request: Request, **kwargs: Any) -> Response:
        """The client decides for it: a deletion request of its kind carries it out. The vendor's staff need a proof.

        409 `proof_needed`, and `doubt_open` while the client asks who it is.
        """
        values, row = self.given(GrantSerializer, request), self.get_object()
        return self.told(
            subject_decisions.grant(
                row,
                people=values["licensed_users"],
                corrections=values["corrections"],
                now=self.now,
                by=self.actor,
                for_client=self.caller.works_for_vendor,
                proof=self._word(row, values),
            )
        )

    @extend_schema(request=RefuseSubjectSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], parser_classes=PARSERS)
    def refuse(self, request: Request, **kwargs: Any) -> Response:
        """The client refuses: the person is told why. The vendor's staff need a proof (409 `proof_needed`)."""
        values, row = self.given(RefuseSubjectSerializer, request), self.get_object()
        return self.told(
            subject_decisions.refuse(
                row,
                ground=RefusalGround(values["ground"]),
                reasons=values["reasons"],
                now=self.now,
                by=self.actor,
                for_client=self.caller.works_for_vendor,
                proof=self._word(row, values),
            )
        )

    @extend_schema(request=NotHeldSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], url_path="not-held", parser_classes=PARSERS)
    def not_held(self, request: Request, **kwargs: Any) -> Response:
        """The client has nothing of the person. 409 `somebody_meant` where people of the address are there.

        The vendor's staff need a proof (409 `proof_needed`).
        """
        values, row = self.given(NotHeldSerializer, request), self.get_object()
        return self.told(
            subject_decisions.not_held(
                row,
                now=self.now,
                by=self.actor,
                for_client=self.caller.works_for_vendor,
                proof=self._word(row, values),
            )
        )

    @extend_schema(request=DoubtSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"])
    def doubt(self, request: Request, **kwargs: Any) -> Response:
        """The client asks first who it is: the clock stands still.."""
        reason = DoubtReason(self.given(DoubtSerializer, request)["reason"])
        return self.told(subject_decisions.doubt(self._decided_by_client(), reason=reason, now=self.now, by=self.actor))

    @without_body(responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"], url_path="settle-doubt")
    def settle_doubt(self, request: Request, **kwargs: Any) -> Response:
        """The person has shown the client who they are: the clock goes on."""
        return self.told(subject_decisions.settle_doubt(self._decided_by_client(), now=self.now, by=self.actor))

    @extend_schema(request=ExtendSerializer, responses={200: SubjectRequestSerializer})
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **kwargs: Any) -> Response:
        """The client takes three months in all. 409 `extended_too_late` once the first month is over."""
        reason = ExtensionReason(self.given(ExtendSerializer, request)["reason"])
        return self.told(
            subject_decisions.extend(self._decided_by_client(), reason=reason, now=self.now, by=self.actor)
        )

    def _readable(self) -> SubjectRequest:
        """Return the row, if the caller may read the words: privacy officers, and the client's own."""
        found: SubjectRequest = self.get_object()
        if self.caller.works_for_vendor:
            self.demand(Permission.HANDLE_SUBJECT_REQUEST)
        else:
            self.demand(Permission.REQUEST_DELETION)
        return found

    def _word(self, row: SubjectRequest, sent: dict[str, Any]) -> Document | None:
        """Store the client's word that came with a decision; nothing where no client is to decide."""
        return None if row.organization is None else clients_word.kept(self, row.organization, sent)

    def _decided_by_client(self) -> SubjectRequest:
        """Return the row, for an act on the client's clock: the vendor's staff does not stop or lengthen it."""
        found: SubjectRequest = self.get_object()
        if self.caller.works_for_vendor:
            text = "It is the client's clock: only the client stops or lengthens it."
            raise Refused(text, code="clients_clock")
        return found
