"""Filters of the templates: days and instants as announcements carry them, as dates that can be shown."""

from datetime import date, datetime, timedelta

from django import template
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.http import int_to_base36

from accounts.models import User
from accounts.wording import colon

register = template.Library()
register.filter(colon)


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


@register.simple_tag
def reset_link(user: User) -> str:
    """Return the address that sets a new password for the user: once, and for ``PASSWORD_RESET_TIMEOUT`` seconds."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": int_to_base36(user.pk), "key": key})
    return f"{settings.PUBLIC_URL}{path}"
