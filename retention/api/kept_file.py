"""REST: what of a client's file has been kept long enough."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import by_public_id
from accounts.api.views import ScopedView
from accounts.models import Organization
from accounts.rules.permissions import Permission
from retention.operations import endings


class KeptFileSerializer(serializers.Serializer[Any]):
    tables = serializers.DictField(child=serializers.IntegerField(), help_text="How many rows of which table go now.")


class KeptFileView(ScopedView):
    """What was kept on a basis whose period is over."""

    permission_classes = [has(Permission.VIEW_DELETION_REQUEST)]

    @extend_schema(operation_id="organization_kept_file_retrieve", responses={200: KeptFileSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """What the next sweep lets go of: numbers by table. Nothing is changed. 409 `file_kept`."""
        organization = by_public_id(Organization.objects.all(), public_id)
        return Response({"tables": endings.preview(organization, now=self.now)})
