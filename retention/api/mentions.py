"""REST: searches of what other people wrote, for those whom an erasure is about."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.uploads import PARSERS
from accounts.rules.permissions import Permission
from retention.api import clients_word
from retention.enums import ScanState
from retention.models import DeletionRequest, MentionScan
from retention.operations import mentions
from retention.operations.stores.mentioned import ORDER


class MentionScanSerializer(serializers.ModelSerializer[MentionScan]):
    organization = serializers.UUIDField(source="organization.public_id")
    deletion_request = serializers.UUIDField(source="request.public_id")
    proof = serializers.UUIDField(source="proof.public_id", allow_null=True, default=None)

    class Meta:
        model = MentionScan
        fields = [
            "public_id",
            "organization",
            "deletion_request",
            "state",
            "started_by",
            "started_at",
            "finished_at",
            "examined",
            "unreadable",
            "found",
            "taken_by",
            "taken_at",
            "proof",
        ]
        read_only_fields = fields


class NewMentionScanSerializer(serializers.Serializer[Any]):
    deletion_request = serializers.UUIDField()


class MentionDecisionSerializer(clients_word.InstructionSerializer):
    pass


class NamedRowSerializer(serializers.Serializer[Any]):
    store = serializers.ChoiceField(choices=ORDER)
    external_id = serializers.CharField()
    licensed_user = serializers.CharField(allow_null=True, help_text="The external id of who wrote it; null: nobody.")


class MentionScanFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    deletion_request = filters.UUIDFilter(field_name="request__public_id")
    state = filters.ChoiceFilter(choices=ScanState.choices)

    class Meta:
        model = MentionScan
        fields = ["organization", "deletion_request", "state"]


class MentionScanResource(Resource):
    """Searches of others' content, which is sealed under the keys of those who wrote it."""

    queryset = MentionScan.objects.select_related("organization", "request", "proof").order_by("pk")
    serializer_class = MentionScanSerializer
    filterset_class = MentionScanFilter
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.REQUEST_DELETION,
        "rows": Permission.VIEW_CONTENT,
        "take": Permission.REQUEST_DELETION,
    }
    sensitive = frozenset({"take"})

    @extend_schema(request=NewMentionScanSerializer, responses={201: MentionScanSerializer})
    def create(self, request: Request) -> Response:
        """Search for a request's people, before their erasure begins; a job does it.

        409 `nothing_to_search` for a request of another kind or state, `mention_scan_running` while one runs,
        `client_undecided` for the vendor's staff while the client has not decided on the erasure.
        """
        wanted = self.given(NewMentionScanSerializer, request)["deletion_request"]
        found = DeletionRequest.objects.filter(public_id=wanted).first()
        if found is None:
            raise NotFound("No deletion request has this id.")
        staff = self.caller.works_for_vendor
        return self.told(mentions.start(found, now=self.now, by=self.actor, for_client=staff), status=201)

    @extend_schema(responses={200: NamedRowSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def rows(self, request: Request, **kwargs: Any) -> Response:
        """The rows in which one of the people is named, by the product's ids: at most 10,000."""
        found = self.get_object()
        self.touches(found.organization_id)
        return Response(NamedRowSerializer(mentions.named_rows(found), many=True).data)

    @extend_schema(
        request={"multipart/form-data": MentionDecisionSerializer, "application/json": MentionDecisionSerializer},
        responses={200: MentionScanSerializer},
    )
    @action(detail=True, methods=["post"])
    def take(self, request: Request, **kwargs: Any) -> Response:
        """The client decides that these rows are erased with the people. The vendor's staff need a proof.

        409 `proof_needed`, `mention_scan_not_done`, `too_many_mentions`, and `nothing_to_search` once it has begun.
        """
        scan: MentionScan = self.get_object()
        sent = self.given(MentionDecisionSerializer, request)
        kept = clients_word.kept(self, scan.organization, sent)
        taken = mentions.take(scan, now=self.now, by=self.actor, for_client=self.caller.works_for_vendor, proof=kept)
        return self.told(taken)
