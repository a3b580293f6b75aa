"""The admin of calendars: feeds made and revoked, their addresses shown once; the events looked at."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.models import Organization, User
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import CalendarFeedKind
from contracts.explain import reasons
from contracts.models import CalendarEvent, CalendarFeed
from contracts.operations import feeds


class FeedForm(OperationForm):
    """Whose contracts a calendar holds. A client is asked for the language only: it is its own."""

    kind = forms.ChoiceField(label=_("Kind"), choices=labels.CALENDAR_FEED_KIND)
    organization = forms.ModelChoiceField(
        label=_("Organization"), queryset=Organization.objects.order_by("name"), required=False
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(memberships__organization__isnull=True, is_active=True).distinct(),
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("The reader's")), *labels.CALENDAR_LANGUAGES], required=False
    )

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            for name in ("kind", "organization", "owner"):
                del self.fields[name]


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnly):
    viewing = Permission.MANAGE_FEEDS
    adding = Permission.MANAGE_FEEDS
    hidden = ("digest", "owner")
    extra_fields = ("owner_name",)
    list_display = (
        "prefix",
        "kind",
        "organization",
        "language",
        "created_at",
        "last_fetched_at",
        "revoked_at",
    )
    list_filter = ("kind", "language", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("prefix", "organization__name", "public_id")
    list_select_related = ("organization",)
    actions_detail = ("revoke",)

    @admin.display(description=_("owner"))
    def owner_name(self, feed: CalendarFeed) -> str:
        """Name whose contracts they are; a client sees none of the vendor's users."""
        return str(User.objects.filter(pk=feed.owner_id or 0).first() or "")

    def described(self, obj: CalendarFeed) -> str:
        return str(obj.organization or "")

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Make a feed, and show its address on the page that follows: nowhere else, and not again."""
        made: list[tuple[CalendarFeed, str]] = []

        def perform(data: dict[str, Any]) -> str:
            maker = request.user
            if not isinstance(maker, User):
                raise PermissionDenied
            organization = data.get("organization")
            if maker.organization_id is not None:
                organization = Organization.objects.get(pk=maker.organization_id)
            made.append(
                feeds.make(
                    kind=CalendarFeedKind(data.get("kind", CalendarFeedKind.ORGANIZATION.value)),
                    maker=maker,
                    organization=organization,
                    owner=data.get("owner"),
                    language=data["language"] or None,
                    now=clock.instant(),
                )
            )
            return self.detail_url(made[0][0])

        answer = self.operation_page(
            request, title=_("Make a calendar feed"), form=FeedForm, perform=perform, back=self.list_url()
        )
        if not made:
            return answer
        feed, token = made[0]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Calendar feed made"),
            "address": feeds.address_of(token),
            "next": self.detail_url(feed),
        }
        return TemplateResponse(request, "admin/feed_made.html", context)

    @act(
        _("Revoke"),
        Permission.MANAGE_FEEDS,
        when=lambda feed: feed.revoked_at is None,
        many=True,
        done=ngettext_lazy("Revoked %(count)d calendar feed.", "Revoked %(count)d calendar feeds.", "count"),
        explanation=_("The address answers no more. This cannot be undone; another feed can be made."),
        icon="link_off",
    )
    def revoke(self, feed: CalendarFeed, *, data: dict[str, Any], now: datetime, by: str) -> None:
        feeds.revoke(feed, now=now, by=by)


@admin.register(CalendarEvent)
class CalendarEventAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    hidden = ("why", "fingerprint")
    list_display = ("on", "kind", "contract", "organization", "act_by", "sequence", "cancelled_at")
    list_filter = ("kind", ("cancelled_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")
    change_form_outer_after_template = "admin/why.html"

    def explained(self, request: HttpRequest, obj: CalendarEvent) -> dict[str, Any]:
        return {"why_title": _("Why this day"), "reasons": reasons(obj.why)}
