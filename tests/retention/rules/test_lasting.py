"""How long content is kept: days and months, of all lengths the longest, and minimums as they are configured."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import NoticeUnit
from contracts.rules import periods
from contracts.rules.errors import InvalidInput
from retention.rules import minimums
from retention.rules.lasting import Claim, Claimant, Length, cutoff, may_go_from, night_after

PARIS, WARSAW, AUCKLAND = "Europe/Paris", "Europe/Warsaw", "Pacific/Auckland"
CATEGORIES = frozenset({"conversations", "context", "diagnostics"})


def length(text):
    amount, unit = text.split()
    return Length(int(amount), NoticeUnit(unit))


def claims(client, vendor=None, legal=None):
    told = ((Claimant.CLIENT_RULE, client), (Claimant.VENDOR_MINIMUM, vendor), (Claimant.LEGAL_MINIMUM, legal))
    return [Claim(by, length(text)) for by, text in told if text]


def noon(day, zone=PARIS):
    return periods.instant_of(datetime.fromisoformat(f"{day}T12:00"), zone)


@pytest.mark.parametrize(
    ("client", "today", "last_day_that_goes"),
    [
        pytest.param("1 days", "2026-03-10", "2026-03-08", id="the-next-day-counts-to-its-end"),
        pytest.param("30 days", "2026-03-03", "2026-01-31", id="thirty-days-over-a-short-month"),
        pytest.param("1 months", "2026-03-01", "2026-01-31", id="a-month-clamps-to-28-february"),
        pytest.param("1 months", "2026-02-28", "2026-01-27", id="and-not-a-day-earlier"),
        pytest.param("1 months", "2024-03-01", "2024-01-31", id="a-leap-year"),
        pytest.param("12 months", "2025-03-01", "2024-02-29", id="from-29-february"),
        pytest.param("6 months", "2026-08-31", "2026-02-28", id="30-august-is-the-last-day-of-28-february"),
        pytest.param("1200 months", "2126-01-02", "2026-01-01", id="a-hundred-years"),
    ],
)
def test_of_which_day_the_last_content_goes(client, today, last_day_that_goes):
    found = cutoff(claims(client), now=noon(today), zone=PARIS)
    assert found.before == periods.midnight(date.fromisoformat(last_day_that_goes) + timedelta(days=1), PARIS)


@pytest.mark.parametrize(
    ("client", "vendor", "legal", "today", "winner", "as_if"),
    [
        pytest.param("90 days", "30 days", None, "2026-03-10", "client_rule", "90 days", id="the-client-keeps-longer"),
        pytest.param("10 days", "30 days", None, "2026-03-10", "vendor_minimum", "30 days", id="the-vendor-does"),
        pytest.param("10 days", "30 days", "6 months", "2026-03-10", "legal_minimum", "6 months", id="the-law-does"),
        pytest.param("30 days", "1 months", None, "2026-03-10", "client_rule", "30 days", id="february-is-shorter"),
        pytest.param("30 days", "1 months", None, "2026-08-10", "vendor_minimum", "1 months", id="july-is-longer"),
        pytest.param("30 days", "30 days", "30 days", "2026-03-10", "client_rule", "30 days", id="equal-lengths"),
    ],
)
def test_the_longest_wins_and_says_who_it_was(client, vendor, legal, today, winner, as_if):
    found = cutoff(claims(client, vendor, legal), now=noon(today), zone=PARIS)
    assert found.winner == winner
    assert found.before == cutoff(claims(as_if), now=noon(today), zone=PARIS).before
    assert found.explanation.steps[-1].code == "longest_wins"
    assert len(found.explanation.steps) == 1 + sum(map(bool, (client, vendor, legal)))


def test_under_a_hold_nothing_goes_however_old():
    found = cutoff(claims("1 days"), now=noon("2026-03-10"), zone=PARIS, held=True)
    assert (found.held, found.winner) == (True, "legal_hold")
    assert found.explanation.steps[-1].code == "nothing_goes_under_hold"
    assert may_go_from(noon("1999-01-01"), claims("1 days"), zone=PARIS, held=True) is None


@pytest.mark.parametrize(
    ("given_claims", "field"),
    [
        pytest.param([], "claims", id="nobody"),
        pytest.param([Claim(Claimant.LEGAL_MINIMUM, length("6 months"))], "claims", id="a-minimum-erases-nothing"),
        pytest.param(claims("0 days"), "amount", id="no-length"),
        pytest.param(claims("36526 days"), "amount", id="over-a-hundred-years"),
        pytest.param(claims("1201 months"), "amount", id="over-1200-months"),
        pytest.param(claims("2 weeks"), "unit", id="weeks"),
    ],
)
def test_what_has_no_meaning_is_refused(given_claims, field):
    with pytest.raises(InvalidInput) as caught:
        cutoff(given_claims, now=noon("2026-03-10"), zone=PARIS)
    assert caught.value.field == field


LENGTHS = st.builds(
    lambda by, amount, unit: Claim(by, Length(amount, unit)),
    st.sampled_from(list(Claimant)),
    st.integers(1, 40),
    st.sampled_from([NoticeUnit.DAYS, NoticeUnit.MONTHS]),
)
ALL_CLAIMS = st.lists(LENGTHS, max_size=3).map(lambda more: [*claims("3 days"), *more])
NOWS = st.integers(0, 35 * 365 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(ALL_CLAIMS, NOWS, st.integers(-40 * 24 * 60, 1300 * 24 * 60), st.sampled_from([PARIS, WARSAW, AUCKLAND]))
def test_what_is_before_the_cutoff_is_what_may_go_and_nothing_else(found_claims, now, minutes, zone):
    occurred_at = now - timedelta(minutes=minutes)
    found = cutoff(found_claims, now=now, zone=zone)
    assert (occurred_at < found.before) == (may_go_from(occurred_at, found_claims, zone=zone) <= now)


@given(ALL_CLAIMS, NOWS, st.sampled_from([PARIS, AUCKLAND]))
def test_a_claim_more_never_lets_more_go_and_time_never_less(found_claims, now, zone):
    found = cutoff(found_claims, now=now, zone=zone).before
    assert found <= cutoff(found_claims[:1], now=now, zone=zone).before
    later = night_after(periods.local_day(now, zone), zone)
    assert later > now and cutoff(found_claims, now=later, zone=zone).before >= found


@pytest.mark.parametrize(
    ("text", "category", "on", "lengths"),
    [
        pytest.param("", "context", "2026-01-01", [], id="none"),
        pytest.param("vendor all 30 days", "context", "2026-01-01", ["30 days"], id="for-all"),
        pytest.param("vendor context 1 day", "context", "2026-01-01", ["1 days"], id="singular"),
        pytest.param("vendor context 30 days", "diagnostics", "2026-01-01", [], id="another-category"),
        pytest.param("legal all 6 months from 2026-08-02", "context", "2026-08-01", [], id="the-day-before"),
        pytest.param("legal all 6 months from 2026-08-02", "context", "2026-08-02", ["6 months"], id="the-first-day"),
        pytest.param("legal all 6 months until 2026-08-02", "context", "2026-08-01", ["6 months"], id="the-last-day"),
        pytest.param("legal all 6 months until 2026-08-02", "context", "2026-08-02", [], id="the-day-after"),
        pytest.param(
            " vendor all 30 days ;legal diagnostics 6 months: AI Act, Art. 19(1) ; ",
            "diagnostics",
            "2026-01-01",
            ["30 days", "6 months"],
            id="several-with-a-ground",
        ),
    ],
)
def test_minimums_are_dated_and_of_a_category(text, category, on, lengths):
    read = minimums.parsed(text, CATEGORIES)
    found = minimums.in_force(read, category=category, on=date.fromisoformat(on))
    assert [str(one.length) for one in found] == lengths


def test_the_ground_of_a_minimum_is_a_source_of_the_answer():
    (minimum,) = minimums.parsed("legal diagnostics 6 months: AI Act, Art. 19(1)", CATEGORIES)
    found = cutoff([*claims("1 days"), minimum.claim], now=noon("2026-09-10"), zone=PARIS)
    assert found.explanation.source.endswith("; AI Act, Art. 19(1)")


@pytest.mark.parametrize(
    "text",
    [
        "30 days",
        "client all 30 days",
        "vendor letters 30 days",
        "vendor all 0 days",
        "vendor all 99999 months",
        "vendor all 2 weeks",
        "vendor all 30 days from tomorrow",
        "vendor all 30 days from 2026-13-01",
        "vendor all 30 days from 2026-02-01 until 2026-02-01",
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError):
        minimums.parsed(text, CATEGORIES)
