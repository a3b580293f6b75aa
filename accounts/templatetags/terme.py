"""Filters of the templates: days and instants as announcements carry them, as dates that can be shown."""

from datetime import date, datetime, timedelta

from django import template

register = template.Library()


@register.filter
def day(value: str | date | None) -> date | None:
    """Return the date that an ISO text writes; nothing stays nothing. :raises ValueError: it is not a date."""
    if isinstance(value, str):
        return date.fromisoformat(value) if value else None
    return value


@register.filter
def last_day(value: str | date | None) -> date | None:
    """Return the last day of what ends before ``value``: ends are exclusive everywhere but on screen and paper.

    :raises ValueError: it is not a date.
    """
    first_after = day(value)
    return None if first_after is None else first_after - timedelta(days=1)


@register.filter
def instant(value: str | datetime | None) -> datetime | None:
    """Return the aware instant that an ISO text writes. :raises ValueError: it is not one, or has no offset."""
    found = datetime.fromisoformat(value) if isinstance(value, str) and value else value or None
    if isinstance(found, datetime) and found.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return found if isinstance(found, datetime) else None
