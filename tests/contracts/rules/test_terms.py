"""Terms are counted from the anchor; the last notice day is the greatest that is in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import NoticeUnit
from contracts.rules import terms
from contracts.rules.days import shift
from contracts.rules.errors import InvalidInput

day = date.fromisoformat
days = st.dates(date(1900, 1, 1), date(2400, 1, 1))
awkward_days = days | st.sampled_from([day("2024-02-29"), day("2025-02-28"), day("2025-01-31"), day("2025-12-31")])
ONE = timedelta(days=1)


@pytest.mark.parametrize(
    ("anchor", "first", "renewal", "number", "starts_on", "last_day"),
    [
        pytest.param("2025-01-01", 12, 12, 1, "2025-01-01", "2025-12-31", id="first-term"),
        pytest.param("2025-01-01", 12, 12, 2, "2026-01-01", "2026-12-31", id="yearly"),
        pytest.param("2025-01-31", 1, 1, 2, "2025-02-28", "2025-03-30", id="clamps-to-a-short-month"),
        pytest.param("2025-01-31", 1, 1, 3, "2025-03-31", "2025-04-29", id="returns-to-its-own-day"),
        pytest.param("2020-08-01", 36, 12, 3, "2024-08-01", "2025-07-31", id="36-months-then-yearly"),
        pytest.param("2024-02-29", 12, 12, 2, "2025-02-28", "2026-02-27", id="leap-anchor-2025"),
        pytest.param("2024-02-29", 12, 12, 3, "2026-02-28", "2027-02-27", id="leap-anchor-2026"),
        pytest.param("2024-02-29", 12, 12, 4, "2027-02-28", "2028-02-28", id="leap-anchor-2027"),
        pytest.param("2024-02-29", 12, 12, 5, "2028-02-29", "2029-02-27", id="leap-anchor-leap-year"),
        pytest.param("2024-02-29", 12, 12, 77, "2100-02-28", "2101-02-27", id="leap-anchor-century-without-leap-day"),
        pytest.param("2025-01-01", 12, None, 1, "2025-01-01", "2025-12-31", id="first-before-indefinite"),
        pytest.param("2025-01-01", 12, None, 2, "2026-01-01", None, id="then-indefinite"),
        pytest.param("2025-08-31", 6, 3, 2, "2026-02-28", "2026-05-30", id="month-end-quarterly"),
    ],
)
def test_terms_are_counted_from_the_anchor(anchor, first, renewal, number, starts_on, last_day):
    found = terms.term(number, anchor=day(anchor), first=first, renewal=renewal)
    assert (found.number, found.starts_on) == (number, day(starts_on))
    assert found.last_day == (last_day and day(last_day))
    assert found.indefinite == (last_day is None)


@pytest.mark.parametrize(
    ("number", "first", "renewal", "field", "code"),
    [
        pytest.param(0, 12, 12, "number", "under_one", id="no-term-zero"),
        pytest.param(1, 0, 12, "first", "under_one", id="first-term-of-no-month"),
        pytest.param(1, 12, 0, "renewal", "under_one", id="renewal-of-no-month-refused-from-the-first-term"),
        pytest.param(2, 12, 0, "renewal", "under_one", id="renewal-of-no-month"),
        pytest.param(3, 12, None, "number", "after_indefinite", id="nothing-after-indefinite"),
        pytest.param(9000, 12, 12, "date", "out_of_calendar", id="beyond-the-calendar"),
        pytest.param(10**30, 12, 12, "date", "out_of_calendar", id="absurdly-far"),
    ],
)
def test_impossible_terms_name_the_field(number, first, renewal, field, code):
    with pytest.raises(InvalidInput, match=field) as refused:
        terms.term(number, anchor=day("2025-01-01"), first=first, renewal=renewal)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize("anchor", ["9999-06-01", "0001-06-01"])
def test_an_anchor_at_the_edge_of_the_calendar_is_refused(anchor):
    with pytest.raises(InvalidInput, match="anchor: not between"):
        terms.term(1, anchor=day(anchor), first=1, renewal=1)


@given(awkward_days, st.integers(1, 60), st.integers(1, 36), st.integers(1, 400))
def test_terms_meet_without_gap_or_overlap(anchor, first, renewal, number):
    here = terms.term(number, anchor=anchor, first=first, renewal=renewal)
    after = terms.next_term(here, anchor=anchor, first=first, renewal=renewal)
    assert here.starts_on < here.ends_on == after.starts_on
    assert after.number == number + 1


def test_nothing_follows_an_indefinite_term():
    clauses = {"anchor": day("2025-01-01"), "first": 12, "renewal": None}
    second = terms.next_term(terms.term(1, **clauses), **clauses)
    assert second == terms.Term(2, day("2026-01-01"), None)
    assert terms.next_term(second, **clauses) is None


@pytest.mark.parametrize(
    ("anchor", "first", "renewal", "on", "number"),
    [
        pytest.param("2024-02-29", 12, 12, "2024-02-29", 1, id="on-the-anchor"),
        pytest.param("2024-02-29", 12, 12, "2025-02-27", 1, id="last-day-of-a-leap-term"),
        pytest.param("2024-02-29", 12, 12, "2025-02-28", 2, id="first-day-after-a-clamp"),
        pytest.param("2024-02-29", 12, 12, "2028-02-28", 4, id="day-before-the-anchor-returns"),
        pytest.param("2024-02-29", 12, 12, "2028-02-29", 5, id="the-anchor-returns"),
        pytest.param("2025-01-31", 1, 1, "2025-03-30", 2, id="monthly-31st-the-day-before"),
        pytest.param("2025-01-31", 1, 1, "2025-03-31", 3, id="monthly-31st"),
        pytest.param("2020-08-01", 36, 12, "2023-07-31", 1, id="long-first-term"),
        pytest.param("2020-08-01", 36, 12, "2023-08-01", 2, id="36-months-then-yearly"),
        pytest.param("2020-08-01", 36, None, "2099-01-01", 2, id="indefinite-for-ever"),
        pytest.param("1700-03-31", 1, 1, "2700-03-31", 12001, id="a-thousand-years-of-months"),
    ],
)
def test_the_term_that_covers_a_day(anchor, first, renewal, on, number):
    found = terms.term_at(day(on), anchor=day(anchor), first=first, renewal=renewal)
    assert found.number == number
    assert found.covers(day(on))


@given(awkward_days, st.integers(1, 60), st.none() | st.integers(1, 36), st.integers(0, 200_000))
def test_a_term_found_by_day_covers_that_day(anchor, first, renewal, later):
    on = anchor + timedelta(days=later)
    found = terms.term_at(on, anchor=anchor, first=first, renewal=renewal)
    assert found == terms.term(found.number, anchor=anchor, first=first, renewal=renewal)
    assert found.starts_on <= on
    assert found.ends_on is None or on < found.ends_on


@pytest.mark.parametrize(
    ("on", "inside"),
    [("2024-12-31", False), ("2025-01-01", True), ("2025-12-31", True), ("2026-01-01", False)],
    ids=["the-day-before", "first-day", "last-day", "the-day-after"],
)
def test_a_term_is_half_open(on, inside):
    assert terms.Term(1, day("2025-01-01"), day("2026-01-01")).covers(day(on)) is inside


@pytest.mark.parametrize(
    ("on", "field"),
    [
        pytest.param("2024-12-31", "day: no term", id="before-the-anchor"),
        pytest.param("9999-01-01", "day: not between", id="beyond-the-calendar"),
        pytest.param("9998-12-31", "date: not between", id="its-term-ends-beyond-the-calendar"),
    ],
)
def test_a_day_without_a_term_is_refused(on, field):
    with pytest.raises(InvalidInput, match=field):
        terms.term_at(day(on), anchor=day("2025-01-01"), first=12, renewal=12)


@pytest.mark.parametrize(
    ("last_day", "length", "unit", "last_notice"),
    [
        pytest.param("2003-06-30", 6, "months", "2002-12-31", id="cass-2006-greatest-day"),
        pytest.param("2026-12-31", 3, "months", "2026-09-30", id="year-end"),
        pytest.param("2027-02-28", 3, "months", "2026-11-30", id="end-of-february-reaches-past-the-28th"),
        pytest.param("2028-02-29", 3, "months", "2027-11-30", id="end-of-a-leap-february"),
        pytest.param("2027-02-28", 12, "months", "2026-02-28", id="a-year-before-february"),
        pytest.param("2029-02-28", 12, "months", "2028-02-29", id="a-year-before-reaches-the-leap-day"),
        pytest.param("2028-02-28", 12, "months", "2027-02-28", id="february-28-of-a-leap-year"),
        pytest.param("2026-03-30", 1, "months", "2026-02-28", id="subtraction-clamps"),
        pytest.param("2026-04-30", 1, "months", "2026-03-31", id="thirty-day-month"),
        pytest.param("2026-07-14", 2, "months", "2026-05-14", id="a-holiday-extends-nothing"),
        pytest.param("2026-12-31", 0, "months", "2026-12-31", id="no-notice-at-all"),
        pytest.param("2026-12-31", 30, "days", "2026-12-01", id="days"),
        pytest.param("2024-03-30", 30, "days", "2024-02-29", id="days-over-a-leap-day"),
        pytest.param("2026-12-31", 6, "weeks", "2026-11-19", id="weeks"),
        pytest.param("2026-04-05", 1, "weeks", "2026-03-29", id="weeks-over-the-change-of-clocks"),
    ],
)
def test_last_notice_day(last_day, length, unit, last_notice):
    ends_on = day(last_day) + ONE
    assert terms.last_notice_day(ends_on, length=length, unit=NoticeUnit(unit)) == day(last_notice)


@given(awkward_days, st.integers(0, 36), st.sampled_from(NoticeUnit))
def test_last_notice_day_is_the_greatest_in_time(ends_on, length, unit):
    last, found = ends_on - ONE, terms.last_notice_day(ends_on, length=length, unit=unit)
    assert shift(found, length, unit) <= last < shift(found + ONE, length, unit)


@given(days, st.integers(0, 36), st.sampled_from(NoticeUnit))
def test_a_later_end_never_brings_an_earlier_last_notice_day(ends_on, length, unit):
    here = terms.last_notice_day(ends_on, length=length, unit=unit)
    assert here <= terms.last_notice_day(ends_on + ONE, length=length, unit=unit)


def test_an_indefinite_term_has_no_last_notice_day():
    assert terms.last_notice_day(None, length=3, unit=NoticeUnit.MONTHS) is None


@pytest.mark.parametrize(
    ("length", "unit", "field"),
    [
        pytest.param(-1, NoticeUnit.MONTHS, "length: a period is not negative", id="negative"),
        pytest.param(10**6, NoticeUnit.DAYS, "date: not between", id="before-the-calendar"),
        pytest.param(10**15, NoticeUnit.WEEKS, "date: not between", id="overflowing"),
    ],
)
def test_an_impossible_notice_names_the_field(length, unit, field):
    with pytest.raises(InvalidInput, match=field):
        terms.last_notice_day(day("2027-01-01"), length=length, unit=unit)


@pytest.mark.parametrize(
    ("anchor", "number", "renewal", "codes"),
    [
        pytest.param("2025-01-01", 2, 12, ["counted_from_anchor"], id="plain"),
        pytest.param(
            "2024-02-29",
            3,
            12,
            ["counted_from_anchor", "clamped_to_month_end", "clamped_to_month_end"],
            id="both-boundaries-clamped",
        ),
        pytest.param(
            "2025-01-01", 2, None, ["begins_counted_from_anchor", "indefinite_without_renewal_term"], id="indefinite"
        ),
    ],
)
def test_a_term_explains_its_boundaries(anchor, number, renewal, codes):
    clauses = {"anchor": day(anchor), "first": 12, "renewal": renewal}
    why = terms.explain(terms.term(number, **clauses), **clauses)
    assert [step.code for step in why.steps] == codes
    assert why.inputs["anchor"] == anchor
    assert "1214" in why.source


@pytest.mark.parametrize(
    ("number", "starts_on", "ends_on"),
    [
        pytest.param(1, "2024-02-29", "2025-02-28", id="the-first"),
        pytest.param(3, "2026-02-28", "2027-02-28", id="fixed-before-the-amendment"),
        pytest.param(4, "2027-02-28", "2028-08-29", id="the-first-of-the-new-length"),
        pytest.param(5, "2028-08-29", "2030-02-28", id="fixed-by-a-second-amendment"),
        pytest.param(6, "2030-02-28", "2030-08-29", id="the-newest-length"),
    ],
)
def test_an_amended_renewal_term_changes_later_terms_only(number, starts_on, ends_on):
    agreed = {"anchor": date(2024, 2, 29), "first": 12, "renewal": 6, "fixed": ((3, 12), (5, 18))}
    found = terms.term(number, **agreed)
    assert (found.starts_on, found.ends_on) == (date.fromisoformat(starts_on), date.fromisoformat(ends_on))
    for day in (found.starts_on, found.ends_on - timedelta(days=1)):
        assert terms.term_at(day, **agreed) == found
    assert terms.explain(found, **agreed).inputs["fixed"] == [[3, 12], [5, 18]]


def test_after_fixed_lengths_a_term_may_be_indefinite():
    agreed = {"anchor": date(2025, 1, 1), "first": 12, "renewal": None, "fixed": ((2, 6),)}
    assert terms.term(3, **agreed) == terms.Term(3, date(2026, 7, 1), None)
    assert terms.term_at(date(2050, 1, 1), **agreed).number == 3
    with pytest.raises(InvalidInput):
        terms.term(4, **agreed)


@pytest.mark.parametrize("fixed", [((1, 12),), ((3, 0),), ((3, 12), (3, 6)), ((4, 12), (2, 6))])
def test_fixed_lengths_are_of_renewals_in_order(fixed):
    with pytest.raises(InvalidInput) as raised:
        terms.term(2, anchor=date(2025, 1, 1), first=12, renewal=12, fixed=fixed)
    assert raised.value.field == "fixed"
