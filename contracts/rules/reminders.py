"""Reminders before the last day for notice: which are due on which day, which are too late to be of use, and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.enums import ReminderKind
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.terms import Term

VERSION = 1
SOURCE = "notice_clause"
DEFAULT_LEADS = (90, 60, 30, 7)
LONGEST_LEAD = 730
MOST_LEADS = 12


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder that is due from the local midnight of ``due_on``; ``lead`` counts days before the last one."""

    kind: ReminderKind
    lead: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """The reminders of one term, the earliest first, each once."""

    reminders: tuple[Due, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done on a day with the reminders that are due: the most recent is sent, older ones are passed over."""

    send: Due | None
    skip: tuple[Due, ...]


def check_leads(leads: Collection[int]) -> None:
    """Check the leads that a contract asks for, in days.

    :raises InvalidInput: one is not between 1 and ``LONGEST_LEAD``, or comes twice, or there are too many.
    """
    if len(leads) > MOST_LEADS:
        raise InvalidInput("reminder_leads", "too_many", "at most %(allowed)s reminders", {"allowed": MOST_LEADS})
    if len(set(leads)) != len(leads):
        raise InvalidInput("reminder_leads", "duplicate", "each lead once")
    for lead in leads:
        if not 1 <= lead <= LONGEST_LEAD:
            params = {"least": 1, "allowed": LONGEST_LEAD, "found": lead}
            raise InvalidInput("reminder_leads", "out_of_range", "between %(least)s and %(allowed)s days", params)


def due_days(term: Term, *, last_notice_on: date, leads: Collection[int]) -> list[Due]:
    """Return the reminders before the last day for notice, the earliest first, without such as fall before the term."""
    days = [Due(ReminderKind.NOTICE, lead, last_notice_on - timedelta(days=lead)) for lead in leads]
    return sorted((due for due in days if due.due_on >= term.starts_on), key=lambda due: due.due_on)


def ladder(term: Term, *, last_notice_on: date | None, leads: Collection[int]) -> Plan:
    """Return the reminders before ``last_notice_on``, the last day to give notice in ``term``.

    A lead that falls before the term's first day is skipped. Where no day is the last one (an indefinite term, a
    contract under notice, one that does not renew) there is nothing to remind of.

    :raises InvalidInput: as :func:`check_leads` does.
    """
    check_leads(leads)
    inputs = {
        "term_starts_on": term.starts_on,
        "last_notice_on": last_notice_on,
        "leads": sorted(leads, reverse=True),
    }
    if last_notice_on is None:
        return Plan((), Explanation("reminders", VERSION, inputs, (Step("nothing_to_remind_of"),), SOURCE))
    found, steps = due_days(term, last_notice_on=last_notice_on, leads=leads), []
    for lead in sorted(leads, reverse=True):
        on = last_notice_on - timedelta(days=lead)
        if any(due.lead == lead for due in found):
            steps.append(Step("reminder_planned", {"lead": lead, "on": on, "last_notice_on": last_notice_on}))
        else:
            steps.append(Step("reminder_before_term", {"lead": lead, "on": on, "starts_on": term.starts_on}))
    return Plan(tuple(found), Explanation("reminders", VERSION, inputs, tuple(steps), SOURCE))


def pending(planned: Sequence[Due], *, handled: Collection[Due]) -> tuple[Due, ...]:
    """Return what is planned and not handled (sent, or passed over) yet, the earliest first.

    What was due before one that is handled already is of no use any more: a lead that was agreed later, for instance.
    """
    latest = {kind: max(due.due_on for due in handled if due.kind is kind) for kind in {due.kind for due in handled}}
    waiting = [due for due in planned if due.kind not in latest or due.due_on > latest[due.kind]]
    return tuple(sorted(waiting, key=lambda due: (due.due_on, -due.lead)))


def choose(waiting: Sequence[Due], *, today: date, last_day: date | None) -> Choice:
    """Return what becomes of the waiting reminders on ``today``, a local day.

    After days that were missed only the most recent one is sent. Once ``last_day`` is over none is: it could change
    nothing any more.
    """
    due = [one for one in waiting if one.due_on <= today]
    if last_day is None or today > last_day:
        return Choice(None, tuple(due))
    return Choice(due[-1] if due else None, tuple(due[:-1]))


def days_left(last_day: date, *, today: date) -> int:
    """Return how many days, today included, are left to act in."""
    return (last_day + ONE_DAY - today).days
