"""The admin of restores: which were noticed, what was replayed, and the report of what has to be entered again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import LostMessage, SentRecord
from accounts.rules.permissions import Permission
from retention.admin.ledger import LedgerAdmin
from retention.admin.readable import Readable
from retention.models import LedgerHead, LedgerPulse, Restore
from retention.operations import restore_texts


@admin.register(Restore)
class RestoreAdmin(Readable):
    viewing = Permission.VIEW_OPERATION
    hidden = ("replayed", "report")
    list_display = ("noticed_at", "kind", "known_until", "finished_at", "noticed_by")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id",)
    change_form_outer_before_template = "admin/restore_report.html"

    def explained(self, request: HttpRequest, obj: Restore) -> dict[str, Any]:
        return restore_texts.shown(obj)


@admin.register(SentRecord)
class SentRecordAdmin(LedgerAdmin):
    """What was sent, as digests: kept beside the ledger, so that a restore sends nothing twice."""

    list_display = ("topic", "kind", "message", "sent_at")
    list_filter = ("kind",)
    search_fields = ("topic", "message")


@admin.register(LostMessage)
class LostMessageAdmin(Readable):
    """What was sent and a restore has lost: who was told is not told the same again."""

    viewing = Permission.VIEW_OPERATION
    list_display = ("topic", "message", "mails", "sent_at", "lost_at", "repeated_by")
    list_filter = (("repeated_by", admin.EmptyFieldListFilter),)
    search_fields = ("topic", "message")


@admin.register(LedgerHead)
class LedgerHeadAdmin(Readable):
    """What the main database remembers of the ledger: one row."""

    viewing = Permission.VIEW_OPERATION
    list_display = ("position", "digest", "pulse", "beaten_at")
    search_fields = ("digest",)


@admin.register(LedgerPulse)
class LedgerPulseAdmin(LedgerAdmin):
    """How often the ledger has counted: one row."""

    list_display = ("number", "beaten_at")
    search_fields = ("number__exact",)
