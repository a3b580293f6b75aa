"""When what was kept on a basis may go: years from an event's day, years from the close of a financial year."""

from datetime import date

import pytest

from contracts.rules.errors import InvalidInput
from retention.rules.endings import last_day_over, last_year_over


@pytest.mark.parametrize(
    ("today", "years", "last"),
    [
        pytest.param("2031-03-31", 5, "2026-03-30", id="the-last-day-counts-to-its-end"),
        pytest.param("2031-04-01", 5, "2026-03-31", id="the-day-after"),
        pytest.param("2029-03-01", 5, "2024-02-29", id="from-29-february"),
        pytest.param("2029-02-28", 5, "2024-02-27", id="and-not-a-day-earlier"),
    ],
)
def test_the_last_day_of_an_event_that_is_over(today, years, last):
    assert last_day_over(date.fromisoformat(today), years=years) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("today", "years", "last"),
    [
        pytest.param("2036-12-31", 10, 2025, id="france-to-the-last-day"),
        pytest.param("2037-01-01", 10, 2026, id="france-the-day-after"),
        pytest.param("2032-01-01", 5, 2026, id="poland"),
        pytest.param("2035-01-01", 8, 2026, id="germany"),
    ],
)
def test_the_last_financial_year_that_is_over(today, years, last):
    assert last_year_over(date.fromisoformat(today), years=years) == last


def test_years_that_do_not_count_are_refused():
    with pytest.raises(InvalidInput):
        last_day_over(date(2030, 1, 1), years=-1)
