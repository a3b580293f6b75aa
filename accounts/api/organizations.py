"""REST: organizations."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.models import Organization
from accounts.operations import organizations
from accounts.rules.permissions import Permission


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = [
            "public_id",
            "name",
            "country",
            "time_zone",
            "language",
            "legal_category",
            "registration_number",
            "created_at",
            "closed_at",
            "content_erased_at",
        ]
        read_only_fields = fields


class NewOrganizationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    country = serializers.CharField(max_length=2, help_text="ISO 3166, two capital letters.")
    time_zone = serializers.CharField(max_length=64, help_text="IANA, such as Europe/Paris.")
    language = serializers.CharField(max_length=2, default="en")
    legal_category = serializers.CharField(max_length=32, default="company")
    registration_number = serializers.CharField(max_length=40)


class OrganizationChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    language = serializers.CharField(max_length=2, required=False)
    legal_category = serializers.CharField(max_length=32, required=False)


class OrganizationResource(Resource):
    """Client organizations."""

    queryset = Organization.objects.order_by("pk")
    serializer_class = OrganizationSerializer
    rights = {
        "list": Permission.VIEW_ORGANIZATION,
        "retrieve": Permission.VIEW_ORGANIZATION,
        "create": Permission.CHANGE_ORGANIZATION,
        "partial_update": Permission.CHANGE_ORGANIZATION,
    }

    @extend_schema(request=NewOrganizationSerializer, responses={201: OrganizationSerializer})
    def create(self, request: Request) -> Response:
        """Register a client. Country and registration number are its identity: 409 if they are taken."""
        values = self.given(NewOrganizationSerializer, request)
        return self.told(organizations.create(now=self.now, by=self.actor, **values), status=201)

    @extend_schema(request=OrganizationChangeSerializer, responses={200: OrganizationSerializer})
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what is not its identity. The same values again change nothing."""
        values = self.given(OrganizationChangeSerializer, request)
        return self.told(organizations.change(self.get_object(), now=self.now, by=self.actor, **values))
