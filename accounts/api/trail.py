"""REST: the trail, read only."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource
from accounts.api.views import ScopedView
from accounts.models import AuditEvent, Organization
from accounts.operations import standing
from accounts.rules.permissions import Permission


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = [
            "public_id",
            "name",
            "subject_type",
            "subject_id",
            "actor",
            "data",
            "detail_digest",
            "occurred_at",
            "recorded_at",
        ]
        read_only_fields = fields


class AuditEventFilter(filters.FilterSet):
    name = filters.CharFilter()
    subject_id = filters.UUIDFilter()
    actor = filters.CharFilter(help_text="Such as `user:` with a public id, or `system`.")
    organization = filters.UUIDFilter(method="of_organization", help_text="Public id.")
    occurred_after = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte", help_text="Included.")
    occurred_before = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt", help_text="Not included.")

    class Meta:
        model = AuditEvent
        fields = ["name", "subject_id", "actor"]

    def of_organization(self, rows: QuerySet[AuditEvent], name: str, value: UUID) -> QuerySet[AuditEvent]:
        """Keep the events of one client of the caller's scope; none, if there is no such client."""
        return rows.filter(organization_id__in=Organization.objects.filter(public_id=value).values("pk"))


class AuditEventResource(Resource):
    """Who did what, when. Never changed."""

    queryset = AuditEvent.objects.order_by("pk")
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter
    rights = {"list": Permission.VIEW_TRAIL, "retrieve": Permission.VIEW_TRAIL}


class StandingSerializer(serializers.Serializer[Any]):
    chain = serializers.ChoiceField(
        [("all", "all"), ("organization", "organization")],
        help_text="`all`: of all events. `organization`: of those that the caller's organization reads.",
    )
    position = serializers.IntegerField(help_text="Of the last link; 0: there is none.")
    digest = serializers.CharField(help_text="SHA-256, hexadecimal; 64 zeros before the first link.")
    sealed_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Events that have no seal yet.")
    waiting_since = serializers.DateTimeField(allow_null=True, help_text="When the first of them was recorded.")


class TrailHeadView(ScopedView):
    """Where the hash chain of the trail stands."""

    permission_classes = [has(Permission.VIEW_TRAIL)]

    @extend_schema(operation_id="trail_head_retrieve", responses={200: StandingSerializer})
    def get(self, request: Request) -> Response:
        """The head of the chain that the caller reads: of its organization, or, for the vendor, of all events."""
        return Response(StandingSerializer(standing.of_scope()).data)


class WantedLinks(serializers.Serializer[Any]):
    after = serializers.IntegerField(default=0, min_value=0, max_value=2**63 - 1, help_text="A position; not included.")
    limit = serializers.IntegerField(default=200, min_value=1, max_value=1000)


class TrailLinkSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(help_text="In this chain, from 1, without gaps.")
    event = serializers.UUIDField(help_text="The event's public id.")
    text = serializers.CharField(help_text="What is hashed: a JSON array, to be taken as it is written.")
    digest = serializers.CharField(help_text="SHA-256, hexadecimal, of the digest before it and the text.")


class TrailLinksSerializer(serializers.Serializer[Any]):
    chain = serializers.ChoiceField([("all", "all"), ("organization", "organization")], help_text="As of the head.")
    links = TrailLinkSerializer(many=True, help_text="Fewer than asked for: the chain goes no further.")


class TrailLinksView(ScopedView):
    """The links of the hash chain of the trail, for whoever computes it anew."""

    permission_classes = [has(Permission.VIEW_TRAIL)]

    @extend_schema(operation_id="trail_links_list", parameters=[WantedLinks], responses={200: TrailLinksSerializer})
    def get(self, request: Request) -> Response:
        """The links of the chain that the caller reads, in order, after a position."""
        found = {"chain": standing.chain(), "links": standing.links(**self.asked(WantedLinks, request))}
        return Response(TrailLinksSerializer(found).data)
