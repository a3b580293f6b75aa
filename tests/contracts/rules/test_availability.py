"""Availability of a calendar month: what counts as down, what counts at all, what is met, and the credit."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import availability
from contracts.rules.availability import Span, Tier
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money

PARIS = "Europe/Paris"
TIERS = (Tier(Decimal("99.9"), Decimal(0)), Tier(Decimal("99.0"), Decimal(10)), Tier(Decimal(0), Decimal(25)))


def span(start, end, zone=PARIS):
    tz = ZoneInfo(zone)
    return Span(datetime.fromisoformat(start).replace(tzinfo=tz), datetime.fromisoformat(end).replace(tzinfo=tz))


def measure(month="2026-04-01", incidents=(), planned=(), zone=PARIS, **more):
    return availability.measure(
        **{
            "month": date.fromisoformat(month),
            "zone": zone,
            "target": Decimal("99.9"),
            "incidents": [span(*one, zone=zone) for one in incidents],
            "planned": [span(*one, zone=zone) for one in planned],
            "planned_in_denominator": True,
            "tiers": TIERS,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("month", "zone", "minutes"),
    [
        pytest.param("2026-04-01", PARIS, 43200, id="30-days"),
        pytest.param("2026-01-15", PARIS, 44640, id="31-days-any-day-names-the-month"),
        pytest.param("2028-02-01", PARIS, 41760, id="leap-february"),
        pytest.param("2026-03-01", PARIS, 44580, id="clocks-go-forward"),
        pytest.param("2026-10-01", PARIS, 44700, id="clocks-go-back"),
        pytest.param("2026-10-01", "UTC", 44640, id="no-clock-change"),
        pytest.param("2026-04-01", "Australia/Lord_Howe", 43230, id="half-an-hour-back"),
    ],
)
def test_a_month_lasts_as_long_as_its_zone_says(month, zone, minutes):
    assert measure(month, zone=zone).total_minutes == minutes


@pytest.mark.parametrize(
    ("incidents", "down", "shown", "met", "credit"),
    [
        pytest.param([], 0, "100.000", True, 0, id="nothing-happened"),
        pytest.param([("2026-04-03T10:00", "2026-04-03T10:43")], 43, "99.900", True, 0, id="43-minutes-pass"),
        pytest.param([("2026-04-03T10:00", "2026-04-03T10:44")], 44, "99.898", False, 10, id="44-minutes-fail"),
        pytest.param(
            [("2026-04-03T10:00", "2026-04-03T10:43:12")], Decimal("43.2"), "99.900", True, 0, id="exactly-99.9-passes"
        ),
        pytest.param(
            [("2026-04-03T10:00", "2026-04-03T10:43:13")],
            Decimal("43.216667"),
            "99.899",
            False,
            10,
            id="a-second-more-fails-and-is-not-rounded-up",
        ),
        pytest.param([("2026-04-03T10:00", "2026-04-03T17:12")], 432, "99.000", False, 10, id="exactly-99"),
        pytest.param([("2026-04-03T10:00", "2026-04-03T17:13")], 433, "98.997", False, 25, id="under-99"),
        pytest.param(
            [("2026-04-03T10:00", "2026-04-03T10:30"), ("2026-04-03T10:20", "2026-04-03T10:40")],
            40,
            "99.907",
            True,
            0,
            id="overlapping-ones-are-united",
        ),
        pytest.param(
            [("2026-04-03T10:00", "2026-04-03T11:00"), ("2026-04-03T10:20", "2026-04-03T10:40")],
            60,
            "99.861",
            False,
            10,
            id="one-within-another",
        ),
        pytest.param(
            [("2026-04-03T10:20", "2026-04-03T10:40"), ("2026-04-03T10:00", "2026-04-03T10:20")],
            40,
            "99.907",
            True,
            0,
            id="touching-ones-in-any-order",
        ),
        pytest.param([("2026-03-31T23:50", "2026-04-01T00:10")], 10, "99.976", True, 0, id="split-at-the-start"),
        pytest.param([("2026-04-30T23:50", "2026-05-01T00:10")], 10, "99.976", True, 0, id="split-at-the-end"),
        pytest.param([("2026-03-01T00:00", "2026-05-31T00:00")], 43200, "0.000", False, 25, id="down-all-month"),
        pytest.param([("2026-05-01T00:00", "2026-05-02T00:00")], 0, "100.000", True, 0, id="another-month"),
    ],
)
def test_incidents_count_once_and_within_the_month(incidents, down, shown, met, credit):
    found = measure(incidents=incidents)
    assert found.down_minutes == down
    assert str(found.availability) == shown
    assert (found.met, found.credit_percent) == (met, credit)


def test_an_incident_over_a_clock_change_counts_elapsed_time():
    assert measure("2026-10-01", incidents=[("2026-10-25T01:30", "2026-10-25T03:30")]).down_minutes == 180
    assert measure("2026-03-01", incidents=[("2026-03-29T01:30", "2026-03-29T03:30")]).down_minutes == 60


@pytest.mark.parametrize(
    ("in_denominator", "total", "shown"),
    [pytest.param(True, 43200, "99.930", id="measured"), pytest.param(False, 43140, "99.930", id="not-measured")],
)
def test_planned_minutes_are_never_down(in_denominator, total, shown):
    found = measure(
        incidents=[("2026-04-03T10:30", "2026-04-03T11:30")],
        planned=[("2026-04-03T10:00", "2026-04-03T11:00"), ("2026-04-03T10:30", "2026-04-03T11:00")],
        planned_in_denominator=in_denominator,
    )
    assert (found.total_minutes, found.down_minutes, found.planned) == (total, 30, timedelta(hours=1))
    assert str(found.availability) == shown


def test_the_denominator_can_decide():
    asked = {
        "incidents": [("2026-04-03T10:00", "2026-04-03T10:43")],
        "planned": [("2026-04-10T00:00", "2026-04-11T00:00")],
    }
    assert measure(**asked, planned_in_denominator=True).met
    assert not measure(**asked, planned_in_denominator=False).met


def test_a_month_of_maintenance_alone_is_met():
    found = measure(
        incidents=[("2026-04-03T10:00", "2026-04-03T11:00")],
        planned=[("2026-04-01T00:00", "2026-05-01T00:00")],
        planned_in_denominator=False,
    )
    assert (found.total_minutes, found.down_minutes, str(found.availability), found.met) == (0, 0, "100.000", True)


def test_the_contract_s_life_clips_the_month():
    found = measure(
        incidents=[("2026-04-10T00:00", "2026-04-11T12:00")], life=span("2026-04-11T00:00", "2027-04-11T00:00")
    )
    assert (found.total_minutes, found.down_minutes) == (20 * 1440, 720)


def test_without_tiers_there_is_no_credit():
    assert measure(incidents=[("2026-04-01T00:00", "2026-05-01T00:00")], tiers=()).credit_percent == 0


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        pytest.param({"target": Decimal("100.1")}, "target", "not_per_cent", id="target-over-100"),
        pytest.param({"target": Decimal("-1")}, "target", "not_per_cent", id="target-under-0"),
        pytest.param({"target": Decimal("NaN")}, "target", "not_per_cent", id="no-target"),
        pytest.param({"zone": "Mars/Olympus"}, "time_zone", "unknown_time_zone", id="unknown-zone"),
        pytest.param({"tiers": TIERS[:2]}, "tiers", "tiers_leave_gap", id="gap-at-the-bottom"),
        pytest.param({"tiers": (*TIERS, TIERS[0])}, "tiers", "tiers_overlap", id="two-from-the-same-on"),
        pytest.param(
            {"tiers": (Tier(Decimal(99), Decimal(20)), Tier(Decimal(0), Decimal(10)))},
            "tiers",
            "credit_rises",
            id="better-is-worse",
        ),
        pytest.param({"tiers": (Tier(Decimal(0), Decimal(101)),)}, "tiers", "not_per_cent", id="credit-over-100"),
        pytest.param(
            {"life": span("2026-05-01T00:00", "2026-06-01T00:00")}, "month", "outside_contract", id="not-in-its-life"
        ),
    ],
)
def test_what_has_no_answer_is_refused(asked, field, code):
    with pytest.raises(InvalidInput) as refused:
        measure(**asked)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_tiers_may_come_in_any_order_but_not_empty():
    assert availability.check_tiers(TIERS[::-1]) == TIERS
    with pytest.raises(InvalidInput) as refused:
        availability.check_tiers(())
    assert refused.value.code == "no_tiers"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        pytest.param("2026-04-03T10:00", "2026-04-03T10:00", "ends_before_it_starts", id="no-time-at-all"),
        pytest.param("2026-04-03T10:00", "2026-04-03T09:00", "ends_before_it_starts", id="backwards"),
    ],
)
def test_a_span_ends_after_it_starts(start, end, code):
    with pytest.raises(InvalidInput) as refused:
        span(start, end)
    assert refused.value.code == code


def test_a_span_has_a_zone():
    aware = datetime(2026, 4, 3, tzinfo=ZoneInfo(PARIS))
    for start, end in ((aware.replace(tzinfo=None), aware), (aware, aware.replace(tzinfo=None))):
        with pytest.raises(InvalidInput) as refused:
            Span(start, end)
        assert refused.value.code == "naive"


@pytest.mark.parametrize(
    ("fee", "percent", "cap", "amount"),
    [
        pytest.param("1000", "10", None, "100.00", id="a-tenth"),
        pytest.param("1000", "25", "20", "200.00", id="capped"),
        pytest.param("1000", "25", "50", "250.00", id="under-the-cap"),
        pytest.param("0.05", "10", None, "0.01", id="half-a-cent-up"),
    ],
)
def test_the_credit_is_a_share_of_the_month_s_fee(fee, percent, cap, amount):
    found = availability.credit(
        Money(Decimal(fee), "EUR"), percent=Decimal(percent), cap_percent=None if cap is None else Decimal(cap)
    )
    assert str(found.amount) == amount


@pytest.mark.parametrize(
    ("fee", "percent", "cap"), [("-1", "10", None), ("1", "101", None), ("1", "-1", None), ("1", "1", "NaN")]
)
def test_no_credit_outside_0_to_100_per_cent(fee, percent, cap):
    with pytest.raises(InvalidInput):
        availability.credit(
            Money(Decimal(fee), "EUR"), percent=Decimal(percent), cap_percent=None if cap is None else Decimal(cap)
        )


def test_a_credit_is_claimed_within_its_window():
    assert availability.claim_until(date(2026, 4, 17), days=30) == date(2026, 5, 30)
    assert availability.claim_until(date(2026, 12, 1), days=0) == date(2026, 12, 31)
    with pytest.raises(InvalidInput):
        availability.claim_until(date(2026, 4, 1), days=-1)


MINUTES = st.tuples(st.integers(-2000, 46000), st.integers(1, 3000))


@given(st.lists(MINUTES, max_size=8), st.lists(MINUTES, max_size=4), st.booleans())
def test_every_minute_is_counted_once(incidents, planned, in_denominator):
    start = availability.month_of(date(2026, 4, 1), PARIS).starts_at

    def spans(pairs):
        return [Span(start + timedelta(minutes=a), start + timedelta(minutes=a + n)) for a, n in pairs]

    def minutes(pairs):
        return {minute for a, n in pairs for minute in range(a, a + n) if 0 <= minute < 43200}

    found = availability.measure(
        month=date(2026, 4, 1),
        zone=PARIS,
        target=Decimal("99.9"),
        incidents=spans(incidents),
        planned=spans(planned),
        planned_in_denominator=in_denominator,
    )
    maintained = minutes(planned)
    assert found.down_minutes == len(minutes(incidents) - maintained)
    assert found.total_minutes == (43200 if in_denominator else 43200 - len(maintained))
