"""The admin of erasure runs, their journal, and what the verifier saw; one that found residue is sent again."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from retention.enums import RunPhase
from retention.models import ErasureRun, ErasureStep, Verification
from retention.operations import runs


@admin.register(ErasureRun)
class ErasureRunAdmin(ReadOnly):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("identifiers_key_version", "lease")
    list_display = ("__str__", "organization", "phase", "planned_at", "keys_destroyed", "erased_at", "failures")
    list_filter = ("phase", ("leased_until", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request")
    change_form_outer_after_template = "admin/erasure_journal.html"

    actions_detail = ("erase_again",)

    @act(
        _("Erase and verify again"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.phase == RunPhase.RESIDUE_FOUND,
        done=ngettext_lazy("Sent %(count)d run again.", "Sent %(count)d runs again.", "count"),
        explanation=_(
            "For when the cause of the residue is mended: all stores are emptied and everything is searched."
        ),
        sensitive=True,
        icon="replay",
    )
    def erase_again(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        runs.erase_again(run, now=now, by=by)

    def explained(self, request: HttpRequest, obj: ErasureRun) -> dict[str, Any]:
        return {"steps": list(obj.steps.order_by("position")), "checks": list(obj.verifications.order_by("-pk")[:10])}


@admin.register(ErasureStep)
class ErasureStepAdmin(ReadOnly):
    viewing = Permission.VIEW_DELETION_REQUEST
    list_display = ("store", "organization", "run", "position", "status", "found", "erased", "finished_at")
    list_filter = ("status", "store")
    search_fields = ("public_id", "run__public_id", "organization__name")
    list_select_related = ("organization", "run")


@admin.register(Verification)
class VerificationAdmin(ReadOnly):
    viewing = Permission.VIEW_DELETION_REQUEST
    list_display = ("__str__", "organization", "run", "performed_at", "passed")
    list_filter = ("passed",)
    search_fields = ("public_id", "run__public_id", "organization__name")
    list_select_related = ("organization", "run")
