"""REST: the trail, read only."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.api.resources import Resource
from accounts.models import AuditEvent
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

    class Meta:
        model = AuditEvent
        fields = ["name", "subject_id"]


class AuditEventResource(Resource):
    """Who did what, when. Never changed."""

    queryset = AuditEvent.objects.order_by("pk")
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter
    rights = {"list": Permission.VIEW_TRAIL, "retrieve": Permission.VIEW_TRAIL}
