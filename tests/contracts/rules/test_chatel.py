"""The reminder before a tacit renewal: its window, and what follows where it was missed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules import chatel
from contracts.rules.days import shift
from contracts.rules.explanation import Explanation
from contracts.rules.terms import Term

day = date.fromisoformat
ONE = timedelta(days=1)
DAYS, WEEKS, MONTHS = NoticeUnit.DAYS, NoticeUnit.WEEKS, NoticeUnit.MONTHS
YEAR = Term(1, day("2026-01-01"), day("2027-01-01"))
WINDOW = chatel.window(day("2026-12-31"), length=3, unit=MONTHS)  # 30 June to 30 August


def codes(found):
    return [step.code for step in found.explanation.steps]


@pytest.mark.parametrize(
    ("term_end", "length", "unit", "dates", "other"),  # deadline, opens, closes
    [
        pytest.param("2026-12-31", 3, MONTHS, "2026-09-30 2026-06-30 2026-08-30", "2026-08-31", id="three-months"),
        pytest.param("2026-12-31", 2, MONTHS, "2026-10-31 2026-07-31 2026-09-30", None, id="two-months"),
        pytest.param("2003-06-30", 6, MONTHS, "2002-12-31 2002-09-30 2002-11-30", None, id="greatest-day-counts"),
        pytest.param("2026-06-30", 30, DAYS, "2026-05-31 2026-02-28 2026-04-30", None, id="opens-clamped"),
        pytest.param("2027-01-14", 6, WEEKS, "2026-12-03 2026-09-03 2026-11-03", None, id="weeks"),
    ],
)
def test_the_reminder_is_sent_in_its_window(term_end, length, unit, dates, other):
    found = chatel.window(day(term_end), length=length, unit=unit)
    assert f"{found.deadline} {found.opens} {found.closes}" == dates
    assert found.explanation.other_reading == (other and day(other))
    assert codes(found)[-2:] == ["reminder_window", "reminder_protects"]


def test_a_notice_to_the_end_of_a_quarter_has_its_window_too():
    found = chatel.window(day("2027-02-14"), length=1, unit=MONTHS, end_of=NoticeEndOf.QUARTER)
    assert (found.deadline, found.closes) == (day("2026-11-30"), day("2026-10-30"))


@pytest.mark.parametrize(
    ("sent_on", "protected", "in_window", "free_from", "said"),
    [
        pytest.param("2026-06-30", True, True, None, "reminder_in_window", id="first-day"),
        pytest.param("2026-08-30", True, True, None, "reminder_in_window", id="last-day"),
        pytest.param("2026-06-29", True, False, "2027-01-01", "reminder_out_of_window", id="a-day-early"),
        pytest.param("2026-08-31", True, False, "2027-01-01", "reminder_out_of_window", id="a-day-late"),
        pytest.param(None, True, False, "2027-01-01", "reminder_missing", id="never"),
        pytest.param(None, False, False, None, "reminder_missing", id="never-to-a-company"),
        pytest.param("2026-07-15", False, True, None, "reminder_in_window", id="in-time-to-a-company"),
    ],
)
def test_a_missed_reminder_lets_a_protected_client_leave(sent_on, protected, in_window, free_from, said):
    found = chatel.judge(WINDOW, sent_on=sent_on and day(sent_on), term=YEAR, protected=protected)
    assert (found.in_window, found.free_exit_from) == (in_window, free_from and day(free_from))
    assert codes(found)[0] == said
    assert ("free_exit" in codes(found)) == (free_from is not None)
    assert ("reminder_is_good_practice" in codes(found)) == (not protected)
    assert Explanation.from_json(found.explanation.to_json()) == found.explanation


@given(st.dates(date(2010, 1, 1), date(2090, 1, 1)), st.integers(0, 12), st.sampled_from(NoticeUnit))
def test_a_notice_on_the_deadline_is_in_time_and_the_window_lies_before_it(term_end, length, unit):
    found = chatel.window(term_end, length=length, unit=unit)
    assert shift(found.deadline, length, unit) <= term_end < shift(found.deadline + ONE, length, unit)
    assert found.opens < found.closes < found.deadline
    assert found.closes <= (found.explanation.other_reading or found.closes) < found.deadline
