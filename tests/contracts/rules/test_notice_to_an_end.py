"""Notices that take effect at the end of a month or a quarter only."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeJudgment, NoticeKind, NoticeUnit
from contracts.rules import days, notice, periods, worth
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import Regime

day = date.fromisoformat
ONE = timedelta(days=1)
DAYS, WEEKS, MONTHS = NoticeUnit.DAYS, NoticeUnit.WEEKS, NoticeUnit.MONTHS
IN_TIME, LATE, PREMATURE, _NOT_ENTITLED = NoticeJudgment


def clause(anchor="2026-01-01", **changed):
    """Twelve months, then yearly, three months' notice to the end of a quarter, under German law."""
    usual = {
        "first": 12,
        "renewal": 12,
        "length": 3,
        "unit": MONTHS,
        "effect": NoticeEffect.RECEIPT,
        "law": GoverningLaw.DE,
        "calendar_country": "DE",
        "end_of": NoticeEndOf.QUARTER,
    }
    return NoticeClause(anchor=day(anchor), **(usual | changed))


SIX_WEEKS = {"length": 6, "unit": WEEKS}


@pytest.mark.parametrize(
    ("last_day", "length", "unit", "end_of", "nominal", "legal", "internal"),
    [
        pytest.param("2026-12-31", 3, MONTHS, "quarter", "2026-09-30", "2026-09-30", "2026-09-30", id="a-quarter-end"),
        pytest.param("2026-11-15", 3, MONTHS, "quarter", "2026-06-30", "2026-06-30", "2026-06-30", id="mid-quarter"),
        pytest.param("2026-11-15", 3, MONTHS, "month", "2026-07-31", "2026-07-31", "2026-07-31", id="mid-month"),
        pytest.param("2026-12-31", 6, WEEKS, "quarter", "2026-11-19", "2026-11-19", "2026-11-19", id="six-weeks"),
        pytest.param("2027-01-14", 6, WEEKS, "quarter", "2026-11-19", "2026-11-19", "2026-11-19", id="weeks-mid"),
        pytest.param("2027-02-14", 30, DAYS, "month", "2027-01-01", "2027-01-01", "2026-12-31", id="days-on-holiday"),
        pytest.param("2003-07-14", 6, MONTHS, "month", "2002-12-30", "2002-12-31", "2002-12-30", id="greatest-day"),
    ],
)
def test_the_last_day_is_counted_back_from_the_last_end_in_time(
    last_day, length, unit, end_of, nominal, legal, internal
):
    found = periods.count_back(
        day(last_day),
        length=length,
        unit=unit,
        regime=Regime.DE_CONTRACT,
        calendar_country="DE",
        end_of=NoticeEndOf(end_of),
    )
    assert (found.nominal, found.legal, found.internal) == (day(nominal), day(legal), day(internal))
    assert found.explanation.steps[0].code == "counted_from_end_of"
    assert found.explanation.other_reading == (found.nominal if nominal != legal else None)


def test_a_disputed_reading_does_not_pass_the_end_at_which_the_notice_takes_effect():
    # 31 October 2026 is a Saturday; with no notice at all the moved reading would lie after the month's end.
    found = periods.count_back(
        day("2026-11-15"),
        length=0,
        unit=DAYS,
        regime=Regime.PL_CONTRACT,
        calendar_country="PL",
        end_of=NoticeEndOf.MONTH,
    )
    assert (found.legal, found.disputed) == (day("2026-10-31"), None)


@pytest.mark.parametrize(
    ("of", "on", "judgment", "takes_effect_on"),
    [
        pytest.param(clause(), "2026-09-30", IN_TIME, "2026-12-31", id="last-day"),
        pytest.param(clause(), "2026-10-01", LATE, "2027-12-31", id="a-day-late"),
        pytest.param(clause("2026-02-15"), "2026-09-30", IN_TIME, "2027-02-14", id="term-ends-within-a-quarter"),
        pytest.param(clause("2026-02-15"), "2026-10-01", LATE, "2028-02-14", id="a-day-late-within-a-quarter"),
        pytest.param(clause(**SIX_WEEKS), "2026-11-19", IN_TIME, "2026-12-31", id="six-weeks-to-the-quarter"),
        pytest.param(clause(**SIX_WEEKS), "2026-11-20", LATE, "2027-12-31", id="six-weeks-a-day-late"),
        pytest.param(clause(renewal=None), "2030-05-15", IN_TIME, "2030-09-30", id="indefinite-to-the-quarter"),
        pytest.param(clause(renewal=None), "2030-06-30", IN_TIME, "2030-09-30", id="indefinite-on-a-quarter-end"),
        pytest.param(clause(renewal=None), "2030-07-01", IN_TIME, "2030-12-31", id="indefinite-a-day-later"),
        pytest.param(
            clause(renewal=None, end_of=NoticeEndOf.MONTH), "2030-05-15", IN_TIME, "2030-08-31", id="indefinite-month"
        ),
        pytest.param(clause(renewal=None), "2026-10-02", LATE, "2027-03-31", id="late-then-indefinite"),
        pytest.param(
            clause(first=1, renewal=None, commitment=8), "2026-02-10", PREMATURE, "2026-09-30", id="held-by-commitment"
        ),
        pytest.param(
            clause(first=7, renewal=None, commitment=8), "2026-01-20", PREMATURE, "2026-09-30", id="committed-fixed"
        ),
        pytest.param(clause(mid_term_exit=True), "2026-02-10", IN_TIME, "2026-06-30", id="mid-term"),
        pytest.param(
            clause(mid_term_exit=True, commitment=7), "2026-02-10", PREMATURE, "2026-09-30", id="mid-committed"
        ),
        pytest.param(
            clause("2026-02-15", mid_term_exit=True, commitment=12),
            "2026-07-15",
            PREMATURE,
            "2027-02-14",
            id="mid-committed-to-a-term-that-ends-within-a-quarter",
        ),
        pytest.param(
            clause("2026-02-15", mid_term_exit=True, auto_renews=False),
            "2026-10-10",
            IN_TIME,
            "2027-02-14",
            id="the-contract-ends-by-itself-before",
        ),
    ],
)
def test_a_notice_takes_effect_at_the_end_that_the_clause_names(of, on, judgment, takes_effect_on):
    found = worth.ends_if_given(of, on=day(on))
    assert (found.judgment, found.takes_effect_on) == (judgment, day(takes_effect_on))
    assert "effective_at_end_of" in [step.code for step in found.explanation.steps]


ends = st.sampled_from(NoticeEndOf)
units = st.sampled_from(NoticeUnit)
some_day = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(some_day, ends)
def test_ends_are_neighbours(on, end_of):
    until, containing = days.last_end_until(on, end_of), days.end_containing(on, end_of)
    assert until <= on <= containing
    assert containing == on or days.end_containing(until + ONE, end_of) == containing


@given(some_day, st.integers(0, 40), units, ends)
def test_the_last_day_is_the_greatest_whose_notice_takes_effect_in_time(last_day, length, unit, end_of):
    found = periods.count_back(
        last_day, length=length, unit=unit, regime=Regime.FR_CONTRACT, calendar_country="FR", end_of=end_of
    )

    def effect(on):
        return days.end_containing(days.shift(on, length, unit), end_of)

    assert effect(found.legal) <= last_day < effect(found.legal + ONE)
    assert found.internal <= found.nominal <= found.legal


@given(some_day, st.integers(0, 14), units, ends, st.booleans())
def test_an_open_right_to_leave_ends_at_such_an_end(on, length, unit, end_of, indefinite):
    of = clause("1999-01-01", length=length, unit=unit, end_of=end_of, mid_term_exit=not indefinite)
    if indefinite:
        of = clause("1999-01-01", first=1, renewal=None, length=length, unit=unit, end_of=end_of)
    found = notice.judge(of, sent_on=on, received_on=on, entitled=True, kind=NoticeKind.TERMINATION)
    assert found.takes_effect_on == days.end_containing(days.shift(on, length, unit), end_of)
