"""Switching away from the vendor: every date of a customer's switching notice (EU Data Act, chapter VI)."""

from dataclasses import dataclass
from datetime import date

from holidays.version import __version__ as HOLIDAYS_VERSION

from contracts.enums import NoticeUnit
from contracts.rules import periods, workdays
from contracts.rules.days import ONE_DAY, add_months, check_day, shift
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import PeriodKind, Purpose, Regime

VERSION = 1
SOURCE = "Regulation (EU) 2023/2854 (Data Act), Articles 25 and 29"

APPLIES_FROM = date(2025, 9, 12)
MAX_NOTICE_MONTHS = 2
TRANSITION_DAYS = 30
UNFEASIBLE_WORKING_DAYS = 14
MAX_TRANSITION_MONTHS = 7
RETRIEVAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Unfeasible:
    """The vendor's word, with its reasons, that 30 days do not suffice: when it came, and how long it will take.

    The length counts from the end of the notice period and replaces the 30 days.
    """

    told_on: date
    length: int
    unit: NoticeUnit


@dataclass(frozen=True, slots=True)
class Notice:
    """A period of notice for switching, as it counts; ``violation`` says that the contract has a longer one."""

    length: int
    unit: NoticeUnit
    violation: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the customer and the vendor have declared so far. ``notice_on`` is the day of the customer's notice.

    ``extend_to`` is the last day of the transition after the customer's one extension, ``completed_on`` the day on
    which switching was completed, ``term_end`` the inclusive last day of the contract's term. ``retrieval_days`` is
    the contract's own figure; fewer than the law's count as the law's.
    """

    notice_on: date
    notice: Notice
    country: str
    unfeasible: Unfeasible | None = None
    extend_to: date | None = None
    completed_on: date | None = None
    erase_only: bool = False
    term_end: date | None = None
    retrieval_days: int = RETRIEVAL_DAYS


@dataclass(frozen=True, slots=True)
class Switching:
    """The dates, inclusive last days all but ``erase_from``. Where only erasure is asked for, nothing is transferred.

    ``act_by`` is the working day by which the vendor finishes the transition, a maximum that binds it.
    """

    notice_end: date
    transition_end: date | None
    act_by: date | None
    retrieval_end: date | None
    erase_from: date
    contract_ends: date
    unfeasible_limit: date | None
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class AfterSwitch:
    """What becomes of the client's data after a switch: the last day to fetch them, and the first of erasure.

    Without a last day the client has waived them: it asked for erasure only.
    """

    retrieval_end: date | None
    erase_from: date
    explanation: Explanation


def notice_asked(length: int, unit: NoticeUnit, *, notice_on: date) -> Notice:
    """Return the period of notice for a switch.

    :raises InvalidInput: it is negative, or longer than two months (code ``over_two_months``).
    """
    if _too_long(length, unit, notice_on):
        params = {"allowed": MAX_NOTICE_MONTHS}
        raise InvalidInput("notice", "over_two_months", "a switching notice is at most two months", params)
    return Notice(length, unit)


def notice_of_contract(length: int, unit: NoticeUnit, *, notice_on: date) -> Notice:
    """Return how the notice that a contract states counts: a longer one as two months, marked as a violation.

    :raises InvalidInput: it is negative.
    """
    if _too_long(length, unit, notice_on):
        return Notice(MAX_NOTICE_MONTHS, NoticeUnit.MONTHS, violation=True)
    return Notice(length, unit)


def compute(asked: Request) -> Switching:
    """Return every date that follows from a switching notice (rulebook §5).

    - The notice period ends on the clamped day and is not moved.
    - The transition lasts 30 calendar days at most after it. That maximum binds the vendor and is not moved.
    - Where the vendor said until the 14th working day after the notice that this is not feasible, the transition lasts
      as long as it said, at most 7 months from the end of the notice. Said later, it changes nothing.
    - The customer may extend once, for as long as it sees fit.
    - The contract ends when switching is completed, else with the transition, whatever the term's end.
    - Retrieval lasts 30 days at least after the *agreed* transition and moves forward to a working day.
    - Erasure follows, only if switching was completed. An erasure alone needs neither.

    :raises InvalidInput: dates before the notice, an extension that extends nothing, over 7 months of transition, an
        erasure only with what belongs to a transfer, an unknown country, or a day outside the calendar.
    """
    _check(asked)
    notice_end = shift(asked.notice_on, asked.notice.length, asked.notice.unit)
    steps = _notice_steps(asked, notice_end)
    if asked.erase_only:
        steps.append(Step("erase_only", {"on": notice_end, "from": notice_end + ONE_DAY}))
        return Switching(
            notice_end=notice_end,
            transition_end=None,
            act_by=None,
            retrieval_end=None,
            erase_from=notice_end + ONE_DAY,
            contract_ends=notice_end,
            unfeasible_limit=None,
            explanation=_explained(asked, steps),
        )
    limit = nth_working_day_after(asked.notice_on, UNFEASIBLE_WORKING_DAYS, asked.country)
    transition_end = _transition(asked, notice_end, limit, steps)
    act_by = periods.act_by(transition_end, asked.country, steps)
    contract_ends = _contract_end(asked, transition_end, steps)
    retrieval_end = _retrieval(asked, transition_end, steps)
    completed = asked.completed_on
    erase_from = max(retrieval_end, completed or retrieval_end) + ONE_DAY
    until = {"from": erase_from}
    steps.append(Step("erasure_once_completed", until) if completed is None else Step("erasure_after_retrieval", until))
    return Switching(
        notice_end=notice_end,
        transition_end=transition_end,
        act_by=act_by,
        retrieval_end=retrieval_end,
        erase_from=erase_from,
        contract_ends=contract_ends,
        unfeasible_limit=limit,
        explanation=_explained(asked, steps),
    )


def nth_working_day_after(day: date, count: int, country: str) -> date:
    """Return the ``count``-th working day after ``day``, which is not counted itself.

    :raises InvalidInput: the library has no calendar for the country.
    """
    for _each in range(count):
        day = workdays.on_or_after(day + ONE_DAY, country).to
    return day


def _too_long(length: int, unit: NoticeUnit, notice_on: date) -> bool:
    check_day(notice_on, field="notice_on")
    if length < 0:
        raise InvalidInput("notice", "negative", "a period is not negative")
    return shift(notice_on, length, unit) > add_months(notice_on, MAX_NOTICE_MONTHS)


def _check(asked: Request) -> None:
    workdays.why_not_worked(asked.notice_on, asked.country)
    told_on = asked.unfeasible.told_on if asked.unfeasible is not None else None
    given = {
        "unfeasible_told_on": told_on,
        "extend_to": asked.extend_to,
        "completed_on": asked.completed_on,
        "term_end": asked.term_end,
    }
    for name, day in given.items():
        if day is None:
            continue
        check_day(day, field=name)
        if asked.erase_only and name != "term_end":
            raise InvalidInput(name, "not_with_erase_only", "where only erasure is asked for, nothing is transferred")
        if day < asked.notice_on:
            raise InvalidInput(name, "before_notice", "this day is before the switching notice")


def _notice_steps(asked: Request, notice_end: date) -> list[Step]:
    length, unit = asked.notice.length, asked.notice.unit
    steps = []
    if asked.notice_on < APPLIES_FROM:
        steps.append(Step("before_data_act", {"from": APPLIES_FROM}))
    if asked.notice.violation:
        steps.append(Step("notice_counted_as_two_months"))
    steps.append(Step("notice_expires", {"length": length, "unit": unit, "from": asked.notice_on, "on": notice_end}))
    if unit is NoticeUnit.MONTHS and notice_end.day != asked.notice_on.day:
        steps.append(Step("clamped_to_month_end", {"wanted_day": asked.notice_on.day, "to": notice_end}))
    steps.append(Step("not_moved", {"regime": Regime.EU, "kind": PeriodKind.NOTICE}))
    return steps


def _transition(asked: Request, notice_end: date, limit: date, steps: list[Step]) -> date:
    found = shift(notice_end, TRANSITION_DAYS, NoticeUnit.DAYS)
    told = asked.unfeasible
    params = {"on": limit, "days": UNFEASIBLE_WORKING_DAYS, "country": asked.country}
    steps.append(Step("unfeasible_may_be_told_until", params))
    if told is not None:
        longer = shift(notice_end, told.length, told.unit)
        if longer > add_months(notice_end, MAX_TRANSITION_MONTHS):
            months = {"allowed": MAX_TRANSITION_MONTHS}
            raise InvalidInput("transition", "over_seven_months", "a transition is at most seven months", months)
        if told.told_on <= limit:
            found = longer
            steps.append(Step("transition_unfeasible", {"told_on": told.told_on, "to": found}))
        else:
            steps.append(Step("unfeasible_told_late", {"told_on": told.told_on, "until": limit}))
    if told is None or told.told_on > limit:
        steps.append(Step("transition_at_most", {"days": TRANSITION_DAYS, "to": found}))
    if asked.extend_to is not None:
        if asked.extend_to <= found:
            raise InvalidInput(
                "extend_to",
                "extends_nothing",
                "an extension ends after the transition that it extends",
                {"transition_end": found},
            )
        found = asked.extend_to
        steps.append(Step("transition_extended", {"to": found}))
    return found


def _contract_end(asked: Request, transition_end: date, steps: list[Step]) -> date:
    if asked.completed_on is not None:
        steps.append(Step("ends_with_completion", {"on": asked.completed_on}))
        return asked.completed_on
    if asked.term_end is not None and asked.term_end < transition_end:
        steps.append(Step("goes_on_past_term", {"term_end": asked.term_end, "to": transition_end}))
    steps.append(Step("ends_with_transition", {"on": transition_end}))
    return transition_end


def _retrieval(asked: Request, transition_end: date, steps: list[Step]) -> date:
    window = periods.count_forward(
        transition_end,
        length=max(asked.retrieval_days, RETRIEVAL_DAYS),
        unit=NoticeUnit.DAYS,
        regime=Regime.EU,
        calendar_country=asked.country,
        purpose=Purpose.GRANT,
    )
    steps.append(Step("retrieval_after_agreed_transition", {"after": transition_end}))
    steps += window.explanation.steps
    return window.legal


def _explained(asked: Request, steps: list[Step]) -> Explanation:
    told = asked.unfeasible
    inputs = {
        "notice_on": asked.notice_on,
        "length": asked.notice.length,
        "unit": asked.notice.unit,
        "violation": asked.notice.violation,
        "country": asked.country,
        "unfeasible": None if told is None else [told.told_on, told.length, told.unit],
        "extend_to": asked.extend_to,
        "completed_on": asked.completed_on,
        "erase_only": asked.erase_only,
        "term_end": asked.term_end,
        "retrieval_days": asked.retrieval_days,
        "holidays": HOLIDAYS_VERSION,
    }
    return Explanation(rule="switching", version=VERSION, inputs=inputs, steps=tuple(steps), source=SOURCE)
