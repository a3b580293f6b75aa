"""The admin of exports: looked at and fetched."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.admin.acting import actor_of
from accounts.errors import Refused
from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import worded
from retention.admin.readable import Readable
from retention.models import Export
from retention.operations import exports, old_exports


@admin.register(Export)
class ExportAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("key_version", "counts_from")
    extra_fields = ("kept_until", "kept_now")
    list_display = ("__str__", "organization", "made_at", "size", "first_fetched_at")
    list_filter = (("first_fetched_at", admin.EmptyFieldListFilter),)
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request")
    actions_detail = ("download",)

    @admin.display(description=_("Destroyed from"))
    def kept_until(self, export: Export) -> str:
        """Say from when it goes; a hold, an open request, a switch or the retrieval period keeps it longer."""
        return formats.date_format(timezone.localtime(old_exports.ends_at(export)), "DATETIME_FORMAT")

    @admin.display(description=_("Kept by"))
    def kept_now(self, export: Export) -> str:
        """Say what keeps it now, though it may be old enough."""
        return " · ".join(str(one.label) for one in old_exports.kept_by(export, at=clock.instant()))

    @action(
        description=_("Download"), url_path="download", permissions=[Permission.VIEW_CONTENT.value], icon="download"
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Send the ZIP in pieces. Key and file are opened here, in the scope; the fetch is recorded before."""
        export = self.object_or_404(request, object_id)
        try:
            pieces = exports.stream(export, now=clock.instant(), by=actor_of(request))
        except Refused as error:
            messages.error(request, worded(error.message))
            return HttpResponseRedirect(self.detail_url(export))
        headers = {
            "Content-Disposition": f'attachment; filename="export-{export.public_id}.zip"',
            "Content-Length": str(export.size),
        }
        return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)
