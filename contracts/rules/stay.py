"""The stay: both sides agree that a renewal waits, and until then either may still give notice for the running term."""

from dataclasses import replace
from datetime import date

from contracts.enums import NoticeJudgment
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Step
from contracts.rules.notice import JudgedNotice, NoticeClause, Stay
from contracts.rules.terms import Term


def check(clause: NoticeClause, stay: Stay, *, today: date) -> None:
    """Check what both sides agreed. :raises InvalidInput: it is over, or outlasts the term that it holds back."""
    running = clause.term(stay.number)
    if running.ends_on is None or not clause.auto_renews:
        raise InvalidInput("stayed_until", "nothing_renews", "The running term does not renew.")
    if stay.until < today:
        raise InvalidInput(
            "stayed_until", "in_the_past", "Today is %(today)s in the contract's zone.", {"today": today}
        )
    following = clause.term(stay.number + 1)
    if following.ends_on is not None and stay.over_on >= following.ends_on:
        raise InvalidInput("stayed_until", "too_long", "It would outlast the next term, which is counted all the same.")


def ends_if_noticed(running: Term, stay: Stay) -> date | None:
    """Return the (exclusive) end that a notice within the stay brings: the later of the term's end and the stay's."""
    return None if running.ends_on is None else max(running.ends_on, stay.over_on)


def judged(notice: JudgedNotice, clause: NoticeClause) -> tuple[JudgedNotice, date | None]:
    """Return what a judged notice is worth under a stay, and from which day on it voids terms, if the stay decides.

    Within the stay a notice is in time for the running term, whatever the last day for notice was; the contract then
    ends at the later of the term's end and the stay's. What ends it no later without the stay is left alone, and so is
    what the minimum commitment holds back.
    """
    stay = clause.stay
    if stay is None or notice.ends_on is None or notice.given_on > stay.until:
        return notice, None
    running = clause.term(stay.number)
    ends_on = ends_if_noticed(running, stay)
    committed = clause.committed_until
    if running.ends_on is None or ends_on is None or notice.given_on < running.starts_on:
        return notice, None
    if notice.ends_on <= ends_on or (committed is not None and ends_on <= committed):
        return notice, None
    step = Step("in_time_under_stay", {"until": stay.until, "last_day": ends_on - ONE_DAY})
    steps = (*(one for one in notice.explanation.steps if one.code not in _OVERTAKEN), step)
    explanation = replace(notice.explanation, steps=steps)
    return replace(notice, judgment=NoticeJudgment.IN_TIME, ends_on=ends_on, explanation=explanation), running.ends_on


_OVERTAKEN = frozenset({"late_for_term", "in_time_for_term", "takes_effect_at_end_of_term", "ends_indefinite_term"})
