"""What the rules of dates refuse, by field, code and particulars; what the clocks on a wall mean."""

from datetime import UTC, date, datetime

import pytest

from contracts.enums import NoticeUnit
from contracts.rules import periods, terms
from contracts.rules.errors import InvalidInput
from contracts.rules.periods import PeriodKind, Regime

day = date.fromisoformat
DAYS, MONTHS = NoticeUnit.DAYS, NoticeUnit.MONTHS
BOUNDS = {"earliest": day("0002-01-01"), "latest": day("9998-12-31")}


def refused(rule, *args, **more):
    with pytest.raises(InvalidInput) as raised:
        rule(*args, **more)
    return raised.value.field, raised.value.code, raised.value.params


COUNTED = {"length": 1, "unit": MONTHS, "regime": Regime.PL_CONTRACT, "calendar_country": "PL"}


@pytest.mark.parametrize("count", [periods.count_forward, periods.count_back])
@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        pytest.param({"length": -1}, "length", "negative", id="negative"),
        pytest.param({"regime": Regime.HOURS}, "regime", "hours_are_elapsed", id="hours"),
        pytest.param(
            {"regime": Regime.EU, "kind": PeriodKind.NOTICE}, "regime", "eu_is_no_contract_law", id="union-law"
        ),
    ],
)
def test_a_period_refused_names_its_field(count, changed, field, code):
    assert refused(count, day("2026-01-31"), **{**COUNTED, **changed}) == (field, code, {})


@pytest.mark.parametrize(
    ("rule", "asked", "found"),
    [
        pytest.param(
            periods.greatest_day_before,
            {"last_day": day("2026-01-31"), "length": -1, "unit": DAYS},
            ("length", "negative", {}),
            id="negative-notice",
        ),
        pytest.param(
            periods.count_hours,
            {"since": datetime.fromisoformat("2026-01-01"), "hours": 1, "zone": "Europe/Paris"},
            ("since", "naive", {}),
            id="naive-start",
        ),
        pytest.param(
            periods.count_hours,
            {"since": datetime.fromisoformat("2026-01-01T00:00Z"), "hours": -1, "zone": "Europe/Paris"},
            ("hours", "negative", {}),
            id="negative-hours",
        ),
        pytest.param(
            periods.count_hours,
            {"since": datetime.fromisoformat("2026-01-01T00:00Z"), "hours": 10**12, "zone": "Europe/Paris"},
            ("hours", "out_of_calendar", {}),
            id="more-hours-than-can-be-counted",
        ),
        pytest.param(
            periods.count_hours,
            {"since": datetime.fromisoformat("9998-12-31T23:00Z"), "hours": 1, "zone": "Europe/Paris"},
            ("hours", "out_of_calendar", BOUNDS),
            id="an-hour-beyond-the-calendar",
        ),
        pytest.param(
            periods.zone_of,
            {"name": "Europe/Pari"},
            ("time_zone", "unknown_time_zone", {"name": "Europe/Pari"}),
            id="unknown-zone",
        ),
        pytest.param(
            periods.local_day,
            {"instant": datetime.fromisoformat("2026-01-01"), "zone": "Europe/Paris"},
            ("instant", "naive", {}),
            id="naive-instant",
        ),
        pytest.param(
            periods.midnight,
            {"day": day("0001-12-31"), "zone": "UTC"},
            ("date", "out_of_calendar", BOUNDS),
            id="year-1",
        ),
        pytest.param(
            periods.instant_of,
            {"wall": datetime.fromisoformat("2026-01-01T00:00Z"), "zone": "Europe/Paris", "field": "aware_at"},
            ("aware_at", "not_local", {}),
            id="a-wall-clock-has-no-offset",
        ),
        pytest.param(
            periods.instant_of,
            {"wall": datetime.fromisoformat("2026-03-29T02:30"), "zone": "Europe/Paris", "field": "aware_at"},
            ("aware_at", "nonexistent_local_time", {"at": "2026-03-29T02:30:00", "zone": "Europe/Paris"}),
            id="a-time-that-the-clocks-skip",
        ),
        pytest.param(
            periods.instant_of,
            {"wall": datetime.fromisoformat("9999-01-01"), "zone": "Europe/Paris", "field": "aware_at"},
            ("aware_at", "out_of_calendar", BOUNDS),
            id="a-time-beyond-the-calendar",
        ),
        pytest.param(
            periods.instant_of,
            {"wall": datetime.fromisoformat("2026-03-29T02:30"), "zone": "Europe/Paris"},
            ("at", "nonexistent_local_time", {"at": "2026-03-29T02:30:00", "zone": "Europe/Paris"}),
            id="a-time-is-called-at-where-nobody-says-otherwise",
        ),
        pytest.param(
            terms.term,
            {"number": 0, "anchor": day("2026-01-01"), "first": 1, "renewal": 1},
            ("number", "under_one", {}),
            id="term-zero",
        ),
        pytest.param(
            terms.term_at,
            {"day": day("2025-12-31"), "anchor": day("2026-01-01"), "first": 1, "renewal": 1},
            ("day", "before_anchor", {}),
            id="a-day-before-the-contract",
        ),
        pytest.param(
            terms.term_at,
            {"day": day("9999-01-01"), "anchor": day("2026-01-01"), "first": 1, "renewal": 1},
            ("day", "out_of_calendar", BOUNDS),
            id="a-day-beyond-the-calendar",
        ),
        pytest.param(
            terms.term_at,
            {"day": day("2026-12-31"), "anchor": day("2026-01-01"), "first": 0, "renewal": 1},
            ("first", "under_one", {}),
            id="a-first-term-of-no-month",
        ),
        pytest.param(
            terms.term_at,
            {"day": day("2026-12-31"), "anchor": day("2026-01-01"), "first": 1, "renewal": 0},
            ("renewal", "under_one", {}),
            id="a-renewal-of-no-month",
        ),
        pytest.param(
            terms.term_at,
            {"day": day("2026-12-31"), "anchor": day("0001-01-01"), "first": 1, "renewal": 1},
            ("anchor", "out_of_calendar", BOUNDS),
            id="an-anchor-before-the-calendar",
        ),
    ],
)
def test_what_is_refused_names_field_code_and_particulars(rule, asked, found):
    assert refused(rule, **asked) == found


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        pytest.param("2026-06-01T09:00", "Europe/Paris", "2026-06-01T07:00Z", id="plain"),
        pytest.param("2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:30Z", id="of-two-the-earlier"),
        pytest.param("2026-03-29T03:00", "Europe/Paris", "2026-03-29T01:00Z", id="the-first-after-a-gap"),
        pytest.param("2026-03-29T01:59", "Europe/Paris", "2026-03-29T00:59Z", id="the-last-before-a-gap"),
    ],
)
def test_a_time_on_the_wall_is_an_instant(wall, zone, instant):
    found = periods.instant_of(datetime.fromisoformat(wall), zone)
    assert found == datetime.fromisoformat(instant)
    assert found.tzinfo is UTC
    assert periods.instant_of(datetime.fromisoformat(wall).replace(fold=1), zone) == found
