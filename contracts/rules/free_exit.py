"""The way out that a missed reminder opens: a client's notice ends the contract at once, or with its term."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.enums import NoticeJudgment, NoticeKind
from contracts.rules.chatel import SOURCE, Reminded
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation, Step
from contracts.rules.notice import JudgedNotice, NoticeClause

VERSION = 1


@dataclass(frozen=True, slots=True)
class Missed:
    """A reminder of term ``number`` that had not come when its window closed (with ``closes``), and what that gives."""

    number: int
    closes: date
    reminded: Reminded


def open_on(clause: NoticeClause, day: date, missed: Sequence[Missed]) -> Reminded | None:
    """Return what a missed reminder gives to a notice that counts from a day: in its own term, and in the next one.

    :raises InvalidInput: the day lies outside the calendar.
    """
    if not missed:
        return None
    running = clause.term_at(max(day, clause.anchor)).number
    ways = (one.reminded for one in missed if one.number in (running - 1, running) and one.closes < day)
    return next(ways, None)


def judge(judged: JudgedNotice, clause: NoticeClause, *, reminded: Reminded, kind: NoticeKind) -> JudgedNotice:
    """Return what a client's notice is worth after a reminder was missed (L215-1 C. consom.).

    From the renewal on it ends the contract on the very day on which it counts, free of charge; given before, it
    prevents the renewal, however late. A *non-renewal* ends the term that it names, not the day. Where the contract
    itself lets the client leave as early, the notice stays what it was; one by somebody not entitled does too.

    :raises InvalidInput: a day lies outside the calendar.
    """
    free_from = reminded.free_exit_from
    if free_from is None or judged.ends_on is None:
        return judged
    last_day = max(judged.given_on, free_from - ONE_DAY)
    if kind is NoticeKind.NON_RENEWAL:
        last_day = clause.term_at(last_day).last_day or last_day
    if last_day + ONE_DAY >= judged.ends_on:
        return judged
    own = judged.explanation
    steps = (*own.steps, *reminded.explanation.steps, Step("leaves_free_of_charge", {"last_day": last_day}))
    explanation = Explanation(
        "notice.free_exit", VERSION, {**own.inputs, "free_from": free_from}, steps, SOURCE, own.other_reading
    )
    return JudgedNotice(NoticeJudgment.IN_TIME, judged.given_on, last_day + ONE_DAY, explanation)
