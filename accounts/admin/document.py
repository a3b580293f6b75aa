"""The admin of stored documents: looked at and fetched."""

from itertools import chain

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.admin.base import ReadOnly
from accounts.crypto import DecryptionFailed, UnknownKeyVersion
from accounts.models import Document
from accounts.operations import documents
from accounts.rules.permissions import Permission


@admin.register(Document)
class DocumentAdmin(ReadOnly):
    viewing = Permission.VIEW_DOCUMENT
    hidden = ("key_version",)
    list_display = ("filename", "organization", "kind", "size", "created_at")
    list_filter = ("kind",)
    search_fields = ("filename", "public_id", "sha256", "organization__name")
    list_select_related = ("organization",)
    actions_detail = ("download",)

    @action(
        description=_("Download"), url_path="download", permissions=[Permission.VIEW_DOCUMENT.value], icon="download"
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Send the file in pieces. Its key and its first piece are read here, while the scope is open."""
        document = self.object_or_404(request, object_id)
        pieces = documents.read(document)
        try:
            first = next(pieces, b"")
        except (FileNotFoundError, DecryptionFailed, UnknownKeyVersion):
            messages.error(request, _("The file is not there any more, or it was changed."))
            return HttpResponseRedirect(self.detail_url(document))
        headers = {
            "Content-Disposition": content_disposition_header(True, document.filename) or "attachment",
            "Content-Length": str(document.size),
        }
        return StreamingHttpResponse(chain([first], pieces), content_type="application/octet-stream", headers=headers)
