"""Loi Chatel: when the reminder before a tacit renewal is due, and what a missed one costs (L215-1 C. consom.)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules import periods
from contracts.rules.days import add_months
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import Regime
from contracts.rules.terms import Term

VERSION = 1
SOURCE = "Code de la consommation, art. L215-1 and L215-3"
OPENS_MONTHS = 3
CLOSES_MONTHS = 1


@dataclass(frozen=True, slots=True)
class Window:
    """The days, both inclusive, on which the reminder may be sent; ``deadline`` is the last day to reject renewal."""

    opens: date
    closes: date
    deadline: date
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a reminder, or none, is worth. From ``free_exit_from`` on the client may leave at any time, free of charge.

    Fees paid for the time after that exit are refunded pro rata (:func:`refund`).
    """

    in_window: bool
    free_exit_from: date | None
    explanation: Explanation


def window(term_end: date, *, length: int, unit: NoticeUnit, end_of: NoticeEndOf | None = None) -> Window:
    """Return the reminder's window for a term under French law whose inclusive last day is ``term_end``.

    It opens three months and closes one month before the last day on which the client can reject the renewal. Both are
    plain subtractions: the reminder is the vendor's duty, so the earlier reading of the last day counts.

    :raises InvalidInput: the notice is negative, or a day lies outside the calendar.
    """
    back = periods.count_back(
        term_end, length=length, unit=unit, regime=Regime.FR_CONTRACT, calendar_country="FR", end_of=end_of
    )
    deadline = back.legal
    opens, closes = add_months(deadline, -OPENS_MONTHS), add_months(deadline, -CLOSES_MONTHS)
    greatest = periods.greatest_day_before(deadline, length=CLOSES_MONTHS, unit=NoticeUnit.MONTHS)
    counted = [step for step in back.explanation.steps if step.code != "internal_pulled_back"]
    reach = {"deadline": deadline, "opens": opens, "closes": closes}
    explanation = Explanation(
        rule="chatel",
        version=VERSION,
        inputs={"term_end": term_end, "length": length, "unit": unit, "end_of": end_of},
        steps=(*counted, Step("reminder_window", reach), Step("reminder_protects")),
        source=SOURCE,
        other_reading=greatest if greatest != closes else None,
    )
    return Window(opens, closes, deadline, explanation)


def protects(of: Window, day: date) -> bool:
    """Say whether a reminder of a day counts: it came in the window. One before or after it answers nothing."""
    return of.opens <= day <= of.closes


def counted(of: Window, days: Collection[date]) -> date | None:
    """Return which of the days on which a reminder went out counts: the last in the window, else the last one."""
    return max([day for day in days if protects(of, day)] or days, default=None)


def judge(of: Window, *, sent_on: date | None, term: Term, protected: bool) -> Reminded:
    """Say whether the reminder for the end of ``term`` came in its window, and what follows if it did not.

    ``protected`` says that the client is a consumer or a non-professional (an association, a works council). Such a
    client may then leave at any time once the contract has renewed. For a company the reminder is good practice: no
    sanction.
    """
    in_window = sent_on is not None and protects(of, sent_on)
    if in_window:
        steps = [Step("reminder_in_window", {"on": sent_on})]
    elif sent_on is None:
        steps = [Step("reminder_missing", {"closes": of.closes})]
    else:
        steps = [Step("reminder_out_of_window", {"on": sent_on, "opens": of.opens, "closes": of.closes})]
    free_from = term.ends_on if protected and not in_window else None
    if free_from is not None:
        steps.append(Step("free_exit", {"from": free_from}))
    elif not protected:
        steps.append(Step("reminder_is_good_practice"))
    explanation = Explanation(
        rule="chatel",
        version=VERSION,
        inputs={"opens": of.opens, "closes": of.closes, "sent_on": sent_on, "protected": protected},
        steps=tuple(steps),
        source=SOURCE,
    )
    return Reminded(in_window, free_from, explanation)
