"""The admin of certificates: looked at, and fetched with the key that checks them."""

import json

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from retention.admin.json import pretty
from retention.models import Certificate
from retention.operations import certificates


@admin.register(Certificate)
class CertificateAdmin(ReadOnly):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("document",)
    list_display = ("__str__", "organization", "run", "issued_at", "signing_key")
    list_filter = ("signing_key",)
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "run")
    actions_detail = ("download",)
    actions_list = ("public_key",)

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        return [*super().get_fields(request, None), "statement"]

    @display(description=_("document"))
    def statement(self, certificate: Certificate) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(certificate.document))

    @action(
        description=_("Download"),
        url_path="download",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="download",
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the signed document as it is."""
        certificate = self.object_or_404(request, object_id)
        name = f"certificate-{certificate.public_id}.json"
        return _file(json.dumps(certificate.document, indent=2, ensure_ascii=False), "application/json", name)

    @action(
        description=_("Public key"),
        url_path="public-key",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="key",
    )
    def public_key(self, request: HttpRequest) -> HttpResponse:
        """Send the public key with which anybody checks a certificate."""
        return _file(certificates.public_pem(), "application/x-pem-file", "terme-public-key.pem")


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        text, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
