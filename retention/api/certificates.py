"""REST: certificates with their addenda, as signed documents, and for people as PDF."""

from typing import Any

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.api.resources import Resource
from accounts.errors import InvalidInput
from accounts.rules import checks
from accounts.rules.permissions import Permission
from contracts.api.quotes import PdfRenderer
from retention import papers
from retention.models import Certificate, CertificateAddendum


class AddendumSerializer(serializers.ModelSerializer[CertificateAddendum]):
    class Meta:
        model = CertificateAddendum
        fields = ["public_id", "number", "kind", "issued_at", "signing_key", "document"]
        read_only_fields = fields


class ListedCertificateSerializer(serializers.ModelSerializer[Certificate]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = Certificate
        fields = ["public_id", "organization", "issued_at", "signing_key"]
        read_only_fields = fields


class CertificateSerializer(ListedCertificateSerializer):
    addenda = serializers.SerializerMethodField()

    class Meta(ListedCertificateSerializer.Meta):
        fields = [*ListedCertificateSerializer.Meta.fields, "document", "addenda"]
        read_only_fields = fields

    @extend_schema_field(AddendumSerializer(many=True))
    def get_addenda(self, certificate: Certificate) -> Any:
        """Return what was added since, in its order."""
        return AddendumSerializer(certificate.addenda.order_by("number"), many=True).data


class CertificateFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")

    class Meta:
        model = Certificate
        fields = ["organization"]


class CertificateResource(Resource):
    """Certificates of erasure. Each is provisional until its last addendum says that it is complete."""

    queryset = Certificate.objects.select_related("organization").order_by("pk")
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilter
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "paper": Permission.VIEW_DELETION_REQUEST,
    }

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ListedCertificateSerializer if self.action == "list" else CertificateSerializer

    @extend_schema(
        parameters=[OpenApiParameter("language", str, enum=papers.languages())],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        pagination_class=None,
        filterset_class=None,
        renderer_classes=[JSONRenderer, PdfRenderer],
    )
    def paper(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Answer the certificate for people, as its addenda say it last, in `language` (else 400) or the client's."""
        found = self.get_object()
        addenda = [one.document for one in found.addenda.order_by("number")]
        language = request.query_params.get("language", found.organization.language)
        if faults := checks.one_of("language", language, papers.languages()):
            raise InvalidInput(faults)
        return HttpResponse(
            papers.certificate(found.document, addenda, language=language),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="certificate-{found.public_id}.pdf"'},
        )
