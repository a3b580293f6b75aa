"""Which value of an index counts on a day: publication, corrections, the successor's values, what is too old."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import IndexPeriodicity
from contracts.rules import indices
from contracts.rules.errors import InvalidInput
from contracts.rules.indexation import IndexValue

day = date.fromisoformat


def version(month, value, published_on):
    return IndexValue(day(f"{month}-01"), Decimal(value), day(published_on))


JANUARY = version("2026-01", "100", "2026-02-15")
FEBRUARY = version("2026-02", "101", "2026-03-15")


@pytest.mark.parametrize(
    ("versions", "on", "value"),
    [
        pytest.param([JANUARY, FEBRUARY], "2026-03-15", "101", id="published-on-that-very-day"),
        pytest.param([JANUARY, FEBRUARY], "2026-03-14", "100", id="a-day-before-its-publication"),
        pytest.param([JANUARY, FEBRUARY], "2026-02-14", None, id="nothing-is-published-yet"),
        pytest.param([], "2026-02-14", None, id="no-values"),
        pytest.param([FEBRUARY, JANUARY], "2026-04-01", "101", id="in-any-order-of-recording"),
        pytest.param(
            [JANUARY, version("2026-01", "99", "2026-03-01")], "2026-02-28", "100", id="before-the-correction-appeared"
        ),
        pytest.param(
            [JANUARY, version("2026-01", "99", "2026-03-01")], "2026-03-01", "99", id="the-correction-has-appeared"
        ),
        pytest.param(
            [JANUARY, version("2026-01", "99", "2026-02-15")], "2026-02-15", "99", id="a-slip-of-the-pen-never-counts"
        ),
        pytest.param(
            [JANUARY, version("2026-01", "100", "2026-02-10")], "2026-02-12", "100", id="the-day-itself-was-wrong"
        ),
        pytest.param(
            [JANUARY, version("2026-01", "98", "2026-02-10")], "2026-02-20", "98", id="a-wrong-day-does-not-come-back"
        ),
    ],
)
def test_the_last_one_published_on_the_revision_date_counts(versions, on, value):
    found = indices.latest(versions, on=day(on))
    assert (found and found.value.value) == (value and Decimal(value))


@pytest.mark.parametrize(
    ("on", "value", "coefficient"),
    [
        pytest.param("2026-03-20", "101", None, id="the-old-series-while-the-new-one-has-none"),
        pytest.param("2026-04-20", "77", "1.3", id="a-later-value-of-the-new-series"),
    ],
)
def test_a_link_leads_to_the_values_of_the_new_series(on, value, coefficient):
    link = indices.Link(
        Decimal("1.3"),
        day("2026-02-01"),
        (
            version("2026-01", "75", "2026-02-15"),
            version("2026-02", "76", "2026-03-15"),
            version("2026-03", "77", "2026-04-15"),
        ),
    )
    found = indices.latest([JANUARY, FEBRUARY], on=day(on), link=link)
    assert (found.value.value, found.link) == (Decimal(value), coefficient and Decimal(coefficient))


def test_the_new_series_counts_only_from_its_first_period():
    link = indices.Link(Decimal("1.3"), day("2026-03-01"), (version("2026-02", "76", "2026-03-15"),))
    assert indices.latest([JANUARY], on=day("2026-04-01"), link=link).value == JANUARY
    assert indices.latest([], on=day("2026-04-01"), link=link) is None


@pytest.mark.parametrize(
    ("period", "periodicity", "right"),
    [
        ("2026-02-01", "month", True),
        ("2026-02-02", "month", False),
        ("2026-04-01", "quarter", True),
        ("2026-05-01", "quarter", False),
        ("2026-04-02", "quarter", False),
    ],
)
def test_a_period_begins_a_month_or_a_quarter(period, periodicity, right):
    if right:
        indices.check_period(day(period), IndexPeriodicity(periodicity))
        return
    with pytest.raises(InvalidInput) as raised:
        indices.check_period(day(period), IndexPeriodicity(periodicity))
    assert raised.value.code == "not_a_period"


@pytest.mark.parametrize(("on", "stale"), [("2026-05-01", False), ("2026-05-02", True)])
def test_a_value_is_too_old_once_its_period_began_longer_ago_than_the_delay(on, stale):
    assert indices.is_stale(day("2026-01-01"), on=day(on), longest_delay_months=4) is stale
