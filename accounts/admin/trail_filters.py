"""How the trail is searched in the admin: by what it is about, by whom, of which client, when. An index serves each."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter, TextFilter
from unfold.utils import parse_date_str

from accounts.models import AuditEvent, Organization

ACTORS = ("user:", "system", "token:", "client:")


def meant(term: str) -> Q:
    """Return what a word of a search means: an id, who did it, or how an event's name begins."""
    if (found := _id(term)) is not None:
        return Q(subject_id=found) | Q(public_id=found)
    if term.startswith(ACTORS):
        return Q(actor=term)
    return Q(name__startswith=term)


def searched(events: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Keep the events that all words of a search mean."""
    for term in text.split():
        events = events.filter(meant(term))
    return events


class OfOrganization(TextFilter):
    """By client: how its name begins, or its public id. A client's members have one client only: their own."""

    title = _("client")
    parameter_name = "client"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = (self.value() or "").strip()
        if not text:
            return queryset
        found = _id(text)
        which = Q(name__istartswith=text) if found is None else Q(public_id=found)
        return queryset.filter(
            organization_id__in=list(Organization.objects.filter(which).values_list("pk", flat=True))
        )


class Period(RangeDateFilter):
    """By days (UTC), both included. A day that cannot be read finds nothing, rather than everything."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup, days in (("from", "gte", 0), ("to", "lt", 1)):
            text = self.used_parameters.get(f"{self.parameter_name}_{end}")
            if not text:
                continue
            day = parse_date_str(str(text))
            if day is None:
                return queryset.none()
            try:
                bound = datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=days)
            except OverflowError:
                continue  # the last day that there is
            queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": bound})
        return queryset


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
