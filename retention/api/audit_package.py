"""REST: the package for auditors. The vendor's only."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.api.permissions import has
from accounts.api.resources import the_organization
from accounts.api.views import ScopedView
from accounts.rules.permissions import Permission
from retention.api.exports import ZipRenderer
from retention.operations.audit_package import package
from retention.rules.audit_package import Span


class AuditPackageQuery(serializers.Serializer[Any]):
    until = serializers.DateField(help_text="The first day no longer in it (UTC).")
    organization = serializers.UUIDField(required=False, default=None, help_text="Only what is about this client.")

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(help_text="The first day (UTC).", source="begins_on")
        return {"from": first, **super().get_fields()}  # a word of Python's


class AuditPackageView(ScopedView):
    """The package for auditors."""

    permission_classes = [has(Permission.VIEW_TRAIL)]
    renderer_classes = [JSONRenderer, ZipRenderer]

    @extend_schema(
        operation_id="audit_package_retrieve",
        parameters=[AuditPackageQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Make the package of a period and stream it; that it was made is in the trail. 404 to a client's members."""
        if not self.caller.works_for_vendor:
            raise Http404
        asked = self.asked(AuditPackageQuery, request)
        organization = None if asked["organization"] is None else the_organization(asked["organization"])
        span = Span(asked["begins_on"], asked["until"])
        made = package.make(span, organization=organization, now=self.now, by=self.actor)
        return StreamingHttpResponse(
            made.pieces(),
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{made.filename}"',
                "Content-Length": str(made.size),
            },
        )
