"""Arithmetic of local days: months that clamp, and the bounds within which every rule can still answer."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules.errors import InvalidInput

# A year is kept free at both ends of the calendar, so that an exclusive end, a local midnight in UTC and a move to the
# next working day exist for every day that a rule returns.
EARLIEST = date(2, 1, 1)
LATEST = date(9998, 12, 31)

ONE_DAY = timedelta(days=1)
_MONTHS_OF = {NoticeEndOf.MONTH: 1, NoticeEndOf.QUARTER: 3}


def check_day(day: date, *, field: str = "date") -> date:
    """Return ``day``.

    :raises InvalidInput: it is outside ``EARLIEST`` to ``LATEST`` (code ``out_of_calendar``).
    """
    if not EARLIEST <= day <= LATEST:
        raise _out_of_calendar(field)
    return day


def add_months(day: date, months: int) -> date:
    """Return the same day number ``months`` later, else the last day of that month (clamped).

    :raises InvalidInput: the result is outside the calendar.
    """
    return shift(day, months, NoticeUnit.MONTHS)


def shift(day: date, count: int, unit: NoticeUnit) -> date:
    """Return the day ``count`` days, weeks or months after ``day`` (before, if negative); months clamp.

    :raises InvalidInput: the result is outside the calendar.
    """
    try:
        if unit is NoticeUnit.MONTHS:
            found = day + relativedelta(months=count)
        else:
            found = day + timedelta(days=count * (7 if unit is NoticeUnit.WEEKS else 1))
    except (ValueError, OverflowError) as error:
        raise _out_of_calendar("date") from error
    return check_day(found)


def end_containing(day: date, end_of: NoticeEndOf) -> date:
    """Return the last day of the calendar month or quarter that contains ``day``."""
    length = _MONTHS_OF[end_of]
    month = (day.month - 1) // length * length + length
    return day + relativedelta(month=month, day=31)


def last_end_until(day: date, end_of: NoticeEndOf) -> date:
    """Return the latest last day of a calendar month or quarter that is not after ``day``.

    :raises InvalidInput: it is outside the calendar.
    """
    found = end_containing(day, end_of)
    return found if found == day else check_day(end_containing(add_months(day, -_MONTHS_OF[end_of]), end_of))


def _out_of_calendar(field: str) -> InvalidInput:
    bounds = {"earliest": EARLIEST, "latest": LATEST}
    return InvalidInput(field, "out_of_calendar", "not between %(earliest)s and %(latest)s", bounds)
