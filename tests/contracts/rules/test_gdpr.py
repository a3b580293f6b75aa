"""The clock of an answer to a data subject: one month, extended in one step, paused without starting again."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import gdpr, workdays
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation
from contracts.rules.gdpr import Pause

day = date.fromisoformat
ONE = timedelta(days=1)


def due(received_on, country="FR", told=None, *pauses):
    return gdpr.response_due(
        day(received_on),
        country=country,
        extension_told_on=told and day(told),
        pauses=[Pause(day(asked), day(answered)) for asked, answered in pauses],
    )


def codes(found):
    return [step.code for step in found.explanation.steps]


WEEK = ("2026-12-03", "2026-12-10")


@pytest.mark.parametrize(
    ("found", "dates"),  # nominal, legal, internal
    [
        pytest.param(due("2026-01-31"), "2026-02-28 2026-03-02 2026-02-27", id="clamped-and-moved"),
        pytest.param(due("2026-11-24"), "2026-12-24 2026-12-24 2026-12-24", id="christmas-eve-in-france"),
        pytest.param(due("2026-11-24", "PL"), "2026-12-24 2026-12-28 2026-12-23", id="christmas-eve-in-poland"),
        pytest.param(due("2026-01-31", "FR", "2026-02-20"), "2026-04-30 2026-04-30 2026-04-30", id="extended"),
        pytest.param(due("2026-01-31", "FR", "2026-03-02"), "2026-04-30 2026-04-30 2026-04-30", id="told-on-due-day"),
        pytest.param(due("2026-01-31", "FR", "2026-03-03"), "2026-02-28 2026-03-02 2026-02-27", id="told-a-day-late"),
        pytest.param(due("2026-11-30", "FR", "2026-12-01"), "2027-02-28 2027-03-01 2027-02-26", id="in-one-step"),
        pytest.param(due("2026-11-24", "FR", None, WEEK), "2026-12-31 2026-12-31 2026-12-31", id="paused-a-week"),
        pytest.param(due("2026-11-24", "PL", None, WEEK), "2026-12-31 2026-12-31 2026-12-31", id="paused-in-poland"),
        pytest.param(
            due("2026-11-24", "FR", "2026-12-28", WEEK), "2027-03-03 2027-03-03 2027-03-03", id="told-within-the-pause"
        ),
        pytest.param(
            due("2026-11-24", "FR", None, WEEK, ("2026-12-28", "2027-01-04")),
            "2027-01-07 2027-01-07 2027-01-07",
            id="a-second-pause-while-the-clock-still-runs",
        ),
        pytest.param(
            due("2026-11-24", "FR", None, ("2026-12-24", "2026-12-26")),
            "2026-12-26 2026-12-28 2026-12-24",
            id="paused-on-the-due-day",
        ),
        pytest.param(
            due("2026-11-24", "FR", None, ("2026-12-25", "2027-01-04")),
            "2026-12-24 2026-12-24 2026-12-24",
            id="paused-after-it",
        ),
        pytest.param(
            due("2026-11-24", "FR", None, ("2026-12-03", "2026-12-03")),
            "2026-12-24 2026-12-24 2026-12-24",
            id="answered-on-the-day-of-the-question",
        ),
    ],
)
def test_a_request_is_answered_by(found, dates):
    assert f"{found.nominal} {found.legal} {found.internal}" == dates


def test_the_steps_say_what_became_of_extension_and_pause():
    assert codes(due("2026-01-31", "FR", "2026-03-02"))[0] == "extension_told_in_time"
    assert codes(due("2026-01-31", "FR", "2026-03-03"))[-1] == "extension_told_late"
    assert "clock_paused" in codes(due("2026-11-24", "FR", None, WEEK))
    assert "pause_after_due" in codes(due("2026-11-24", "FR", None, ("2026-12-25", "2027-01-04")))


@pytest.mark.parametrize(
    ("found", "other"),
    [
        pytest.param(due("2026-11-24", "FR", None, WEEK), "2027-01-04", id="both-days-counted"),
        pytest.param(due("2026-11-24"), None, id="no-pause"),
        pytest.param(due("2026-11-24", "FR", None, ("2026-12-24", "2026-12-26")), None, id="moved-to-the-same-day"),
    ],
)
def test_the_reading_that_counts_both_days_of_a_pause_is_shown(found, other):
    assert found.explanation.other_reading == (other and day(other))


@pytest.mark.parametrize(
    ("inputs", "field", "code"),
    [
        pytest.param(("2026-11-24", "FR", "2026-11-23"), "extension_told_on", "before_receipt", id="told-before"),
        pytest.param(
            ("2026-11-24", "FR", None, ("2026-11-23", "2026-11-25")), "paused", "before_receipt", id="asked-before"
        ),
        pytest.param(
            ("2026-11-24", "FR", None, ("2026-12-10", "2026-12-03")), "paused", "ends_before_it_starts", id="backwards"
        ),
        pytest.param(
            ("2026-11-24", "FR", None, WEEK, ("2026-12-09", "2026-12-12")), "paused", "overlaps", id="overlapping"
        ),
        pytest.param(("2026-11-24", "XX"), "calendar_country", "unknown_country", id="nowhere"),
        pytest.param(("9998-12-15", "FR"), "date", "out_of_calendar", id="year-9999"),
        pytest.param(
            ("9998-10-15", "FR", None, ("9998-11-01", "9999-11-01")), "paused", "out_of_calendar", id="paused-for-ever"
        ),
    ],
)
def test_what_cannot_be_is_refused_by_field(inputs, field, code):
    with pytest.raises(InvalidInput) as refused:
        due(*inputs)
    assert (refused.value.field, refused.value.code) == (field, code)


received = st.dates(date(2018, 5, 25), date(2060, 12, 31))
countries = st.sampled_from(["FR", "PL", "DE", "NZ"])


@given(received, countries, st.integers(0, 20), st.integers(0, 40))
def test_a_pause_never_brings_the_day_forward_and_the_vendor_acts_first(on, country, asked, days):
    plain = gdpr.response_due(on, country=country)
    paused = gdpr.response_due(on, country=country, pauses=[Pause(on + asked * ONE, on + (asked + days) * ONE)])
    assert paused.nominal - plain.nominal == days * ONE
    for found in (plain, paused):
        assert found.internal <= found.nominal <= found.legal <= (found.explanation.other_reading or found.legal)
        assert workdays.why_not_worked(found.legal, country) is None
        assert Explanation.from_json(found.explanation.to_json()) == found.explanation


@given(received, countries)
def test_a_day_later_received_is_never_due_earlier(on, country):
    assert gdpr.response_due(on, country=country).legal <= gdpr.response_due(on + ONE, country=country).legal
