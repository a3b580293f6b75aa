"""What a contract does next: the instants that are stored for the sweeps, in the contract's own zone."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw
from contracts.rules import notice, schedule
from contracts.rules.errors import InvalidInput
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
ONE = timedelta(days=1)
PARIS, WARSAW, NEW_YORK = "Europe/Paris", "Europe/Warsaw", "America/New_York"


def instant(text):
    return text and datetime.fromisoformat(text)


def ahead(of=None, *, number=1, zone=PARIS, notice_ends_on=None, certain=False, **more):
    ends_on = notice_ends_on and day(notice_ends_on)
    return schedule.compute(
        notices(**(of or {})), number=number, zone=zone, notice_ends_on=ends_on, certain=certain, **more
    )


@pytest.mark.parametrize(
    ("asked", "last_notice_on", "certain_at", "renews_at", "ends_on", "ends_at"),
    [
        pytest.param({}, "2026-09-30", "2026-09-30T22:00Z", "2026-12-31T23:00Z", None, None, id="it-renews"),
        pytest.param(
            {"number": 2}, "2027-09-30", "2027-09-30T22:00Z", "2027-12-31T23:00Z", None, None, id="it-renews-again"
        ),
        pytest.param(
            {"zone": NEW_YORK},
            "2026-09-30",
            "2026-10-01T04:00Z",
            "2027-01-01T05:00Z",
            None,
            None,
            id="at-midnight-of-its-own-zone",
        ),
        pytest.param({"certain": True}, "2026-09-30", None, "2026-12-31T23:00Z", None, None, id="certain-already"),
        pytest.param({"of": {"renewal": None}, "number": 2}, None, None, None, None, None, id="indefinite"),
        pytest.param(
            {"of": {"renewal": None}},
            "2026-09-30",
            "2026-09-30T22:00Z",
            "2026-12-31T23:00Z",
            None,
            None,
            id="becomes-indefinite",
        ),
        pytest.param(
            {"of": {"auto_renews": False}},
            None,
            None,
            None,
            "2027-01-01",
            "2026-12-31T23:00Z",
            id="ends-by-itself",
        ),
        pytest.param(
            {"of": {"auto_renews": False}, "notice_ends_on": "2026-07-01"},
            None,
            None,
            None,
            "2026-07-01",
            "2026-06-30T22:00Z",
            id="left-before-it-ends-by-itself",
        ),
        pytest.param(
            {"notice_ends_on": "2027-01-01"},
            None,
            None,
            None,
            "2027-01-01",
            "2026-12-31T23:00Z",
            id="ends-with-its-term",
        ),
        pytest.param(
            {"notice_ends_on": "2026-05-01"}, None, None, None, "2026-05-01", "2026-04-30T22:00Z", id="ends-within-it"
        ),
        pytest.param(
            {"notice_ends_on": "2028-01-01"},
            None,
            "2026-09-30T22:00Z",
            "2026-12-31T23:00Z",
            "2028-01-01",
            "2027-12-31T23:00Z",
            id="a-late-notice-lets-it-renew-once-more",
        ),
        pytest.param(
            {"notice_ends_on": "2027-01-02"},
            None,
            "2026-09-30T22:00Z",
            "2026-12-31T23:00Z",
            "2027-01-02",
            "2027-01-01T23:00Z",
            id="an-end-a-day-into-the-next-term",
        ),
        pytest.param(
            {"notice_ends_on": "2028-01-01", "certain": True},
            None,
            None,
            "2026-12-31T23:00Z",
            "2028-01-01",
            "2027-12-31T23:00Z",
            id="late-and-certain-already",
        ),
        pytest.param(
            {"notice_ends_on": "2027-03-04", "prolongs": True},
            None,
            None,
            None,
            "2027-03-04",
            "2027-03-03T23:00Z",
            id="a-switch-prolongs-it-without-a-new-term",
        ),
        pytest.param(
            {"of": {"renewal": None}, "number": 2, "notice_ends_on": "2028-05-01"},
            None,
            None,
            None,
            "2028-05-01",
            "2028-04-30T22:00Z",
            id="indefinite-under-notice",
        ),
        pytest.param(
            {"of": {"commitment": 24}},
            None,
            "2025-12-31T23:00Z",
            "2026-12-31T23:00Z",
            None,
            None,
            id="certain-from-the-start-by-commitment",
        ),
        pytest.param(
            {
                "of": {"anchor": day("2026-02-01"), "law": GoverningLaw.PL, "calendar_country": "PL"},
                "zone": WARSAW,
            },
            "2026-11-02",
            "2026-11-02T23:00Z",
            "2027-01-31T23:00Z",
            None,
            None,
            id="the-reading-most-favourable-to-the-client",
        ),
    ],
)
def test_what_a_contract_does_next(asked, last_notice_on, certain_at, renews_at, ends_on, ends_at):
    found = ahead(**asked)
    assert found.last_notice_on == (last_notice_on and day(last_notice_on))
    assert (found.certain_at, found.renews_at) == (instant(certain_at), instant(renews_at))
    assert (found.ends_on, found.ends_at) == (ends_on and day(ends_on), instant(ends_at))
    assert found.term == notices(**asked.get("of", {})).term(asked.get("number", 1))


def test_the_last_day_for_notice_is_stored_with_its_reasons():
    of = notices()
    assert ahead().why == notice.last_notice(of, of.term(1)).explanation.to_json()
    assert ahead(notice_ends_on="2027-01-01").why == {}


@pytest.mark.parametrize(
    ("of", "ends_on", "number"),
    [
        pytest.param({}, "2027-01-01", 1, id="with-its-first-term"),
        pytest.param({}, "2027-01-02", 2, id="a-day-into-the-second"),
        pytest.param({}, "2026-01-02", 1, id="after-one-day"),
        pytest.param({}, "2026-01-01", 1, id="before-it-began"),
        pytest.param({}, "2025-06-01", 1, id="long-before-it-began"),
        pytest.param({"renewal": None}, "2031-06-01", 2, id="indefinite"),
    ],
)
def test_the_term_in_which_a_contract_ends(of, ends_on, number):
    assert schedule.last_term_of(notices(**of), ends_on=day(ends_on)) == number


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param({"number": 0}, "under_one", id="no-term-zero"),
        pytest.param({"of": {"renewal": None}, "number": 3}, "after_indefinite", id="nothing-after-indefinite"),
        pytest.param({"zone": "Europe/Pari"}, "unknown_time_zone", id="unknown-zone"),
    ],
)
def test_what_has_no_schedule_is_refused(asked, code):
    with pytest.raises(InvalidInput) as refused:
        ahead(**asked)
    assert refused.value.code == code


@given(st.integers(1, 40), st.integers(1, 24), st.none() | st.integers(1, 24), st.integers(0, 60), st.booleans())
def test_a_contract_renews_or_ends_never_both_on_one_day(number, first, renewal, commitment, auto_renews):
    of = notices(first=first, renewal=renewal, commitment=commitment, auto_renews=auto_renews)
    number = number if auto_renews and renewal else 1
    found = schedule.compute(of, number=number, zone=PARIS, notice_ends_on=None, certain=False)
    assert (found.renews_at is None) == (found.certain_at is None) == (not auto_renews)
    assert (found.ends_at is None) == auto_renews
    if found.renews_at is not None:
        assert found.certain_at <= found.renews_at
    if found.last_notice_on is not None:
        assert found.last_notice_on < found.term.ends_on
