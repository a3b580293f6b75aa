"""The admin of searches of others' content: how far they are, what they found, and the client's decision on it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act
from accounts.admin.base import may
from accounts.rules.permissions import Permission
from retention.admin.forms import AuthorisationForm
from retention.admin.readable import Readable
from retention.enums import ScanState
from retention.models import MentionScan
from retention.operations import instructions, mentions

SHOWN = 200


@admin.register(MentionScan)
class MentionScanAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("rows", "checkpoint", "store")
    list_display = ("__str__", "organization", "request", "state", "examined", "named_in", "taken_at")
    list_filter = ("state", ("taken_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request", "proof")
    actions_detail = ("erase_too",)
    change_form_outer_after_template = "admin/mention_scan.html"

    @display(description=_("named in"))
    def named_in(self, scan: MentionScan) -> int:
        return scan.number

    def described(self, obj: MentionScan) -> str:
        return f"{obj.organization} · {obj.get_state_display()}"

    def explained(self, request: HttpRequest, obj: MentionScan) -> dict[str, Any]:
        """Show what was found to whoever may see content: it says who wrote what, by the product's ids."""
        return {"named_rows": mentions.named_rows(obj)[:SHOWN] if may(request, Permission.VIEW_CONTENT) else []}

    @act(
        _("Erase what was found, too"),
        Permission.REQUEST_DELETION,
        when=lambda scan: scan.state == ScanState.DONE and scan.number > 0 and scan.taken_at is None,
        form=AuthorisationForm,
        done=ngettext_lazy("Recorded %(count)d decision.", "Recorded %(count)d decisions.", "count"),
        explanation=_(
            "What others wrote, and what names one of these people, is erased with them. What a hold covers stays."
        ),
        sensitive=True,
        icon="playlist_remove",
    )
    def erase_too(self, scan: MentionScan, *, data: dict[str, Any], now: datetime, by: str) -> None:
        kept = instructions.keep(scan.organization, data["proof"], sender=data["sender"], now=now, by=by)
        mentions.take(scan, now=now, by=by, for_client=data["for_client"], proof=kept)
