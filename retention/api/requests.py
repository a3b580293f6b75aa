"""REST: deletion requests, from the departure to the certificate; legal holds; the public key."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.api.permissions import SignedIn, has
from accounts.api.resources import Resource, by_public_id, the_organization
from accounts.api.views import ScopedView
from accounts.errors import Refused
from accounts.models import Organization
from accounts.rules.permissions import Permission
from retention.enums import HoldGround, RequestOrigin, RequestStatus
from retention.models import (
    AggregateArchive,
    Certificate,
    DeletionRequest,
    ErasureRun,
    ErasureStep,
    LegalHold,
    Verification,
)
from retention.operations import archive, certificates, exports, holds, requests, runs


class StepSerializer(serializers.ModelSerializer[ErasureStep]):
    class Meta:
        model = ErasureStep
        fields = ["store", "status", "found", "erased", "started_at", "finished_at"]
        read_only_fields = fields


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    class Meta:
        model = Verification
        fields = ["public_id", "performed_at", "passed", "searched", "hits"]
        read_only_fields = fields


class ListedRequestSerializer(serializers.ModelSerializer[DeletionRequest]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = DeletionRequest
        fields = [
            "public_id",
            "organization",
            "origin",
            "status",
            "requested_by",
            "received_at",
            "service_ended_on",
            "retrieval_ends_on",
            "erase_from",
            "erase_by",
            "confirmed_by",
            "confirmed_at",
            "approved_by",
            "approved_at",
            "export_decision",
            "archive_decision",
            "closed_at",
        ]
        read_only_fields = fields


class DeletionRequestSerializer(ListedRequestSerializer):
    blocked_by = serializers.SerializerMethodField(help_text="What keeps it from erasure now, as codes.")
    steps = serializers.SerializerMethodField(help_text="The journal of the erasure, store by store.")

    class Meta(ListedRequestSerializer.Meta):
        fields = [*ListedRequestSerializer.Meta.fields, "blocked_by", "steps"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_blocked_by(self, request: DeletionRequest) -> list[str]:
        return list(requests.blocks(request, now=self.context["view"].now))

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, request: DeletionRequest) -> Any:
        steps = ErasureStep.objects.filter(run__request=request).order_by("position")
        return StepSerializer(steps, many=True).data


class NewRequestSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class ArchiveSerializer(serializers.ModelSerializer[AggregateArchive]):
    class Meta:
        model = AggregateArchive
        fields = ["public_id", "name", "table", "sha256", "made_at"]
        read_only_fields = fields


class AuthorizationSerializer(serializers.Serializer[Any]):
    granted = serializers.BooleanField()


class AuthorizationAnswerSerializer(serializers.Serializer[Any]):
    public_id = serializers.UUIDField()
    granted = serializers.BooleanField()
    decided_at = serializers.DateTimeField()


class RequestFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    status = filters.ChoiceFilter(choices=RequestStatus.choices)

    class Meta:
        model = DeletionRequest
        fields = ["organization", "status"]


class DeletionRequestResource(Resource):
    """Requests for the erasure of a departed client's data."""

    queryset = DeletionRequest.objects.select_related("organization").order_by("pk")
    serializer_class = DeletionRequestSerializer
    filterset_class = RequestFilter
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "certificate": Permission.VIEW_DELETION_REQUEST,
        "verifications": Permission.VIEW_DELETION_REQUEST,
        "archives": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.REQUEST_DELETION,
        "cancel": Permission.REQUEST_DELETION,
        "confirm_end": Permission.CONFIRM_END,
        "approve": Permission.APPROVE_ERASURE,
        "erase_again": Permission.APPROVE_ERASURE,
        "waive_export": Permission.EXPORT_CONTENT,
        "waive_retrieval": Permission.VIEW_CONTENT,
        "decline_archive": Permission.AUTHORISE_ARCHIVE,
        "make_archive": Permission.AUTHORISE_ARCHIVE,
    }
    sensitive = frozenset({"approve", "erase_again"})

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ListedRequestSerializer if self.action == "list" else DeletionRequestSerializer

    @extend_schema(request=NewRequestSerializer, responses={201: DeletionRequestSerializer})
    def create(self, request: Request) -> Response:
        """Ask for erasure as the client. 409 `contract_open` while a contract is signed or active."""
        organization = the_organization(self.given(NewRequestSerializer, request)["organization"])
        found = requests.open_request(organization, origin=RequestOrigin.CLIENT, now=self.now, by=self.actor)
        return self.told(found, status=201)

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="confirm-end")
    def confirm_end(self, request: Request, **kwargs: Any) -> Response:
        """Confirm that the collaboration has definitively ended. 409 `contract_open`, drafts included."""
        return self.told(requests.confirm_end(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Approve the erasure. 409 `same_person` for who asked for it or confirmed the end."""
        return self.told(requests.approve(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=ReasonSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Give the request up for a contract that keeps the data. 409 `no_contract` without one."""
        reason = self.given(ReasonSerializer, request)["reason"]
        return self.told(requests.cancel(self.get_object(), now=self.now, by=self.actor, reason=reason))

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="waive-export")
    def waive_export(self, request: Request, **kwargs: Any) -> Response:
        """Record that the client wants no export."""
        return self.told(exports.waive(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="waive-retrieval")
    def waive_retrieval(self, request: Request, **kwargs: Any) -> Response:
        """The client waives the rest of the retrieval period: it has its export, or wants none. Its members only."""
        return self.told(requests.waive_retrieval(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="decline-archive")
    def decline_archive(self, request: Request, **kwargs: Any) -> Response:
        """Record that no aggregates are kept."""
        return self.told(archive.decline(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=None, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="erase-again")
    def erase_again(self, request: Request, **kwargs: Any) -> Response:
        """After residue was found and its cause mended: erase and verify once more. 409 `no_residue` otherwise."""
        found = self.get_object()
        runs.erase_again(by_request(found), now=self.now, by=self.actor)
        found.refresh_from_db()
        return self.told(found)

    @extend_schema(request=None, responses={201: ArchiveSerializer})
    @action(detail=True, methods=["post"], url_path="make-archive")
    def make_archive(self, request: Request, **kwargs: Any) -> Response:
        """Make the aggregate archive, which the client must have authorised: 409 `archive_not_authorised`."""
        found = self.get_object()
        with tenancy.vendor():
            made = archive.make(found, now=self.now, by=self.actor)
        self.touches(found.organization_id)
        return Response(ArchiveSerializer(made).data, status=201)

    @extend_schema(responses={200: ArchiveSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def archives(self, request: Request, **kwargs: Any) -> Response:
        """The aggregates that were kept."""
        rows = AggregateArchive.objects.filter(request=self.get_object()).order_by("pk")
        return Response(ArchiveSerializer(rows, many=True).data)

    @extend_schema(responses={200: VerificationSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def verifications(self, request: Request, **kwargs: Any) -> Response:
        """What was searched after the erasure, and what was found."""
        rows = Verification.objects.filter(run__request=self.get_object()).order_by("pk")
        return Response(VerificationSerializer(rows, many=True).data)

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def certificate(self, request: Request, **kwargs: Any) -> Response:
        """The signed certificate, as `verify_certificate` takes it. 404 until it is issued."""
        found = Certificate.objects.filter(run__request=self.get_object()).first()
        if found is None:
            raise NotFound("The certificate is not issued yet.")
        return Response(found.document)


def by_request(request: DeletionRequest) -> ErasureRun:
    """Return the run of a request. :raises Refused: it has none yet."""
    run = ErasureRun.objects.filter(request=request).first()
    if run is None:
        raise Refused("The erasure has not begun.", code="no_residue")
    return run


class ArchiveAuthorizationView(ScopedView):
    """The client's decision on aggregated reports."""

    permission_classes = [has(Permission.AUTHORISE_ARCHIVE)]

    @extend_schema(
        operation_id="organization_archive_authorization_create",
        request=AuthorizationSerializer,
        responses={201: AuthorizationAnswerSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record whether aggregated, non-identifying reports may be kept. The latest decision counts.

        The client's own members decide; for the vendor's staff to record an agreement there must be a proof, which the
        admin takes: here 409 `proof_needed`.
        """
        organization = by_public_id(Organization.objects.all(), public_id)
        body = AuthorizationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        granted = body.validated_data["granted"]
        found = archive.authorise(
            organization, granted=granted, now=self.now, by=self.actor, for_client=self.caller.works_for_vendor
        )
        self.touches(organization.pk)
        return Response(AuthorizationAnswerSerializer(found).data, status=201)


class LegalHoldSerializer(serializers.ModelSerializer[LegalHold]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = LegalHold
        fields = [
            "public_id",
            "organization",
            "ground",
            "citation",
            "review_on",
            "placed_by",
            "placed_at",
            "released_by",
            "released_at",
        ]
        read_only_fields = fields


class NewHoldSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField()
    ground = serializers.ChoiceField(choices=HoldGround.choices)
    citation = serializers.CharField(max_length=200)
    review_on = serializers.DateField()


class LegalHoldResource(Resource):
    """What blocks erasure."""

    queryset = LegalHold.objects.select_related("organization").order_by("pk")
    serializer_class = LegalHoldSerializer
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.PLACE_HOLD,
        "release": Permission.PLACE_HOLD,
    }
    sensitive = frozenset({"release"})

    @extend_schema(request=NewHoldSerializer, responses={201: LegalHoldSerializer})
    def create(self, request: Request) -> Response:
        """Place a hold. 409 `hold_too_late` once keys are being destroyed; that it was asked for is recorded."""
        values = self.given(NewHoldSerializer, request)
        organization = the_organization(values.pop("organization"))
        ground = HoldGround(values.pop("ground"))
        hold = holds.place(organization, ground=ground, now=self.now, by=self.actor, **values)
        if hold is None:
            return self.refusal("hold_too_late", "Keys are being destroyed: the hold comes too late. It was recorded.")
        return self.told(hold, status=201)

    @extend_schema(request=None, responses={200: LegalHoldSerializer})
    @action(detail=True, methods=["post"])
    def release(self, request: Request, **kwargs: Any) -> Response:
        """Release a hold; the data are eligible at once."""
        return self.told(holds.release(self.get_object(), now=self.now, by=self.actor))


class PublicKeyView(ScopedView):
    """The key with which anybody checks a certificate."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="public_key_retrieve", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """The public key, as PEM."""
        return Response({"algorithm": "Ed25519", "pem": certificates.public_pem()})
