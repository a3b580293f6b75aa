"""Days as people read them: the last one instead of the first one after."""

from datetime import date

from django.utils import formats

from contracts.rules.days import ONE_DAY


def last_day(ends_on: date | None) -> date | None:
    """Return the last day of what ends on an exclusive date; ``None`` where it has no end."""
    return None if ends_on is None else ends_on - ONE_DAY


def said(day: date | None) -> str:
    """Write a day in the reader's form; nothing where there is none."""
    return "" if day is None else formats.date_format(day, "DATE_FORMAT")
