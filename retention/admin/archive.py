"""The admin of aggregate archives, and of the client's decisions about them."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.rules.permissions import Permission
from retention.admin.json import pretty
from retention.admin.readable import Readable
from retention.models import AggregateArchive, ArchiveAuthorization


@admin.register(ArchiveAuthorization)
class ArchiveAuthorizationAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    list_display = ("__str__", "organization", "granted", "decided_by", "decided_at")
    list_filter = ("granted",)
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "proof")


@admin.register(AggregateArchive)
class AggregateArchiveAdmin(Readable):
    """Only what may be published is stored, so all of it is shown."""

    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("table",)
    list_display = ("name", "organization", "request", "made_at")
    list_filter = ("name",)
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request")

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        return [*super().get_fields(request, obj), "content"]

    @display(description=_("content"))
    def content(self, archive: AggregateArchive) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(archive.table))
