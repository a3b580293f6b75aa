"""The admin of erasure runs, their journal, and what the verifier saw; one that found residue is sent again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act
from accounts.admin.in_words import Way
from accounts.rules.permissions import Permission
from retention import explain
from retention.admin.forms import AcceptedHitForm, RateForm
from retention.admin.readable import Readable
from retention.enums import AcceptanceGround, RunPhase, StepStatus
from retention.models import ErasureRun, ErasureStep, RequestSubject, Verification
from retention.operations import acceptance, others_content, outside, run_control, verification
from retention.querysets import RESTING


@admin.register(ErasureRun)
class ErasureRunAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("identifiers_key_version", "lease")
    list_display = ("__str__", "organization", "phase", "planned_at", "keys_destroyed", "erased_at", "failures")
    list_filter = ("phase", ("paused_at", admin.EmptyFieldListFilter), ("leased_until", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "request")
    change_form_outer_after_template = "admin/erasure_journal.html"

    actions_detail = ("pause", "resume", "slow_down", "retry_stores", "erase_again", "accept_hit", "check_again")

    @act(
        _("Pause"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.paused_at is None and run.phase not in RESTING,
        done=ngettext_lazy("Paused %(count)d run.", "Paused %(count)d runs.", "count"),
        explanation=_("The run stops at its next commit. What is erased stays erased."),
        icon="pause",
    )
    def pause(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        run_control.pause(run, now=now, by=by)

    @act(
        _("Resume"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.paused_at is not None,
        done=ngettext_lazy("Resumed %(count)d run.", "Resumed %(count)d runs.", "count"),
        icon="play_arrow",
    )
    def resume(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        run_control.resume(run, now=now, by=by)

    @act(
        _("Set the rate"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.phase not in RESTING,
        form=RateForm,
        done=ngettext_lazy("Set the rate of %(count)d run.", "Set the rate of %(count)d runs.", "count"),
        icon="speed",
    )
    def slow_down(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        run_control.slow_down(run, rate=data["rate"], now=now, by=by)

    @act(
        _("Try the stores again"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.steps.filter(status=StepStatus.FAILED).exists(),
        done=ngettext_lazy("Sent %(count)d run again.", "Sent %(count)d runs again.", "count"),
        explanation=_("For when the cause is mended: the stores that were given up go on from where each stood."),
        icon="restart_alt",
    )
    def retry_stores(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        run_control.retry_stores(run, now=now, by=by)

    @act(
        _("Erase and verify again"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.phase == RunPhase.RESIDUE_FOUND,
        done=ngettext_lazy("Sent %(count)d run again.", "Sent %(count)d runs again.", "count"),
        explanation=_(
            "For when the cause of the residue is mended: all stores are emptied and everything is searched. Not where "
            "the organization is a client again: there search again, or accept what was found."
        ),
        sensitive=True,
        icon="replay",
    )
    def erase_again(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        run_control.erase_again(run, now=now, by=by)

    @act(
        _("Accept a hit"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.phase == RunPhase.RESIDUE_FOUND,
        form=AcceptedHitForm,
        done=ngettext_lazy("Accepted a hit of %(count)d run.", "Accepted a hit of %(count)d runs.", "count"),
        explanation=_(
            "What was found there stays, and the certificate says so. Not for whoever asked for the erasure, decided "
            "or approved it. When nothing is left open, everything is searched once more."
        ),
        sensitive=True,
        icon="fact_check",
    )
    def accept_hit(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        ground = AcceptanceGround(data["ground"])
        acceptance.accept(
            run, place=data["place"], kind=data["kind"], ground=ground, reason=data["reason"], now=now, by=by
        )

    @act(
        _("Search again"),
        Permission.APPROVE_ERASURE,
        when=lambda run: run.phase in (RunPhase.CERTIFIED, RunPhase.COMPLETE, RunPhase.RESIDUE_FOUND),
        done=ngettext_lazy("%(count)d run will be searched again.", "%(count)d runs will be searched again.", "count"),
        explanation=_(
            "With the next sweep everything is searched again, beside the checks that are planned. Nothing is erased: "
            "residue that was found is mended by hand before."
        ),
        icon="search",
    )
    def check_again(self, run: ErasureRun, *, data: dict[str, Any], now: datetime, by: str) -> None:
        verification.ask_again([run], now=now, by=by)

    def explained(self, request: HttpRequest, obj: ErasureRun) -> dict[str, Any]:
        steps = list(obj.steps.order_by("position"))
        kept = [explain.kept_because(found) for found in map(others_content.kept_of, steps) if found]
        off, by_hand = outside.switched_off(steps), outside.by_hand()
        return {
            "steps": [(step, off.get(step.store), step.store in by_hand) for step in steps],
            "checks": list(obj.verifications.order_by("-pk")[:10]),
            "others_kept": kept,
        }


@admin.register(RequestSubject)
class RequestSubjectAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("correction_key",)
    list_display = ("__str__", "organization", "request", "added_at", "fenced_at", "let_go_at")
    list_filter = (("fenced_at", admin.EmptyFieldListFilter), ("let_go_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "request__public_id", "organization__name")
    list_select_related = ("organization", "request")


@admin.register(ErasureStep)
class ErasureStepAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("listed",)
    list_display = (
        "store",
        "organization",
        "run",
        "status",
        "found",
        "erased",
        "failures",
        "last_error",
        "finished_at",
    )
    list_filter = ("status", "store")
    search_fields = ("public_id", "run__public_id", "organization__name")
    list_select_related = ("organization", "run")

    def in_words(self, field: Any) -> Way | None:
        if field.name in ("found", "erased", "anonymised"):
            return lambda step, number: _("not counted") if step.by_hand else number
        return super().in_words(field)

    def name_actors(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        super().name_actors(request, rows)
        by_hand = outside.by_hand()
        for step in rows:
            step.by_hand = step.store in by_hand


@admin.register(Verification)
class VerificationAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    list_display = ("__str__", "organization", "run", "performed_at", "passed")
    list_filter = ("passed",)
    search_fields = ("public_id", "run__public_id", "organization__name")
    list_select_related = ("organization", "run")
