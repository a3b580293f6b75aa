"""Terms: which days the n-th period of a contract covers, and the last day to give notice before it ends."""

from dataclasses import dataclass
from datetime import date
from typing import overload

from contracts.enums import NoticeUnit
from contracts.rules import periods
from contracts.rules.days import ONE_DAY, add_months, check_day
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step

VERSION = 1
SOURCE = "Code civil, art. 1214-1215"


@dataclass(frozen=True, slots=True)
class Term:
    """A half-open period of local days: ``ends_on`` is the first day no longer covered, ``None`` if indefinite."""

    number: int
    starts_on: date
    ends_on: date | None

    @property
    def last_day(self) -> date | None:
        """The inclusive last day, as screens and letters show it; ``None`` if indefinite."""
        return None if self.ends_on is None else self.ends_on - ONE_DAY

    @property
    def indefinite(self) -> bool:
        return self.ends_on is None

    def covers(self, day: date) -> bool:
        """Tell whether ``day`` lies in the term."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


def term(number: int, *, anchor: date, first: int, renewal: int | None) -> Term:
    """Return term ``number`` (1 = the first); ``first`` and ``renewal`` are in months.

    Every boundary is counted from the anchor, never from the previous boundary, so a contract begun on 29 February
    or on a 31st returns to its own day. ``renewal=None`` means that the first term is followed by one of indefinite
    duration (Code civil 1214-1215).

    :raises InvalidInput: the number, the first term or the renewal term is under one, an indefinite term would be
        followed by another, or the term lies outside the calendar.
    """
    if number < 1:
        raise InvalidInput("number", "under_one", "the first term is number 1")
    _check_lengths(anchor, first, renewal)
    if number == 1:
        return Term(1, anchor, add_months(anchor, first))
    if renewal is None:
        if number > 2:
            raise InvalidInput("number", "after_indefinite", "nothing follows a term of indefinite duration")
        return Term(2, add_months(anchor, first), None)
    starts_on = add_months(anchor, first + (number - 2) * renewal)
    return Term(number, starts_on, add_months(anchor, first + (number - 1) * renewal))


def next_term(current: Term, *, anchor: date, first: int, renewal: int | None) -> Term | None:
    """Return the term that a tacit renewal of ``current`` begins; ``None`` after one of indefinite duration.

    :raises InvalidInput: as ``term`` does.
    """
    if current.indefinite:
        return None
    return term(current.number + 1, anchor=anchor, first=first, renewal=renewal)


def term_at(day: date, *, anchor: date, first: int, renewal: int | None) -> Term:
    """Return the term that covers ``day`` if the contract always renews, without walking through the terms before.

    :raises InvalidInput: the day is before the anchor, or as ``term`` does.
    """
    _check_lengths(anchor, first, renewal)
    if day < anchor:
        raise InvalidInput("day", "before_anchor", "no term covers a day before the contract starts")
    check_day(day, field="day")
    elapsed = (day.year - anchor.year) * 12 + day.month - anchor.month
    if add_months(anchor, elapsed) > day:
        elapsed -= 1
    if elapsed < first:
        number = 1
    elif renewal is None:
        number = 2
    else:
        number = 2 + (elapsed - first) // renewal
    return term(number, anchor=anchor, first=first, renewal=renewal)


def explain(found: Term, *, anchor: date, first: int, renewal: int | None) -> Explanation:
    """Say how the boundaries of ``found`` were counted."""
    params = {"number": found.number, "starts_on": found.starts_on}
    if found.indefinite:
        steps = [Step("begins_counted_from_anchor", params)]
    else:
        steps = [Step("counted_from_anchor", {**params, "last_day": found.last_day})]
    for boundary in (found.starts_on, found.ends_on):
        if boundary is not None and boundary.day != anchor.day:
            steps.append(Step("clamped_to_month_end", {"wanted_day": anchor.day, "to": boundary}))
    if found.indefinite:
        steps.append(Step("indefinite_without_renewal_term"))
    inputs = {"number": found.number, "anchor": anchor, "first": first, "renewal": renewal}
    return Explanation(rule="term", version=VERSION, inputs=inputs, steps=tuple(steps), source=SOURCE)


@overload
def last_notice_day(ends_on: None, *, length: int, unit: NoticeUnit) -> None: ...
@overload
def last_notice_day(ends_on: date, *, length: int, unit: NoticeUnit) -> date: ...
@overload
def last_notice_day(ends_on: date | None, *, length: int, unit: NoticeUnit) -> date | None: ...
def last_notice_day(ends_on: date | None, *, length: int, unit: NoticeUnit) -> date | None:
    """Return the greatest day D for which ``D + length`` (months clamp) is not after the term's last day.

    ``ends_on`` is exclusive; an indefinite term (``None``) has no last notice day. It is not always the last day minus
    the notice: a term whose last day is 30 June with six months' notice may be denounced until 31 December
    (Cass. 3e civ., 31 October 2006, 05-16.483). No weekend or holiday moves it.

    :raises InvalidInput: the notice is negative, or the day lies outside the calendar.
    """
    if ends_on is None:
        return None
    return periods.greatest_day_before(ends_on - ONE_DAY, length=length, unit=unit)


def _check_lengths(anchor: date, first: int, renewal: int | None) -> None:
    check_day(anchor, field="anchor")
    if first < 1:
        raise InvalidInput("first", "under_one", "a term lasts at least one month")
    if renewal is not None and renewal < 1:
        raise InvalidInput("renewal", "under_one", "a term lasts at least one month")
