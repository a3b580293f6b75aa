"""The REST endpoints of exports: make one, see it, fetch its ZIP."""

from datetime import datetime
from uuid import UUID

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.api.permissions import has
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization
from accounts.rules.permissions import Permission
from retention.enums import ExportKept, RequestKind
from retention.models import DeletionRequest, Export
from retention.operations import carrying_out, exports, old_exports


class NewExportSerializer(serializers.Serializer[object]):
    request = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The deletion request that this export answers."
    )


class ExportSerializer(serializers.ModelSerializer[Export]):
    organization = serializers.UUIDField(source="organization.public_id")
    request = serializers.UUIDField(source="request.public_id", allow_null=True, default=None)
    rows = serializers.DictField(child=serializers.IntegerField(), help_text="How many rows of each category.")
    size = serializers.IntegerField(help_text="Of the ZIP, in bytes.")
    sha256 = serializers.CharField(help_text="Of the ZIP, in hexadecimal.")
    ends_at = serializers.SerializerMethodField(
        help_text="From when it is destroyed, by age or by the client's retention rules as they stand; later where a "
        "legal hold, an open request, a switch or the retrieval period keeps it."
    )
    kept_by = serializers.SerializerMethodField(help_text="What keeps it now, also after `ends_at`, as codes.")

    class Meta:
        model = Export
        fields = [
            "public_id",
            "organization",
            "request",
            "made_at",
            "rows",
            "size",
            "sha256",
            "first_fetched_at",
            "ends_at",
            "kept_by",
        ]
        read_only_fields = fields

    def get_ends_at(self, export: Export) -> datetime:
        return old_exports.ends_at(export)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=ExportKept.choices)))
    def get_kept_by(self, export: Export) -> list[str]:
        return [one.value for one in old_exports.kept_by(export, at=self.context["view"].now)]


class ZipRenderer(JSONRenderer):
    """Lets a caller ask for ``application/zip``. The ZIP itself is streamed; what is rendered is a problem's JSON."""

    media_type = "application/zip"
    format = "zip"


class OrganizationExportsView(ScopedView):
    """Exports of one organization."""

    permission_classes = [has(Permission.EXPORT_CONTENT)]

    @extend_schema(
        operation_id="organization_exports_create", request=NewExportSerializer, responses={201: ExportSerializer}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make an export of the organization's whole content. With a deletion request, its export is then done.

        With a request for an export of some people: of these, and the request is done.
        """
        organization = get_object_or_404(Organization, public_id=public_id)
        wanted = self.given(NewExportSerializer, request)["request"]
        with tenancy.tenant(organization.pk):
            answered = None
            if wanted is not None:
                answered = DeletionRequest.objects.filter(organization=organization, public_id=wanted).first()
                if answered is None:
                    message = "This organization has no such deletion request."
                    raise InvalidInput([FieldError("request", "unknown_request", message)])
            if answered is not None and answered.kind == RequestKind.EXPORT:
                export = carrying_out.export_people(answered, now=self.now, by=self.actor)
            else:
                export = exports.make(organization, request=answered, now=self.now, by=self.actor)
        self.touches(organization.pk)
        return Response(ExportSerializer(export, context={"view": self}).data, status=201)


class ExportView(ScopedView):
    """One export."""

    permission_classes = [has(Permission.EXPORT_CONTENT)]

    @extend_schema(operation_id="exports_retrieve", responses={200: ExportSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say what the export holds, when it was made and when it was first fetched."""
        return Response(ExportSerializer(_export(public_id), context={"view": self}).data)


class ExportDownloadView(ScopedView):
    """The ZIP of one export."""

    permission_classes = [has(Permission.VIEW_CONTENT)]
    renderer_classes = [JSONRenderer, ZipRenderer]

    @extend_schema(operation_id="exports_download", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: UUID) -> StreamingHttpResponse:
        """Stream the ZIP. The fetch is recorded before the first byte; 409 `export_file_missing` if it is gone."""
        export = _export(public_id)
        # The key and the file are opened here, in the scope; the bytes leave after its transaction has ended.
        pieces = exports.stream(export, now=self.now, by=self.actor)
        return StreamingHttpResponse(
            pieces,
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="export-{export.public_id}.zip"',
                "Content-Length": str(export.size),
            },
        )


def _export(public_id: UUID) -> Export:
    return get_object_or_404(Export.objects.select_related("organization", "request"), public_id=public_id)
