"""REST: a client's terms of access, and when its people last used the product."""

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
from accounts.models import Organization
from accounts.operations import activity, policies
from accounts.rules.permissions import Permission


class TermsSerializer(serializers.Serializer[policies.Terms]):
    keep_seconds = serializers.IntegerField(
        min_value=0, max_value=policies.LONGEST_KEEP, help_text="How long an entitlement's answer may be kept."
    )
    restricted_features = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=100, help_text="What a restriction leaves."
    )
    deletion_grace_days = serializers.IntegerField(
        min_value=0, max_value=policies.LONGEST_GRACE, help_text="How long a scheduled deletion can be taken back."
    )


class UseSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=200, trim_whitespace=False)
    at = serializers.DateTimeField(help_text="When the person used the product.")


class NotedSerializer(serializers.Serializer[activity.Noted]):
    noted = serializers.IntegerField(help_text="How many people's last use moved on.")
    unknown = serializers.ListField(child=serializers.CharField(), help_text="External ids that nobody licensed.")


class AccessPolicyView(ScopedView):
    """The client's own terms of access; the service's defaults until it says others."""

    def get_permissions(self) -> list[BasePermission]:
        if self.request.method == "PATCH":
            return [has(Permission.CHANGE_ACCESS_POLICY)()]
        return [has(Permission.VIEW_LICENSED_USER)()]

    @extend_schema(responses={200: TermsSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Tell the terms in force."""
        return Response(TermsSerializer(policies.of(by_public_id(Organization.objects.all(), public_id))).data)

    @extend_schema(request=TermsSerializer(partial=True), responses={200: TermsSerializer})
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change some of the terms. Scheduled deletions keep their instants."""
        organization = by_public_id(Organization.objects.all(), public_id)
        changed = self.given(TermsSerializer, request, partial=True)
        terms = policies.change(organization, now=self.now, by=self.actor, **changed)
        return Response(TermsSerializer(terms).data)


class ActivityView(ScopedView):
    """When people last used the product; client rules ask for it."""

    permission_classes = [has(Permission.REPORT_ACTIVITY)]

    @extend_schema(request=UseSerializer(many=True), responses={200: NotedSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Note up to 5000 uses. The latest of a person counts; once an hour or a day is enough."""
        organization = by_public_id(Organization.objects.all(), public_id)
        body = serializers.ListField(child=UseSerializer(), allow_empty=False, max_length=5000).run_validation(
            request.data
        )
        uses = [activity.Use(**one) for one in body]
        self.touches(organization.pk)
        return Response(NotedSerializer(activity.note(organization, uses, now=self.now, by=self.actor)).data)
