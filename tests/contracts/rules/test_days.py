"""The calendar has two edges, and every rule refuses to step over them."""

from datetime import date, timedelta

import pytest

from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules import days
from contracts.rules.errors import InvalidInput

day = date.fromisoformat


@pytest.mark.parametrize("on", ["0002-01-01", "9998-12-31"], ids=["first-day", "last-day"])
def test_the_edges_belong_to_the_calendar(on):
    assert days.check_day(day(on)) == day(on)
    assert days.shift(day(on), 0, NoticeUnit.DAYS) == day(on)


@pytest.mark.parametrize("on", ["0001-12-31", "9999-01-01"], ids=["before", "after"])
def test_a_day_beyond_an_edge_is_refused_with_the_edges(on):
    with pytest.raises(InvalidInput, match="starts_on: not between") as refused:
        days.check_day(day(on), field="starts_on")
    assert refused.value.code == "out_of_calendar"
    assert refused.value.params == {"earliest": day("0002-01-01"), "latest": day("9998-12-31")}


@pytest.mark.parametrize(
    ("start", "count", "unit", "found"),
    [
        pytest.param("2025-01-31", 1, "months", "2025-02-28", id="clamped"),
        pytest.param("2024-02-29", 12, "months", "2025-02-28", id="leap-day-a-year-later"),
        pytest.param("2024-02-29", -48, "months", "2020-02-29", id="leap-day-four-years-before"),
        pytest.param("2026-03-31", -1, "months", "2026-02-28", id="clamped-backwards"),
        pytest.param("2026-12-31", 1, "weeks", "2027-01-07", id="weeks"),
        pytest.param("2024-02-28", 2, "days", "2024-03-01", id="days"),
    ],
)
def test_days_are_shifted_by_unit(start, count, unit, found):
    assert days.shift(day(start), count, NoticeUnit(unit)) == day(found)


@pytest.mark.parametrize(
    ("on", "end_of", "containing", "until"),
    [
        pytest.param("2026-12-31", "month", "2026-12-31", "2026-12-31", id="month-on-its-end"),
        pytest.param("2026-12-30", "month", "2026-12-31", "2026-11-30", id="month-a-day-before"),
        pytest.param("2028-02-15", "month", "2028-02-29", "2028-01-31", id="leap-month"),
        pytest.param("2026-03-30", "month", "2026-03-31", "2026-02-28", id="into-a-short-month"),
        pytest.param("2026-03-31", "quarter", "2026-03-31", "2026-03-31", id="quarter-on-its-end"),
        pytest.param("2026-03-30", "quarter", "2026-03-31", "2025-12-31", id="quarter-over-the-year"),
        pytest.param("2026-04-01", "quarter", "2026-06-30", "2026-03-31", id="quarter-first-day"),
        pytest.param("2026-08-31", "quarter", "2026-09-30", "2026-06-30", id="quarter-middle"),
        pytest.param("2026-11-15", "quarter", "2026-12-31", "2026-09-30", id="last-quarter"),
    ],
)
def test_the_ends_of_months_and_quarters(on, end_of, containing, until):
    assert days.end_containing(day(on), NoticeEndOf(end_of)) == day(containing)
    assert days.last_end_until(day(on), NoticeEndOf(end_of)) == day(until)


def test_no_end_is_looked_for_before_the_calendar():
    with pytest.raises(InvalidInput, match="date: not between"):
        days.last_end_until(day("0002-01-15"), NoticeEndOf.QUARTER)


@pytest.mark.parametrize("unit", NoticeUnit)
@pytest.mark.parametrize("count", [500_000, -500_000, 10**12, -(10**12)])
def test_a_step_over_the_edge_is_refused(count, unit):
    with pytest.raises(InvalidInput, match="date: not between"):
        days.shift(day("1000-01-01"), count * (10 if unit is NoticeUnit.DAYS else 1), unit)


def test_there_is_room_beyond_the_edges_for_an_exclusive_end():
    assert days.LATEST + timedelta(days=365) <= date.max
