"""A calendar feed as a file of RFC 5545: dated all-day events with their why, in the language of the feed."""

import re
from collections.abc import Iterable
from datetime import timedelta

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _

from contracts import labels
from contracts.enums import CalendarFeedKind
from contracts.explain import reasons
from contracts.models import CalendarEvent, CalendarFeed

PRODID = "-//Terme//Contract calendar 1//EN"
REFRESH = timedelta(hours=6)
ONE_DAY = timedelta(days=1)
# What a text of RFC 5545 may not hold; line breaks are escaped.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def written(feed: CalendarFeed, events: Iterable[CalendarEvent]) -> bytes:
    """Return the calendar. Its bytes depend on what is told and on nothing else, so the same is the same."""
    with translation.override(feed.language):
        calendar = icalendar.Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("name", _text(_title(feed)))
        calendar.add("x-wr-calname", _text(_title(feed)))
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", _text("PT6H"))
        for event in events:
            calendar.add_component(_event(feed, event))
        found: bytes = calendar.to_ical()
        return found


def _title(feed: CalendarFeed) -> str:
    if feed.organization is not None:
        return _("Contracts of %(organization)s") % {"organization": feed.organization.name}
    if feed.kind == CalendarFeedKind.OWNER.value:
        return _("My contracts")
    return _("All contracts")


def _event(feed: CalendarFeed, event: CalendarEvent) -> icalendar.Event:
    summary = _summary(feed, event)
    found = icalendar.Event()
    found.add("uid", f"{event.public_id}@terme")
    found.add("dtstamp", event.changed_at)
    found.add("last-modified", event.changed_at)
    found.add("sequence", event.sequence)
    found.add("dtstart", event.on)
    found.add("dtend", event.on + ONE_DAY)
    found.add("summary", _text(summary))
    found.add("description", _text("\n".join(_description(event))))
    found.add("url", settings.PUBLIC_URL + reverse("admin:contracts_contract_change", args=[event.contract_id]))
    found.add("transp", "TRANSPARENT")
    if event.cancelled_at is not None:
        found.add("status", "CANCELLED")
        return found
    found.add("status", "CONFIRMED")
    for days in event.alarms:
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _text(summary))
        alarm.add("trigger", timedelta(days=-days))
        found.add_component(alarm)
    return found


def _summary(feed: CalendarFeed, event: CalendarEvent) -> str:
    values = {
        "kind": str(labels.CALENDAR_EVENT_KIND[event.kind]),
        "reference": event.contract.reference,
        "client": event.organization.name,
    }
    if feed.organization_id is not None:
        return _("%(kind)s: %(reference)s") % values
    return _("%(kind)s: %(reference)s, %(client)s") % values


def _description(event: CalendarEvent) -> list[str]:
    found = [f"{event.organization.name} · {event.contract.reference}"]
    if event.act_by != event.on:
        found.append(_("Act by %(day)s.") % {"day": formats.date_format(event.act_by, "DATE_FORMAT")})
    return [*found, *reasons(event.why)]


def _text(value: str) -> icalendar.vText:
    return icalendar.vText(_CONTROL.sub("", value))
