"""REST: one act to thousands of people as one job, its progress, whom it could not change, and taking it back."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource, by_public_id
from accounts.api.views import ScopedView, without_body
from accounts.enums import BulkState, ItemState, LicenceStatus
from accounts.labels import BULK_ACTS, SUSPENSIONS_BY_HAND
from accounts.models import BulkItem, BulkJob, Organization
from accounts.operations import bulk
from accounts.rules.licence_states import Act
from accounts.rules.permissions import Permission


class BulkJobSerializer(serializers.ModelSerializer[BulkJob]):
    organization = serializers.UUIDField(source="organization.public_id")
    undo_of = serializers.UUIDField(source="undo_of.public_id", allow_null=True, default=None)
    percent = serializers.IntegerField()

    class Meta:
        model = BulkJob
        fields = [
            "public_id",
            "organization",
            "act",
            "reason",
            "until",
            "features",
            "undo_of",
            "state",
            "total",
            "done",
            "refused",
            "percent",
            "requested_by",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class NewBulkJobSerializer(serializers.Serializer[Any]):
    act = serializers.ChoiceField(choices=BULK_ACTS)
    external_ids = serializers.ListField(
        child=serializers.CharField(max_length=200, trim_whitespace=False),
        required=False,
        max_length=bulk.LARGEST,
        allow_empty=False,
    )
    public_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=bulk.LARGEST, allow_empty=False
    )
    statuses = serializers.ListField(
        child=serializers.ChoiceField(choices=LicenceStatus.choices), required=False, max_length=6, allow_empty=False
    )
    departments = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, max_length=500, allow_empty=False
    )
    reason = serializers.ChoiceField(choices=SUSPENSIONS_BY_HAND, required=False, default="")
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    features = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=100)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class BulkItemSerializer(serializers.ModelSerializer[BulkItem]):
    licensed_user = serializers.UUIDField(source="licensed_user.public_id")
    external_id = serializers.CharField(source="licensed_user.external_id")

    class Meta:
        model = BulkItem
        fields = ["licensed_user", "external_id", "state", "code"]
        read_only_fields = fields


class BulkJobFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    state = filters.ChoiceFilter(choices=BulkState.choices)

    class Meta:
        model = BulkJob
        fields = ["organization", "state"]


class BulkJobResource(Resource):
    """Jobs of bulk work."""

    queryset = BulkJob.objects.select_related("organization", "undo_of").order_by("pk")
    serializer_class = BulkJobSerializer
    filterset_class = BulkJobFilter
    rights = {
        "list": Permission.VIEW_LICENSED_USER,
        "retrieve": Permission.VIEW_LICENSED_USER,
        "failures": Permission.VIEW_LICENSED_USER,
        "undo": Permission.CHANGE_LICENSED_USER,
    }

    @extend_schema(responses={200: BulkItemSerializer(many=True)})
    @action(detail=True, methods=["get"], filterset_class=None)
    def failures(self, request: Request, **kwargs: Any) -> Response:
        """List whom the job could not change, with the reason as a code, in pages."""
        items = self.get_object().items.filter(state=ItemState.REFUSED).select_related("licensed_user")
        return self.listed(items, BulkItemSerializer)

    @without_body(responses={201: BulkJobSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, **kwargs: Any) -> Response:
        """Take a finished job back, for those whom it changed and nobody has changed since. 409 without a way back."""
        job = self.get_object()
        if Act(job.act) in (Act.SCHEDULE, Act.CANCEL):
            self.demand(Permission.DELETE_LICENSED_USER)
        return self.told(bulk.undo(job, now=self.now, by=self.actor), status=201)


class OrganizationBulkJobsView(ScopedView):
    """Bulk work in one organization."""

    permission_classes = [has(Permission.CHANGE_LICENSED_USER)]

    @extend_schema(request=NewBulkJobSerializer, responses={202: BulkJobSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Do one act to up to 50,000 people as one job; the answer is the job, whose progress can be asked for."""
        organization = by_public_id(Organization.objects.all(), public_id)
        given = self.given(NewBulkJobSerializer, request)
        act = Act(given.pop("act"))
        if act in (Act.SCHEDULE, Act.CANCEL):
            self.demand(Permission.DELETE_LICENSED_USER)
        ways = ("external_ids", "public_ids", "statuses", "departments")
        chosen = bulk.Chosen(**{name: given.pop(name) for name in ways if name in given})
        self.touches(organization.pk)
        job = bulk.request(organization, act, chosen, now=self.now, by=self.actor, **given)
        return Response(BulkJobSerializer(job).data, status=202)
