"""Each regime counts in its own way, moves only where its law moves, and explains itself."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeUnit
from contracts.rules import periods, workdays
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation
from contracts.rules.periods import PeriodKind, Purpose, Regime

day = date.fromisoformat
DAYS, WEEKS, MONTHS = NoticeUnit.DAYS, NoticeUnit.WEEKS, NoticeUnit.MONTHS
CONTRACT_REGIMES = [Regime.FR_CONTRACT, Regime.PL_CONTRACT, Regime.DE_CONTRACT]


def codes(found):
    return [step.code for step in found.explanation.steps]


@pytest.mark.parametrize(
    ("event_on", "length", "unit", "country", "nominal", "legal", "internal"),
    [
        pytest.param("2026-01-31", 1, MONTHS, "FR", "2026-02-28", "2026-03-02", "2026-02-27", id="gdpr-clamp-and-move"),
        pytest.param("2026-01-31", 3, MONTHS, "FR", "2026-04-30", "2026-04-30", "2026-04-30", id="gdpr-extended"),
        pytest.param("2026-11-24", 1, MONTHS, "FR", "2026-12-24", "2026-12-24", "2026-12-24", id="christmas-eve-fr"),
        pytest.param("2026-11-24", 1, MONTHS, "PL", "2026-12-24", "2026-12-28", "2026-12-23", id="christmas-eve-pl"),
        pytest.param("2024-11-24", 1, MONTHS, "PL", "2024-12-24", "2024-12-24", "2024-12-24", id="pl-before-2025"),
        pytest.param("2026-04-02", 1, DAYS, "DE", "2026-04-03", "2026-04-07", "2026-04-02", id="good-friday-de"),
        pytest.param("2026-04-02", 1, DAYS, "FR", "2026-04-03", "2026-04-03", "2026-04-03", id="no-good-friday-in-fr"),
        pytest.param("2026-09-02", 30, DAYS, "FR", "2026-10-02", "2026-10-02", "2026-10-02", id="thirty-days"),
        pytest.param("2026-09-03", 30, DAYS, "FR", "2026-10-03", "2026-10-05", "2026-10-02", id="saturday"),
        pytest.param("2026-09-04", 30, DAYS, "FR", "2026-10-04", "2026-10-05", "2026-10-02", id="sunday"),
        pytest.param("2026-10-18", 2, WEEKS, "FR", "2026-11-01", "2026-11-02", "2026-10-30", id="all-saints-on-sunday"),
        pytest.param("2026-09-04", 1, DAYS, "FR", "2026-09-05", "2026-09-07", "2026-09-04", id="one-day-on-a-friday"),
        pytest.param("2026-09-04", 2, DAYS, "FR", "2026-09-06", "2026-09-08", "2026-09-04", id="two-working-days"),
        pytest.param("2026-09-03", 2, DAYS, "FR", "2026-09-05", "2026-09-07", "2026-09-04", id="two-with-the-move"),
        pytest.param("2026-12-31", 2, MONTHS, "FR", "2027-02-28", "2027-03-01", "2027-02-26", id="over-the-year"),
        pytest.param("2027-12-29", 2, MONTHS, "FR", "2028-02-29", "2028-02-29", "2028-02-29", id="leap-day"),
    ],
)
def test_eu_periods_move_forward(event_on, length, unit, country, nominal, legal, internal):
    found = periods.count_forward(day(event_on), length=length, unit=unit, regime=Regime.EU, calendar_country=country)
    assert (found.nominal, found.legal, found.internal) == (day(nominal), day(legal), day(internal))
    assert found.calendar_country == country
    assert ("moved_forward" in codes(found)) == (workdays.why_not_worked(day(nominal), country) is not None)
    assert ("two_working_days_at_least" in codes(found)) == (event_on == "2026-09-04" and length == 2)
    assert ("clamped_to_month_end" in codes(found)) == (unit is MONTHS and day(nominal).day != day(event_on).day)


@pytest.mark.parametrize(
    ("regime", "kind", "legal"),
    [
        pytest.param(Regime.EU, PeriodKind.PERFORMANCE, "2026-10-05", id="eu-moves"),
        pytest.param(Regime.FR_CONTRACT, PeriodKind.PERFORMANCE, "2026-10-03", id="fr-does-not"),
        pytest.param(Regime.FR_CONTRACT, PeriodKind.NOTICE, "2026-10-03", id="fr-notice-does-not"),
        pytest.param(Regime.PL_CONTRACT, PeriodKind.PERFORMANCE, "2026-10-05", id="pl-act-moves"),
        pytest.param(Regime.PL_CONTRACT, PeriodKind.NOTICE, "2026-10-03", id="pl-notice-does-not"),
        pytest.param(Regime.DE_CONTRACT, PeriodKind.PERFORMANCE, "2026-10-05", id="de-declaration-moves"),
        pytest.param(Regime.DE_CONTRACT, PeriodKind.NOTICE, "2026-10-03", id="de-notice-does-not"),
    ],
)
def test_a_saturday_moves_where_the_law_moves_it(regime, kind, legal):
    found = periods.count_forward(
        day("2026-09-03"), length=30, unit=DAYS, regime=regime, calendar_country="PL", kind=kind
    )
    assert found.legal == day(legal)
    assert ("not_moved" in codes(found)) == (legal == "2026-10-03")


def test_a_working_day_does_not_move():
    found = periods.count_forward(
        day("2026-09-02"), length=30, unit=DAYS, regime=Regime.PL_CONTRACT, calendar_country="PL"
    )
    assert found.legal == found.nominal
    assert "moved_forward" not in codes(found)


@pytest.mark.parametrize(
    ("purpose", "internal"),
    [
        pytest.param(Purpose.DUTY, "2026-10-02", id="a-duty-is-done-by-the-earliest-reading"),
        pytest.param(Purpose.GRANT, "2026-10-05", id="a-minimum-is-granted-to-the-latest-reading"),
    ],
)
def test_who_is_bound_decides_when_we_act(purpose, internal):
    found = periods.count_forward(
        day("2026-09-03"), length=30, unit=DAYS, regime=Regime.EU, calendar_country="FR", purpose=purpose
    )
    assert found.internal == day(internal)


@pytest.mark.parametrize(
    ("last_day", "length", "unit", "nominal", "legal", "internal"),
    [
        pytest.param("2003-06-30", 6, MONTHS, "2002-12-30", "2002-12-31", "2002-12-30", id="cass-2006"),
        pytest.param("2027-02-28", 3, MONTHS, "2026-11-28", "2026-11-30", "2026-11-27", id="nominal-on-saturday"),
        pytest.param("2026-12-31", 3, MONTHS, "2026-09-30", "2026-09-30", "2026-09-30", id="year-end"),
        pytest.param("2026-12-31", 30, DAYS, "2026-12-01", "2026-12-01", "2026-12-01", id="days"),
        pytest.param("2026-08-14", 3, MONTHS, "2026-05-14", "2026-05-14", "2026-05-13", id="ascension-stays-in-france"),
    ],
)
def test_french_notice_is_the_greatest_day_and_never_moves(last_day, length, unit, nominal, legal, internal):
    found = periods.count_back(
        day(last_day), length=length, unit=unit, regime=Regime.FR_CONTRACT, calendar_country="FR"
    )
    assert (found.nominal, found.legal, found.internal) == (day(nominal), day(legal), day(internal))
    assert found.latest == found.legal
    assert ("05-16.483" in found.explanation.source) == (nominal != legal)


@pytest.mark.parametrize(
    ("last_day", "length", "unit", "legal", "disputed"),
    [
        pytest.param("2027-01-31", 3, MONTHS, "2026-10-31", "2026-11-02", id="saturday-before-all-saints"),
        pytest.param("2026-12-31", 3, MONTHS, "2026-09-30", None, id="working-day"),
        pytest.param("2027-03-24", 3, MONTHS, "2026-12-24", "2026-12-28", id="christmas-eve-since-2025"),
        pytest.param("2025-03-24", 3, MONTHS, "2024-12-24", None, id="christmas-eve-before-2025"),
        pytest.param("2026-10-31", 1, DAYS, "2026-10-30", None, id="friday"),
        pytest.param("2026-11-02", 2, DAYS, "2026-10-31", "2026-11-02", id="as-far-as-the-end-of-the-term"),
        pytest.param("2026-10-31", 0, DAYS, "2026-10-31", None, id="not-past-the-end-of-the-term"),
    ],
)
def test_polish_notice_shows_the_moved_reading_as_disputed(last_day, length, unit, legal, disputed):
    found = periods.count_back(
        day(last_day), length=length, unit=unit, regime=Regime.PL_CONTRACT, calendar_country="PL"
    )
    assert (found.legal, found.disputed) == (day(legal), disputed and day(disputed))
    assert found.latest == day(disputed or legal)
    assert ("disputed_reading_moves" in codes(found)) == (disputed is not None)


def test_german_notice_has_no_other_reading():
    found = periods.count_back(
        day("2027-01-31"), length=3, unit=MONTHS, regime=Regime.DE_CONTRACT, calendar_country="DE"
    )
    assert (found.legal, found.disputed) == (day("2026-10-31"), None)


def test_an_eu_period_counted_backwards_never_moves():
    found = periods.count_back(
        day("2026-10-04"),
        length=1,
        unit=DAYS,
        regime=Regime.EU,
        calendar_country="FR",
        kind=PeriodKind.PERFORMANCE,
    )
    assert (found.nominal, found.legal, found.internal) == (day("2026-10-03"), day("2026-10-03"), day("2026-10-02"))


@pytest.mark.parametrize("count", [periods.count_forward, periods.count_back])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"regime": Regime.EU, "kind": PeriodKind.NOTICE}, "eu_is_no_contract_law", id="eu-for-a-notice"),
        pytest.param({"regime": Regime.HOURS}, "hours_are_elapsed", id="hours-in-days"),
        pytest.param({"length": -1}, "negative", id="negative-length"),
        pytest.param({"calendar_country": "XX"}, "unknown_country", id="unknown-country"),
        pytest.param({"calendar_country": "fr"}, "unknown_country", id="lower-case-country"),
        pytest.param({"length": 10**7}, "out_of_calendar", id="too-far"),
    ],
)
def test_what_has_no_answer_is_refused(count, changed, code):
    asked = {"length": 1, "unit": MONTHS, "regime": Regime.PL_CONTRACT, "calendar_country": "PL"}
    with pytest.raises(InvalidInput) as refused:
        count(day("2026-01-31"), **(asked | changed))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("law", "regime"),
    [("FR", "fr_contract"), ("PL", "pl_contract"), ("DE", "de_contract"), ("OTHER", "fr_contract")],
)
def test_the_law_of_the_contract_decides_how_to_count(law, regime):
    assert periods.contract_regime(GoverningLaw(law)) == regime


@given(
    st.dates(date(1980, 1, 1), date(2090, 1, 1)),
    st.integers(0, 400),
    st.sampled_from([DAYS, WEEKS]) | st.just(MONTHS),
    st.sampled_from([Regime.EU, *CONTRACT_REGIMES]),
    st.sampled_from(["FR", "PL", "DE", "SE"]),
    st.sampled_from(Purpose),
)
def test_a_deadline_is_ordered_and_explained(event_on, length, unit, regime, country, purpose):
    found = periods.count_forward(
        event_on, length=length, unit=unit, regime=regime, calendar_country=country, purpose=purpose
    )
    assert event_on <= found.nominal <= found.legal
    assert found.internal <= found.legal
    assert workdays.why_not_worked(found.internal, country) is None or regime is Regime.FR_CONTRACT
    if regime is not Regime.FR_CONTRACT:
        assert workdays.why_not_worked(found.legal, country) is None
    assert Explanation.from_json(found.explanation.to_json()) == found.explanation


def test_the_move_names_every_day_stepped_over():
    found = periods.count_forward(day("2026-11-24"), length=1, unit=MONTHS, regime=Regime.EU, calendar_country="PL")
    moved = next(step for step in found.explanation.steps if step.code == "moved_forward")
    assert [(skipped["on"], skipped["reason"]) for skipped in moved.params["skipped"]] == [
        ("2026-12-24", "holiday"),
        ("2026-12-25", "holiday"),
        ("2026-12-26", "holiday"),
        ("2026-12-27", "sunday"),
    ]
    assert found.explanation.inputs["holidays"]
    assert (found.explanation.rule, found.explanation.version) == ("eu.forward", 1)


@pytest.mark.parametrize(
    ("since", "hours", "zone", "local"),
    [
        pytest.param("2026-10-23T18:00+02:00", 72, "Europe/Paris", "2026-10-26T17:00+01:00", id="clocks-go-back"),
        pytest.param("2027-03-26T18:00+01:00", 72, "Europe/Paris", "2027-03-29T19:00+02:00", id="clocks-go-forward"),
        pytest.param("2026-12-24T09:00+01:00", 24, "Europe/Warsaw", "2026-12-25T09:00+01:00", id="no-holiday-moves"),
        pytest.param("2026-06-05T12:00+02:00", 0, "Europe/Paris", "2026-06-05T12:00+02:00", id="at-once"),
        pytest.param("2026-06-05T23:30Z", 24, "Asia/Tokyo", "2026-06-07T08:30+09:00", id="shown-in-the-zone"),
    ],
)
def test_hours_are_elapsed_hours(since, hours, zone, local):
    found = periods.count_hours(datetime.fromisoformat(since), hours=hours, zone=zone)
    assert found.local.isoformat(timespec="minutes") == local
    assert found.due_at.tzinfo is UTC
    assert found.explanation.steps[0].params["hours"] == hours


@pytest.mark.parametrize(
    ("since", "hours", "zone", "field"),
    [
        pytest.param("2026-10-23T18:00", 72, "Europe/Paris", "since", id="naive"),
        pytest.param("2026-10-23T18:00Z", -1, "Europe/Paris", "hours", id="negative"),
        pytest.param("2026-10-23T18:00Z", 72, "Europe/Pari", "time_zone", id="unknown-zone"),
    ],
)
def test_impossible_hours_are_refused(since, hours, zone, field):
    with pytest.raises(InvalidInput, match=field):
        periods.count_hours(datetime.fromisoformat(since), hours=hours, zone=zone)


@pytest.mark.parametrize(
    ("on", "zone", "instant"),
    [
        pytest.param("2026-06-01", "Europe/Paris", "2026-05-31T22:00Z", id="summer"),
        pytest.param("2026-12-01", "Europe/Paris", "2026-11-30T23:00Z", id="winter"),
        pytest.param("2026-10-25", "Europe/Paris", "2026-10-24T22:00Z", id="day-of-25-hours"),
        pytest.param("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00Z", id="no-midnight-sao-paulo"),
        pytest.param("2019-02-17", "America/Sao_Paulo", "2019-02-17T03:00Z", id="23-h-comes-twice-before-midnight"),
        pytest.param("2024-03-31", "Asia/Beirut", "2024-03-30T22:00Z", id="no-midnight-beirut"),
        pytest.param("2024-04-26", "Africa/Cairo", "2024-04-25T22:00Z", id="no-midnight-cairo"),
        pytest.param("2024-10-31", "Africa/Cairo", "2024-10-30T21:00Z", id="cairo-last-day-of-summer"),
        pytest.param("2024-11-01", "Africa/Cairo", "2024-10-31T22:00Z", id="cairo-after-going-back-to-23-h"),
        pytest.param("2024-11-03", "America/Havana", "2024-11-03T04:00Z", id="midnight-twice-havana"),
        pytest.param("2010-11-07", "America/St_Johns", "2010-11-07T02:30Z", id="midnight-twice-a-minute-apart"),
        pytest.param("1919-03-31", "America/Toronto", "1919-03-31T04:30Z", id="gap-from-2330-to-0030"),
        pytest.param("2011-12-30", "Pacific/Apia", "2011-12-30T10:00Z", id="a-day-that-never-was"),
        pytest.param("2011-12-31", "Pacific/Apia", "2011-12-30T10:00Z", id="the-day-after-it"),
        pytest.param("2026-01-01", "Pacific/Kiritimati", "2025-12-31T10:00Z", id="fourteen-hours-ahead"),
        pytest.param("2026-01-01", "Asia/Kathmandu", "2025-12-31T18:15Z", id="quarter-hours"),
    ],
)
def test_midnight_is_the_first_instant_of_the_local_day(on, zone, instant):
    found = periods.midnight(day(on), zone)
    assert found == datetime.fromisoformat(instant)
    assert found.tzinfo is UTC
    assert found == periods.midnight(day(on), ZoneInfo(zone))


AWKWARD_ZONES = [
    "Africa/Cairo",
    "America/Asuncion",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "America/Toronto",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Paris",
    "Pacific/Apia",
    "Pacific/Kwajalein",
]


@given(st.dates(date(1900, 1, 1), date(2060, 1, 1)), st.sampled_from(AWKWARD_ZONES))
def test_the_instant_before_midnight_is_an_earlier_day(on, zone):
    found = periods.midnight(on, zone)
    assert periods.local_day(found, zone) >= on
    assert periods.local_day(found - timedelta(seconds=1), zone) < on


@pytest.mark.parametrize("zone", AWKWARD_ZONES)
def test_midnight_agrees_with_walking_through_the_minutes_of_every_change(zone):
    tz = ZoneInfo(zone)
    start, hour = datetime(2000, 1, 1, tzinfo=UTC), timedelta(hours=1)
    instants = (start + hour * count for count in range(15 * 8766))
    changes = []
    before = start.astimezone(tz).utcoffset()
    for instant in instants:
        if (offset := instant.astimezone(tz).utcoffset()) != before:
            changes.append(instant)
            before = offset
    for change in changes[:12]:
        walk = [change + timedelta(minutes=count) for count in range(-36 * 60, 14 * 60)]
        on = change.astimezone(tz).date()
        first = next(instant for instant in walk if periods.local_day(instant, tz) == on)
        assert periods.midnight(on, tz) == first


@pytest.mark.parametrize(
    "name", ["Europe/Pariz", "europe/paris", "", "localtime", "Factory", "../etc/passwd", "Europe", "Europe/Paris\0"]
)
def test_an_unknown_time_zone_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        periods.zone_of(name)
    assert refused.value.code == "unknown_time_zone"


def test_far_away_days_have_no_midnight():
    with pytest.raises(InvalidInput, match="date: not between"):
        periods.midnight(day("9999-12-31"), "Europe/Paris")


@pytest.mark.parametrize(
    ("instant", "zone", "on"),
    [
        pytest.param("2026-06-01T12:00Z", "Pacific/Kiritimati", "2026-06-02", id="already-tomorrow"),
        pytest.param("2026-06-01T12:00Z", "Europe/Paris", "2026-06-01", id="the-same-day"),
        pytest.param("2026-06-01T05:00Z", "America/Los_Angeles", "2026-05-31", id="still-yesterday"),
    ],
)
def test_today_is_the_date_in_the_contracts_own_zone(instant, zone, on):
    assert periods.local_day(datetime.fromisoformat(instant), zone) == day(on)


@pytest.mark.parametrize(
    ("instant", "days"),
    [
        pytest.param("2026-06-01T00:00Z", {"2026-05-31": "Etc/GMT+12", "2026-06-01": "UTC"}, id="two-days"),
        pytest.param(
            "2026-06-01T11:00Z",
            {"2026-05-31": "Etc/GMT+12", "2026-06-01": "Europe/Paris", "2026-06-02": "Pacific/Kiritimati"},
            id="three-days",
        ),
    ],
)
def test_several_days_are_on_earth_at_once(instant, days):
    found = periods.days_on_earth(datetime.fromisoformat(instant))
    assert [str(one) for one in found] == list(days)
    assert all(zone in found[day(on)] for on, zone in days.items())
    assert sum(len(zones) for zones in found.values()) == len(frozenset().union(*found.values()))
    assert periods.latest_day(datetime.fromisoformat(instant)) == day(max(days))


def test_a_naive_instant_has_no_day():
    with pytest.raises(InvalidInput, match="instant"):
        periods.local_day(datetime.fromisoformat("2026-06-01T12:00"), "Europe/Paris")
