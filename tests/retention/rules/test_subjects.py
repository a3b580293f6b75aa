"""When what is due on a person's request: a table by hand, and rules that hold for any clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules.errors import InvalidInput
from contracts.rules.periods import local_day
from retention.rules import subjects
from retention.rules.subjects import Clock, Due

RECEIVED = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = {
    "state": "forwarded",
    "received_at": RECEIVED,
    "due_on": date(2026, 12, 24),
    "zone": "Europe/Paris",
    "country": "FR",
    "chase_days": 5,
    "reminded_at": RECEIVED,
}


@pytest.mark.parametrize(
    ("day", "count", "country", "expected"),
    [
        (date(2026, 11, 24), 0, "FR", date(2026, 11, 24)),
        (date(2026, 11, 24), 2, "FR", date(2026, 11, 26)),
        (date(2026, 11, 27), 1, "FR", date(2026, 11, 30)),  # over a weekend
        (date(2026, 11, 28), 2, "FR", date(2026, 12, 1)),  # from a Saturday
        (date(2026, 12, 23), 2, "FR", date(2026, 12, 28)),  # Christmas, then a weekend
        (date(2026, 12, 23), 2, "PL", date(2026, 12, 29)),  # in Poland Christmas Eve and the 26th are free too
        (date(2026, 11, 10), 1, "FR", date(2026, 11, 12)),  # Armistice
    ],
)
def test_working_days_are_those_of_the_country(day, count, country, expected):
    assert subjects.working_days_after(day, count, country) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, {Due.CHASE: "2026-11-30T23:00", Due.WARN: "2026-12-09T23:00"}, id="with-the-client"),
        pytest.param({"warnings": 1}, {Due.CHASE: "2026-11-30T23:00", Due.WARN: "2026-12-16T23:00"}, id="warned"),
        pytest.param({"warnings": 3}, {Due.CHASE: "2026-11-30T23:00", Due.WARN: "2026-12-24T23:00"}, id="late-next"),
        pytest.param({"warnings": 4}, {Due.CHASE: "2026-11-30T23:00"}, id="late-was-told"),
        pytest.param({"state": "received", "reminded_at": None}, {Due.WARN: "2026-12-09T23:00"}, id="not-forwarded"),
        pytest.param(
            {"state": "received", "reminded_at": None, "forward_by": date(2026, 11, 26)},
            {Due.FORWARD: "2026-11-26T23:00", Due.WARN: "2026-12-09T23:00"},
            id="to-forward",
        ),
        pytest.param(
            {"state": "received", "forward_by": date(2026, 11, 20)},
            {Due.FORWARD: "2026-11-30T23:00", Due.WARN: "2026-12-09T23:00"},
            id="not-forwarded-was-told",
        ),
        pytest.param({"state": "granted"}, {Due.WARN: "2026-12-09T23:00"}, id="granted-is-not-chased"),
        pytest.param({"doubted": True}, {Due.CHASE: "2026-12-21T23:00"}, id="a-doubt-stops-the-clock"),
        pytest.param({"state": "unconfirmed"}, {Due.LAPSE: "2026-12-01T09:00"}, id="unconfirmed"),
        pytest.param({"state": "answered"}, {}, id="answered"),
        pytest.param({"state": "answered", "purge_at": RECEIVED}, {Due.PURGE: "2026-11-24T09:00"}, id="purge"),
        pytest.param({"chase_days": 0}, {Due.CHASE: "2026-11-24T23:00", Due.WARN: "2026-12-09T23:00"}, id="daily"),
    ],
)
def test_what_time_brings(changes, expected):
    found = subjects.steps(Clock(**{**BASE, **changes}))
    assert {one: f"{at:%Y-%m-%dT%H:%M}" for one, at in found.items()} == expected


INSTANTS = st.integers(0, 3 * 365 * 24).map(lambda hours: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
CLOCKS = st.builds(
    Clock,
    state=st.sampled_from(["unconfirmed", "received", "forwarded", "granted", "answered"]),
    received_at=INSTANTS,
    due_on=st.dates(date(2024, 1, 1), date(2027, 6, 1)),
    zone=st.sampled_from(["Europe/Paris", "Pacific/Auckland", "America/St_Johns", "Africa/Cairo"]),
    country=st.sampled_from(["FR", "PL", "DE"]),
    chase_days=st.integers(0, 10),
    forward_by=st.none() | st.dates(date(2024, 1, 1), date(2027, 6, 1)),
    reminded_at=st.none() | INSTANTS,
    warnings=st.integers(0, 4),
    doubted=st.booleans(),
)


@given(CLOCKS)
def test_the_next_instant_is_the_first_at_which_something_is_due(clock):
    at = subjects.next_at(clock)
    if at is None:
        assert not subjects.due(clock, now=datetime(2100, 1, 1, tzinfo=UTC))
    else:
        assert subjects.due(clock, now=at) and not subjects.due(clock, now=at - timedelta(microseconds=1))


@given(CLOCKS)
def test_a_reminder_comes_on_a_later_local_day_so_nobody_is_reminded_twice_a_day(clock):
    at = subjects.steps(clock).get(Due.CHASE)
    if at is not None:
        assert local_day(at, clock.zone) > local_day(clock.reminded_at, clock.zone)


@given(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_warnings_only_grow_and_the_last_one_is_lateness(due_on, today):
    count = subjects.warnings_by(due_on, today)
    assert count <= subjects.warnings_by(due_on, today + timedelta(days=1))
    assert (count == len(subjects.LEADS)) == (today > due_on)


def test_an_extension_told_after_the_first_month_changes_nothing():
    plain = subjects.answer_due(RECEIVED, zone="Europe/Paris", country="FR")
    late = subjects.answer_due(
        RECEIVED, zone="Europe/Paris", country="FR", extended_at=datetime(2026, 12, 26, tzinfo=UTC)
    )
    assert plain.legal == late.legal == date(2026, 12, 24)


def test_the_day_of_receipt_is_the_local_one():
    night = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # the 24th in Paris
    assert subjects.answer_due(night, zone="Europe/Paris", country="FR").legal == date(2026, 12, 24)
    with pytest.raises(InvalidInput):
        subjects.answer_due(night, zone="Europe/Paris", country="XX")


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        pytest.param("Ann@Client.Example", "ann@client.example", id="capitals"),
        pytest.param(" ann@client.example\n", "ann@client.example", id="blanks-around"),
        pytest.param("\u017fassis@client.example", "sassis@client.example", id="a-long-s"),
        pytest.param("\uff41nn@client.example", "ann@client.example", id="a-wide-letter"),
        pytest.param("ann@stra\u00dfe.example", "ann@strasse.example", id="a-sharp-s"),
        pytest.param("ann@b\u00fccher.example", "ann@xn--bcher-kva.example", id="a-host-in-its-own-letters"),
        pytest.param("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example", id="the-same-in-ascii"),
        pytest.param("ann+x@client.example", "ann+x@client.example", id="another-one-by-its-tag"),
        pytest.param("no address", "no address", id="none"),
        pytest.param("ann@" + "x" * 80, "ann@" + "x" * 80, id="no-host"),
        pytest.param("", "", id="empty"),
    ],
)
def test_the_one_form_of_a_mailbox(address, mailbox):
    assert subjects.mailbox(address) == mailbox
    assert subjects.mailbox(mailbox) == mailbox
