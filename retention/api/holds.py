"""REST: legal holds, and the client's decision about aggregates."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource, by_public_id, the_organization
from accounts.api.uploads import PARSERS
from accounts.api.views import ScopedView, without_body
from accounts.models import Organization
from accounts.rules.permissions import Permission
from retention.api import clients_word
from retention.api.request_bodies import AuthorizationAnswerSerializer, AuthorizationSerializer, not_everybody
from retention.enums import HoldGround
from retention.models import LegalHold
from retention.operations import archive, holds


class ArchiveAuthorizationView(ScopedView):
    """The client's decision on aggregated reports."""

    permission_classes = [has(Permission.AUTHORISE_ARCHIVE)]
    parser_classes = PARSERS

    @extend_schema(
        operation_id="organization_archive_authorization_create",
        request=AuthorizationSerializer,
        responses={201: AuthorizationAnswerSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record whether aggregated, non-identifying reports may be kept. The latest decision counts.

        The client's own members decide; the vendor's staff need a proof to record an agreement (409 `proof_needed`).
        """
        organization = by_public_id(Organization.objects.all(), public_id)
        sent = self.given(AuthorizationSerializer, request)
        found = archive.authorise(
            organization,
            granted=sent["granted"],
            now=self.now,
            by=self.actor,
            for_client=self.caller.works_for_vendor,
            proof=clients_word.kept(self, organization, sent),
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
            "scope",
            "department",
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
    licensed_user = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whose data are held. Neither a person nor a department sent: everything of the organization.",
    )
    department = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    ground = serializers.ChoiceField(choices=HoldGround.choices)
    citation = serializers.CharField(max_length=200)
    review_on = serializers.DateField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse nobody, and a department without a name: what was to be some people is not everybody."""
        return not_everybody(self, attrs, "licensed_user", "department")


class ReviewSerializer(serializers.Serializer[Any]):
    review_on = serializers.DateField(help_text="When it is looked at again; a day ahead, in the client's time zone.")


class LegalHoldResource(Resource):
    """What blocks erasure."""

    queryset = LegalHold.objects.select_related("organization").order_by("pk")
    serializer_class = LegalHoldSerializer
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.PLACE_HOLD,
        "keep": Permission.PLACE_HOLD,
        "release": Permission.PLACE_HOLD,
    }
    sensitive = frozenset({"release"})

    @extend_schema(request=NewHoldSerializer, responses={201: LegalHoldSerializer})
    def create(self, request: Request) -> Response:
        """Place a hold. 409 `hold_too_late` once keys are being destroyed; that it was asked for is recorded."""
        values = self.given(NewHoldSerializer, request)
        organization = the_organization(values.pop("organization"))
        ground = HoldGround(values.pop("ground"))
        values["person"] = values.pop("licensed_user")
        hold = holds.place(organization, ground=ground, now=self.now, by=self.actor, **values)
        if hold is None:
            return self.refusal("hold_too_late", "Keys are being destroyed: the hold comes too late. It was recorded.")
        return self.told(hold, status=201)

    @extend_schema(request=ReviewSerializer, responses={200: LegalHoldSerializer})
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, **kwargs: Any) -> Response:
        """Say after a review that the hold is needed still, and when it is looked at again."""
        values = self.given(ReviewSerializer, request)
        return self.told(holds.keep(self.get_object(), now=self.now, by=self.actor, **values))

    @without_body(responses={200: LegalHoldSerializer})
    @action(detail=True, methods=["post"])
    def release(self, request: Request, **kwargs: Any) -> Response:
        """Release a hold; the data are eligible at once."""
        return self.told(holds.release(self.get_object(), now=self.now, by=self.actor))
