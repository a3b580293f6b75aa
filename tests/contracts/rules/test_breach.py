"""Hours elapse whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import breach
from contracts.rules.errors import InvalidInput

wall = datetime.fromisoformat


@pytest.mark.parametrize(
    ("aware_at", "zone", "hours", "due"),
    [
        pytest.param("2026-10-23T18:00", "Europe/Paris", 72, "2026-10-26T17:00:00+01:00", id="clocks-go-back"),
        pytest.param("2026-03-27T18:00", "Europe/Paris", 72, "2026-03-30T19:00:00+02:00", id="clocks-go-forward"),
        pytest.param("2026-12-24T09:30", "Europe/Warsaw", 24, "2026-12-25T09:30:00+01:00", id="no-holiday"),
        pytest.param("2026-10-25T02:30", "Europe/Paris", 24, "2026-10-26T01:30:00+01:00", id="twice-the-earlier"),
        pytest.param("2026-10-24T02:30", "Europe/Paris", 25, "2026-10-25T02:30:00+01:00", id="due-when-it-comes-again"),
        pytest.param("2026-05-01T00:00:30", "Asia/Kathmandu", 1, "2026-05-01T01:00:30+05:45", id="odd-offset-seconds"),
        pytest.param("2026-05-01T12:00", "UTC", 0, "2026-05-01T12:00:00+00:00", id="at-once"),
    ],
)
def test_a_breach_is_told_by(aware_at, zone, hours, due):
    found = breach.due(wall(aware_at), zone=zone, hours=hours)
    assert found.local.isoformat() == due
    twice = [step.code for step in found.explanation.steps].count("earlier_of_two_instants")
    assert twice == (aware_at == "2026-10-25T02:30")


@pytest.mark.parametrize(
    ("aware_at", "zone", "hours", "field", "code"),
    [
        pytest.param("2026-03-29T02:30", "Europe/Paris", 24, "aware_at", "nonexistent_local_time", id="skipped"),
        pytest.param("2026-03-29T02:30+01:00", "Europe/Paris", 24, "aware_at", "not_local", id="with-an-offset"),
        pytest.param("2026-03-28T02:30", "Europe/Pariss", 24, "time_zone", "unknown_time_zone", id="no-zone"),
        pytest.param("2026-03-28T02:30", "Europe/Paris", -1, "hours", "negative", id="negative"),
        pytest.param("2026-03-28T02:30", "Europe/Paris", 10**30, "hours", "out_of_calendar", id="a-slip-of-the-pen"),
        pytest.param("9999-03-28T02:30", "Europe/Paris", 1, "aware_at", "out_of_calendar", id="year-9999"),
        pytest.param("9998-12-31T02:30", "Europe/Paris", 48, "hours", "out_of_calendar", id="due-too-late"),
    ],
)
def test_what_cannot_be_is_refused_by_field(aware_at, zone, hours, field, code):
    with pytest.raises(InvalidInput) as refused:
        breach.due(wall(aware_at), zone=zone, hours=hours)
    assert (refused.value.field, refused.value.code) == (field, code)


@given(st.datetimes(wall("1980-01-01"), wall("2100-01-01")), st.integers(0, 1000))
def test_exactly_that_many_hours_elapse(aware_at, hours):
    try:
        found = breach.due(aware_at, zone="Europe/Paris", hours=hours)
    except InvalidInput as error:
        assert error.code == "nonexistent_local_time" and aware_at.month in (3, 4)
        return
    since = datetime.fromisoformat(found.explanation.inputs["aware_at"])
    assert found.due_at.astimezone(UTC) - since == timedelta(hours=hours)
