"""The admin of the vault: how much is there. Nobody at the vendor reads content, and only ciphertext is stored."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.paginator import InfinitePaginator

from accounts.admin.forms import OperationForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import colon
from retention import naming
from retention.admin.readable import Readable
from retention.models import ContextItem, Conversation, Diagnostic, Message, Vault
from retention.operations import endings, vault

KINDS = (Conversation, Message, ContextItem, Diagnostic)


@admin.register(Vault)
class VaultAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    list_display = ("organization", "state", "changed_at")
    list_filter = ("state",)
    search_fields = ("organization__name",)
    list_select_related = ("organization",)
    change_form_outer_after_template = "admin/vault_counts.html"
    actions_detail = ("look_at_file",)

    def explained(self, request: HttpRequest, obj: Vault) -> dict[str, Any]:
        rows = ((kind, kind._default_manager.filter(organization=obj.organization_id).count()) for kind in KINDS)
        return {"counts": [(kind._meta.verbose_name_plural, count) for kind, count in rows]}

    @action(
        description=_("What has been kept long enough"),
        url_path="look-at-file",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="hourglass_bottom",
    )
    def look_at_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found: Vault = self.object_or_404(request, object_id)

        def perform(_data: dict[str, Any]) -> str:
            counts = endings.preview(found.organization, now=clock.instant())
            told = ", ".join(f"{colon(naming.table(table))} {count}" for table, count in counts.items())
            messages.info(request, told or _("Nothing: every period runs."))
            return self.detail_url(found)

        return self.operation_page(
            request,
            title=_("What has been kept long enough"),
            explanation=_("What would go with the next sweep is counted. Nothing is changed."),
            form=OperationForm,
            perform=perform,
            touched=[found],
            back=self.detail_url(found),
        )


class ContentAdmin(Readable):
    """Rows without what they hold and whose they are, for those who operate the service. Paged without counting."""

    viewing = Permission.VIEW_OPERATION
    hidden = ("sealed", "key_id", "subject", "external_id", "conversation")
    list_display: Sequence[str] = ("__str__", "organization", "occurred_at", "recorded_at")
    search_fields = ("public_id__exact", "organization__name")
    list_filter: Sequence[str] = ()
    list_select_related = ("organization",)
    show_full_result_count = False
    paginator = InfinitePaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return vault.usable(super().get_queryset(request))


@admin.register(Conversation, ContextItem)
class PlainContentAdmin(ContentAdmin):
    pass


@admin.register(Message)
class MessageAdmin(ContentAdmin):
    list_display = ("__str__", "organization", "role", "occurred_at", "recorded_at")
    list_filter = ("role",)


@admin.register(Diagnostic)
class DiagnosticAdmin(ContentAdmin):
    list_display = ("__str__", "organization", "type", "occurred_at", "recorded_at")
