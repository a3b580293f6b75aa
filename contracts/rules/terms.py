"""Terms: which days the n-th period of a contract covers, and the last day to give notice before it ends."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Term:
    """A half-open period of local days: ``ends_on`` is the first day no longer covered, ``None`` if indefinite."""

    number: int
    starts_on: date
    ends_on: date | None


def add_months(day: date, months: int) -> date:
    """Return the same day number ``months`` later, else the last day of that month (clamped)."""
    return day + relativedelta(months=months)


def term(number: int, *, anchor: date, first: int, renewal: int | None) -> Term:
    """Return term ``number`` (1 = the first); ``first`` and ``renewal`` are in months.

    Every boundary is counted from the anchor, never from the previous boundary, so a contract begun on 29 February
    or on a 31st returns to its own day. ``renewal=None`` means that the first term is followed by one of indefinite
    duration (Code civil 1214-1215).

    :raises ValueError: the number, the first term or the renewal term is under one, or an indefinite term would be
        followed by another.
    """
    if number < 1:
        raise ValueError("number: the first term is number 1")
    if first < 1:
        raise ValueError("first: a term lasts at least one month")
    if number == 1:
        return Term(1, anchor, add_months(anchor, first))
    if renewal is None:
        if number > 2:
            raise ValueError("number: nothing follows a term of indefinite duration")
        return Term(2, add_months(anchor, first), None)
    if renewal < 1:
        raise ValueError("renewal: a term lasts at least one month")
    starts_on = add_months(anchor, first + (number - 2) * renewal)
    return Term(number, starts_on, add_months(anchor, first + (number - 1) * renewal))


def last_notice_day(ends_on: date, *, notice_months: int) -> date:
    """Return the greatest day D for which ``D + notice_months`` (clamped) is not after the term's last day.

    ``ends_on`` is exclusive. It is not always the last day minus the notice: a term whose last day is 30 June with
    six months' notice may be denounced until 31 December (Cass. 3e civ., 31 October 2006, 05-16.483).

    :raises ValueError: the notice is negative.
    """
    if notice_months < 0:
        raise ValueError("notice_months: a notice is not negative")
    last_day = ends_on - timedelta(days=1)
    found = add_months(last_day, -notice_months)
    while add_months(found + timedelta(days=1), notice_months) <= last_day:
        found += timedelta(days=1)
    return found
