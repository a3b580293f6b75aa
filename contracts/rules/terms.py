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


# Terms whose length was fixed before an amendment changed it: (through which number, months), in order.
type Fixed = tuple[tuple[int, int], ...]


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


def term(number: int, *, anchor: date, first: int, renewal: int | None, fixed: Fixed = ()) -> Term:
    """Return term ``number`` (1 = the first); ``first`` and ``renewal`` are in months.

    Every boundary is counted from the anchor, never from the previous boundary, so a contract begun on 29 February
    or on a 31st returns to its own day. ``renewal=None`` means that the first term is followed by one of indefinite
    duration (Code civil 1214-1215). ``fixed`` are the lengths of renewals that an amendment did not touch: an amended
    renewal term changes later terms only, and they still count from the anchor.

    :raises InvalidInput: the number, the first term or the renewal term is under one, an indefinite term would be
        followed by another, or the term lies outside the calendar.
    """
    if number < 1:
        raise InvalidInput("number", "under_one", "the first term is number 1")
    _check_lengths(anchor, first, renewal, fixed)
    if number == 1:
        return Term(1, anchor, add_months(anchor, first))
    begins = _months_before(number, first, renewal, fixed)
    lasts = next((months for through, months in fixed if number <= through), renewal)
    return Term(number, add_months(anchor, begins), None if lasts is None else add_months(anchor, begins + lasts))


def next_term(current: Term, *, anchor: date, first: int, renewal: int | None, fixed: Fixed = ()) -> Term | None:
    """Return the term that a tacit renewal of ``current`` begins; ``None`` after one of indefinite duration.

    :raises InvalidInput: as ``term`` does.
    """
    if current.indefinite:
        return None
    return term(current.number + 1, anchor=anchor, first=first, renewal=renewal, fixed=fixed)


def term_at(day: date, *, anchor: date, first: int, renewal: int | None, fixed: Fixed = ()) -> Term:
    """Return the term that covers ``day`` if the contract always renews, without walking through the terms before.

    :raises InvalidInput: the day is before the anchor, or as ``term`` does.
    """
    _check_lengths(anchor, first, renewal, fixed)
    if day < anchor:
        raise InvalidInput("day", "before_anchor", "no term covers a day before the contract starts")
    check_day(day, field="day")
    elapsed = (day.year - anchor.year) * 12 + day.month - anchor.month
    if add_months(anchor, elapsed) > day:
        elapsed -= 1
    number = 1 if elapsed < first else _number_after(elapsed - first, renewal, fixed)
    return term(number, anchor=anchor, first=first, renewal=renewal, fixed=fixed)


def _months_before(number: int, first: int, renewal: int | None, fixed: Fixed) -> int:
    """Return the months from the anchor to the start of a term after the first."""
    months, at = first, 2
    for through, length in fixed:
        until = max(at, min(through + 1, number))
        months, at = months + (until - at) * length, until
    if number == at:
        return months
    if renewal is None:
        raise InvalidInput("number", "after_indefinite", "nothing follows a term of indefinite duration")
    return months + (number - at) * renewal


def _number_after(elapsed: int, renewal: int | None, fixed: Fixed) -> int:
    """Return the number of the term that is running so many whole months after the end of the first."""
    at = 2
    for through, length in fixed:
        lasts = (through + 1 - at) * length
        if elapsed < lasts:
            return at + elapsed // length
        elapsed, at = elapsed - lasts, through + 1
    return at if renewal is None else at + elapsed // renewal


def explain(found: Term, *, anchor: date, first: int, renewal: int | None, fixed: Fixed = ()) -> Explanation:
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
    inputs: dict[str, object] = {"number": found.number, "anchor": anchor, "first": first, "renewal": renewal}
    if fixed:
        inputs["fixed"] = fixed
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


def _check_lengths(anchor: date, first: int, renewal: int | None, fixed: Fixed) -> None:
    check_day(anchor, field="anchor")
    if first < 1:
        raise InvalidInput("first", "under_one", "a term lasts at least one month")
    if renewal is not None and renewal < 1:
        raise InvalidInput("renewal", "under_one", "a term lasts at least one month")
    for at, (through, months) in enumerate(fixed):
        if through < 2 or months < 1 or (at and through <= fixed[at - 1][0]):
            raise InvalidInput("fixed", "out_of_order", "fixed lengths are of renewals, in order")
