"""The calendar has two edges, and every rule refuses to step over them."""

from datetime import date, timedelta

import pytest

from contracts.enums import NoticeUnit
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


@pytest.mark.parametrize("unit", NoticeUnit)
@pytest.mark.parametrize("count", [500_000, -500_000, 10**12, -(10**12)])
def test_a_step_over_the_edge_is_refused(count, unit):
    with pytest.raises(InvalidInput, match="date: not between"):
        days.shift(day("1000-01-01"), count * (10 if unit is NoticeUnit.DAYS else 1), unit)


def test_there_is_room_beyond_the_edges_for_an_exclusive_end():
    assert days.LATEST + timedelta(days=365) <= date.max
