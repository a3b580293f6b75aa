"""Terms are counted from the anchor; the last notice day is the greatest that is in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import terms

day = date.fromisoformat
days = st.dates(date(2000, 1, 1), date(2060, 1, 1))


@pytest.mark.parametrize(
    ("anchor", "first", "renewal", "number", "starts_on"),
    [
        pytest.param("2025-01-01", 12, 12, 2, "2026-01-01", id="yearly"),
        pytest.param("2025-01-31", 1, 1, 2, "2025-02-28", id="clamps-to-a-short-month"),
        pytest.param("2025-01-31", 1, 1, 3, "2025-03-31", id="returns-to-its-own-day"),
        pytest.param("2020-08-01", 36, 12, 3, "2024-08-01", id="36-months-then-yearly"),
        pytest.param("2024-02-29", 12, 12, 2, "2025-02-28", id="leap-anchor-common-year"),
        pytest.param("2024-02-29", 12, 12, 5, "2028-02-29", id="leap-anchor-leap-year"),
        pytest.param("2025-01-01", 12, None, 2, "2026-01-01", id="then-indefinite"),
    ],
)
def test_terms_are_counted_from_the_anchor(anchor, first, renewal, number, starts_on):
    found = terms.term(number, anchor=day(anchor), first=first, renewal=renewal)
    assert found.starts_on == day(starts_on)


@pytest.mark.parametrize(
    ("number", "first", "renewal", "field"),
    [(0, 12, 12, "number"), (1, 0, 12, "first"), (2, 12, 0, "renewal"), (3, 12, None, "number")],
)
def test_impossible_terms_name_the_field(number, first, renewal, field):
    with pytest.raises(ValueError, match=field):
        terms.term(number, anchor=day("2025-01-01"), first=first, renewal=renewal)


@given(days, st.integers(1, 60), st.integers(1, 36), st.integers(1, 12))
def test_terms_meet_without_gap_or_overlap(anchor, first, renewal, number):
    here = terms.term(number, anchor=anchor, first=first, renewal=renewal)
    after = terms.term(number + 1, anchor=anchor, first=first, renewal=renewal)
    assert here.starts_on < here.ends_on == after.starts_on


@pytest.mark.parametrize(
    ("ends_on", "months", "last"),
    [
        pytest.param("2003-07-01", 6, "2002-12-31", id="cass-2006-greatest-day"),
        pytest.param("2027-01-01", 3, "2026-09-30", id="year-end"),
        pytest.param("2027-03-01", 3, "2026-11-30", id="end-of-february"),
    ],
)
def test_last_notice_day(ends_on, months, last):
    assert terms.last_notice_day(day(ends_on), notice_months=months) == day(last)


@given(days, st.integers(0, 24))
def test_last_notice_day_is_the_greatest_in_time(ends_on, months):
    last, found = ends_on - timedelta(days=1), terms.last_notice_day(ends_on, notice_months=months)
    assert terms.add_months(found, months) <= last < terms.add_months(found + timedelta(days=1), months)


def test_a_term_of_indefinite_duration_has_no_end():
    assert terms.term(2, anchor=day("2025-01-01"), first=12, renewal=None).ends_on is None


def test_a_negative_notice_names_the_field():
    with pytest.raises(ValueError, match="notice_months"):
        terms.last_notice_day(day("2027-01-01"), notice_months=-1)
