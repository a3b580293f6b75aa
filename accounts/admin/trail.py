"""The admin of the trail: what happened, what must be told, what was answered, where time travel stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.paginator import InfinitePaginator

from accounts.admin.acting import act, works_for_vendor
from accounts.admin.base import ReadOnly, may
from accounts.admin.trail_filters import OfOrganization, Period, searched
from accounts.models import (
    AuditDetail,
    AuditEvent,
    AuditSeal,
    IdempotencyKey,
    OutboxMessage,
    SimulatedClock,
    TrailHead,
)
from accounts.operations import sent, standing
from accounts.rules.permissions import Permission


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """The trail only grows: it is paged without counting it."""

    viewing = Permission.VIEW_TRAIL
    hidden = ("written_in",)
    list_display = ("name", "subject_type", "subject_id", "actor", "occurred_at")
    # No list of all values that a column has: that would read the whole trail.
    list_filter = (OfOrganization, ("occurred_at", Period), "vendor_only")
    search_fields = ("name", "actor", "subject_id", "public_id")
    search_help_text = _("The beginning of an event's name, an actor (user:…, system), or a public id")
    show_full_result_count = False
    paginator = InfinitePaginator
    change_form_outer_after_template = "admin/sealed_event.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        return searched(queryset, search_term), False

    def explained(self, request: HttpRequest, obj: AuditEvent) -> dict[str, Any]:
        return {
            "seal": AuditSeal.objects.filter(event_id=obj.pk).first(),
            "detail": AuditDetail.objects.filter(event_id=obj.pk).first(),
            "had_detail": bool(obj.detail_digest),
            "whole_chain": works_for_vendor(request),
        }


@admin.register(AuditDetail)
class AuditDetailAdmin(ReadOnly):
    """The erasable part of events. The salt is not shown."""

    viewing = Permission.VIEW_TRAIL
    list_display = ("event_id", "organization_id")
    search_fields = ("event_id__exact",)
    show_full_result_count = False
    paginator = InfinitePaginator

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        return ["event_id", "organization_id", "text", "vendor_only"]


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnly):
    """The chain, link by link, and where it stands. A client is shown its own chain, not its place in the whole one."""

    viewing = Permission.VIEW_TRAIL
    search_fields = ("event_id__exact",)
    show_full_result_count = False
    paginator = InfinitePaginator
    vendors = ("position", "digest", "cluster", "before")
    list_before_template = "admin/trail_standing.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = {"standing": standing.of_scope(), "most": standing.MOST}
        if may(request, Permission.VIEW_OPERATION):
            found["last_head"] = TrailHead.objects.order_by("-position").first()
            found["tells_heads"] = True
        return super().changelist_view(request, {**found, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        own = ("organization_position", "event_id", "organization_digest", "sealed_at")
        return ("position", "organization_id", *own) if works_for_vendor(request) else own

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        fields = ["position", *super().get_fields(request)]
        return [name for name in fields if works_for_vendor(request) or name not in self.vendors]


@admin.register(TrailHead)
class TrailHeadAdmin(ReadOnly):
    """Heads that were carried away. They name every client, so they are the vendor's."""

    viewing = Permission.VIEW_OPERATION
    list_display = ("position", "digest", "signing_key", "exported_at")
    search_fields = ("position__exact", "digest", "public_id")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnly):
    """Announcements. Those that are held since a restore wait for people: keys are managed by whom that is left to."""

    viewing = Permission.VIEW_OPERATION
    list_display = (
        "topic",
        "organization",
        "occurred_at",
        "attempts",
        "delivered_at",
        "failed_at",
        "held_at",
        "last_error",
    )
    list_filter = (
        ("delivered_at", admin.EmptyFieldListFilter),
        ("failed_at", admin.EmptyFieldListFilter),
        ("held_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("topic", "subject_id", "public_id", "organization__name")
    list_select_related = ("organization",)
    show_full_result_count = False
    actions_detail = ("release", "drop")

    @act(
        _("Send"),
        Permission.MANAGE_KEYS,
        when=lambda message: message.held_at is not None,
        many=True,
        done=ngettext_lazy("%(count)d message is sent.", "%(count)d messages are sent.", "count"),
        explanation=_(
            "Something like it was sent before a restore, and is lost. It goes to everybody whom it concerns."
        ),
        icon="send",
    )
    def release(self, message: OutboxMessage, *, data: dict[str, Any], now: datetime, by: str) -> None:
        sent.release(message, now=now, by=by)

    @act(
        _("Drop"),
        Permission.MANAGE_KEYS,
        when=lambda message: message.held_at is not None,
        many=True,
        done=ngettext_lazy("%(count)d message is dropped.", "%(count)d messages are dropped.", "count"),
        explanation=_("It was sent before the restore: nobody is told again."),
        icon="block",
    )
    def drop(self, message: OutboxMessage, *, data: dict[str, Any], now: datetime, by: str) -> None:
        sent.drop(message, now=now, by=by)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly):
    """Answered calls. The answers themselves are not shown: they may name people."""

    viewing = Permission.VIEW_OPERATION
    hidden = ("request_digest", "response_body")
    list_display = ("actor", "organization", "response_status", "created_at", "expires_at")
    list_filter = ("response_status",)
    search_fields = ("actor", "organization__name")
    list_select_related = ("organization",)


@admin.register(SimulatedClock)
class SimulatedClockAdmin(ReadOnly):
    viewing = Permission.VIEW_OPERATION
    list_display = ("stands_at",)
    ordering = ("pk",)
