"""Which reminders a term has, and what becomes of those that are due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import ReminderKind
from contracts.rules import reminders
from contracts.rules.errors import InvalidInput
from contracts.rules.reminders import Due
from contracts.rules.terms import Term

day = date.fromisoformat
YEAR = Term(1, day("2025-01-01"), day("2026-01-01"))
LAST = day("2025-09-30")


def due(lead, on, kind=ReminderKind.NOTICE):
    return Due(kind, lead, day(on))


LADDER = (due(90, "2025-07-02"), due(60, "2025-08-01"), due(30, "2025-08-31"), due(7, "2025-09-23"))


@pytest.mark.parametrize(
    ("leads", "last_notice_on", "planned"),
    [
        pytest.param((90, 60, 30, 7), LAST, LADDER, id="the-ladder"),
        pytest.param((7, 90, 30, 60), LAST, LADDER, id="in-any-order"),
        pytest.param((), LAST, (), id="none-wanted"),
        pytest.param((90, 60), None, (), id="no-last-day"),
        pytest.param((272, 273), LAST, (due(272, "2025-01-01"),), id="before-the-terms-start-it-is-skipped"),
    ],
)
def test_the_reminders_of_a_term(leads, last_notice_on, planned):
    plan = reminders.ladder(YEAR, last_notice_on=last_notice_on, leads=leads)
    assert plan.reminders == planned
    assert plan.explanation.rule == "reminders"
    assert len(plan.explanation.steps) == (max(len(leads), 0) if last_notice_on else 1)


@pytest.mark.parametrize(
    ("leads", "code"),
    [
        pytest.param((0,), "out_of_range", id="on-the-last-day-itself"),
        pytest.param((-7,), "out_of_range", id="afterwards"),
        pytest.param((731,), "out_of_range", id="more-than-two-years-before"),
        pytest.param((30, 30), "duplicate", id="twice"),
        pytest.param(tuple(range(1, 14)), "too_many", id="too-many"),
    ],
)
def test_leads_that_no_ladder_has(leads, code):
    with pytest.raises(InvalidInput) as raised:
        reminders.ladder(YEAR, last_notice_on=LAST, leads=leads)
    assert (raised.value.field, raised.value.code) == ("reminder_leads", code)


@pytest.mark.parametrize(
    ("handled", "waiting"),
    [
        pytest.param((), LADDER, id="all"),
        pytest.param(LADDER[:1], LADDER[1:], id="the-first-is-done"),
        pytest.param(LADDER[1:2], LADDER[2:], id="older-than-one-that-is-done"),
        pytest.param(LADDER, (), id="none-left"),
        pytest.param((due(0, "2025-08-15", ReminderKind.CHATEL),), LADDER, id="another-kind-does-not-count"),
    ],
)
def test_what_waits(handled, waiting):
    assert reminders.pending(LADDER, handled=handled) == waiting


@pytest.mark.parametrize(
    ("today", "sent", "skipped"),
    [
        pytest.param("2025-07-01", None, 0, id="none-is-due"),
        pytest.param("2025-07-02", 90, 0, id="on-its-day"),
        pytest.param("2025-07-31", 90, 0, id="until-the-next"),
        pytest.param("2025-08-01", 60, 1, id="a-missed-one-is-passed-over"),
        pytest.param("2025-09-30", 7, 3, id="on-the-last-day"),
        pytest.param("2025-10-01", None, 4, id="too-late-for-any"),
    ],
)
def test_the_most_recent_is_sent(today, sent, skipped):
    choice = reminders.choose(LADDER, today=day(today), last_day=LAST)
    assert (choice.send and choice.send.lead, len(choice.skip)) == (sent, skipped)


def test_days_left_include_today():
    assert [reminders.days_left(LAST, today=LAST - timedelta(days=n)) for n in (0, 1, 90)] == [1, 2, 91]


@given(st.sets(st.integers(1, 730), max_size=12), st.lists(st.integers(0, 800), min_size=1, max_size=30))
def test_each_is_sent_or_skipped_once_whatever_days_are_missed(leads, days):
    """Whoever looks on any days, in order, at the end nothing waits and nothing was done twice."""
    planned = reminders.ladder(YEAR, last_notice_on=LAST, leads=leads).reminders
    handled = []
    for today in sorted({LAST - timedelta(days=n) for n in days} | {LAST + timedelta(days=1)}):
        choice = reminders.choose(reminders.pending(planned, handled=handled), today=today, last_day=LAST)
        handled += [*choice.skip, *([choice.send] if choice.send else [])]
        assert choice.send is None or choice.send.due_on <= today <= LAST
    assert sorted(handled, key=lambda one: one.lead) == sorted(planned, key=lambda one: one.lead)
