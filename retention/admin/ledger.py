"""The admin of the ledger database: which keys there are, and what was erased. Its own scope, rendered inside it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from retention import ledger
from retention.models import DataKey, ErasureEntry


class LedgerAdmin(ReadOnly):
    """Rows of the ledger, for those who may look at the whole vendor's operation: no client holds that permission."""

    viewing = Permission.VIEW_OPERATION

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        with ledger.vendor():
            return _rendered(super().changelist_view(request, extra_context))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        with ledger.vendor():
            return _rendered(super().changeform_view(request, object_id, form_url, extra_context))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        with ledger.vendor():
            return super().history_view(request, object_id, extra_context)


@admin.register(DataKey)
class DataKeyAdmin(LedgerAdmin):
    """Which keys there are. The wrapped keys themselves are bytes, so they are not shown."""

    hidden = ("wrapped",)
    list_display = ("id", "organization_ref", "subject_ref", "key_version", "created_at")
    list_filter = ("key_version",)
    search_fields = ("id", "organization_ref", "subject_ref")
    ordering = ("-created_at", "pk")


@admin.register(ErasureEntry)
class ErasureEntryAdmin(LedgerAdmin):
    hidden = ("others_refs",)
    list_display = ("run", "organization_ref", "keys_destroyed", "destroyed_at", "digest")
    list_filter = ("destroyed_at",)
    search_fields = ("run", "organization_ref", "digest")


def _rendered(response: Any) -> HttpResponse:
    """Render inside the scope: the list is read while the template runs."""
    render = getattr(response, "render", None)
    found: HttpResponse = render() if callable(render) else response
    return found
